"""Write sed_eval.json: events at random, and what sed_eval and psds_eval say of them.

They run on older packages, in an environment of their own:

    pip install 'setuptools<81' 'pandas<3' 'numpy<2' sed_eval==0.2.1 psds_eval==0.5.3
    python tests/metrics/gather_sed_eval.py
"""

from __future__ import annotations

import json
import random
import warnings
from pathlib import Path

import pandas as pd
import sed_eval
from psds_eval import PSDSEval

LABELS = ["Dog", "Bell", "Speech"]
RECORDINGS = {"a.wav": 20.0, "b.wav": 31.0, "c.wav": 12.5, "silent.wav": 9.0}
CRITERIA = [(0.7, 0.7, 0.3, 0.0, 1.0), (0.1, 0.1, 0.3, 0.5, 1.0), (0.5, 0.5, 0.3, 1.0, 0.0)]
N_ESTIMATES = 6
MAX_EFPR = 1500.0


def reference(draw: random.Random) -> dict[str, list[tuple[float, float, str]]]:
    """Events that do not overlap others of their class."""
    found = {}
    for name, duration in RECORDINGS.items():
        events = []
        for label in LABELS if name != "silent.wav" else []:
            onset = draw.uniform(0, 3)
            while (offset := onset + draw.uniform(0.3, 4)) < duration:
                events.append((round(onset, 4), round(offset, 4), label))
                onset = offset + draw.uniform(0.5, 4)
        found[name] = events
    return found


def estimate(draw: random.Random, truth: dict, spread: float) -> dict:
    """The same events, some missed, some of another class, some more, with other times."""
    found = {}
    for name, events in truth.items():
        those = []
        for onset, offset, label in events:
            if draw.random() < 0.8:
                onset = max(0, onset + draw.gauss(0, spread))
                offset = max(onset + 0.1, offset + draw.gauss(0, spread))
                label = label if draw.random() < 0.8 else draw.choice(LABELS)
                those.append((onset, offset, label))
        for _ in range(draw.randint(0, 3)):
            onset = draw.uniform(0, RECORDINGS[name] - 3)
            those.append((onset, onset + draw.uniform(0.2, 3), draw.choice(LABELS)))
        kept = []
        for onset, offset, label in sorted(those):
            if all(each[2] != label or each[1] < onset for each in kept):
                kept.append((round(onset, 4), round(offset, 4), label))
        found[name] = kept
    return found


def rows(events: dict) -> list[dict]:
    """Rows of a table."""
    return [
        {"filename": name, "onset": onset, "offset": offset, "event_label": label}
        for name, those in events.items()
        for onset, offset, label in those
    ]


def of_sed_eval(metrics, truth: dict, found: dict) -> dict:
    """Figures of one of its evaluators."""
    for name in RECORDINGS:
        metrics.evaluate(
            rows({name: truth[name]}),
            rows({name: found[name]}),
            **(
                {"evaluated_length_seconds": RECORDINGS[name]}
                if isinstance(metrics, sed_eval.sound_event.SegmentBasedMetrics)
                else {}
            ),
        )
    overall, mean = metrics.results_overall_metrics(), metrics.results_class_wise_average_metrics()
    classes = metrics.results_class_wise_metrics()
    return {
        "f1": overall["f_measure"]["f_measure"],
        "precision": overall["f_measure"]["precision"],
        "recall": overall["f_measure"]["recall"],
        "error_rate": overall["error_rate"]["error_rate"],
        "substitutions": overall["error_rate"]["substitution_rate"],
        "macro_f1": mean["f_measure"]["f_measure"],
        "macro_error_rate": mean["error_rate"]["error_rate"],
        "classes": {
            label: [each["f_measure"]["f_measure"], each["error_rate"]["error_rate"]]
            for label, each in classes.items()
        },
    }


def of_psds_eval(truth: dict, estimates: list[dict], criteria: tuple) -> dict:
    """Its score over all estimates, and the F1 of the first."""
    dtc, gtc, cttc, alpha_ct, alpha_st = criteria
    metadata = pd.DataFrame(
        [{"filename": name, "duration": seconds} for name, seconds in RECORDINGS.items()]
    )
    judge = PSDSEval(
        ground_truth=pd.DataFrame(rows(truth)),
        metadata=metadata,
        dtc_threshold=dtc,
        gtc_threshold=gtc,
        cttc_threshold=cttc,
    )
    for each in estimates:
        judge.add_operating_point(pd.DataFrame(rows(each)))
    score = judge.psds(alpha_ct=alpha_ct, alpha_st=alpha_st, max_efpr=MAX_EFPR)
    macro, classes = judge.compute_macro_f_score(pd.DataFrame(rows(estimates[0])))
    return {"criteria": criteria, "psds": score.value, "macro_f1": macro, "classes": classes}


def main() -> None:
    """Write the file."""
    warnings.simplefilter("ignore")
    draw = random.Random(1)
    truth = reference(draw)
    estimates = [estimate(draw, truth, 0.1 * (k + 1)) for k in range(N_ESTIMATES)]
    of_segments, of_events = (
        sed_eval.sound_event.SegmentBasedMetrics,
        sed_eval.sound_event.EventBasedMetrics,
    )
    empty = {"empty_system_output_handling": "zero_score"}
    found = {
        "reference": truth,
        "estimates": estimates,
        "durations": RECORDINGS,
        "max_efpr": MAX_EFPR,
        "segment_based": [
            {
                "segment": length,
                **of_sed_eval(of_segments(LABELS, time_resolution=length), truth, estimates[0]),
            }
            for length in (1.0, 0.1)
        ],
        "event_based": [
            {
                "collars": [collar, with_offset and collar, share],
                **of_sed_eval(
                    of_events(
                        LABELS,
                        t_collar=collar,
                        percentage_of_length=share,
                        evaluate_offset=with_offset,
                        event_matching_type="optimal",
                        **empty,
                    ),
                    truth,
                    estimates[k],
                ),
                "estimate": k,
            }
            for collar, share, with_offset, k in (
                (0.2, 0.2, True, 0),
                (0.2, 0.5, True, 1),
                (0.5, 0.0, True, 2),
                (0.25, 0.5, False, 1),
            )
        ],
        "intersections": [of_psds_eval(truth, estimates, each) for each in CRITERIA],
    }
    path = Path(__file__).with_name("sed_eval.json")
    path.write_text(json.dumps(found, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
