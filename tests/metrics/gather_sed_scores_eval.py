"""Write sed_scores_eval.json: probabilities at random, and what sed_scores_eval says of them.

It runs in an environment of its own:

pip install sed_scores_eval_np2==0.0.4
python tests/metrics/gather_sed_scores_eval.py
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
from sed_scores_eval import collar_based, intersection_based
from sed_scores_eval.base_modules.scores import create_score_dataframe

LABELS = ["Dog", "Bell", "Speech"]
RATE = 20
SECONDS = {"a.wav": 12.0, "b.wav": 9.0, "c.wav": 6.0, "silent.wav": 4.0}
COLLARS = [(0.2, 0.2, 0.2), (0.5, 0.5, 0.5), (0.35, 0.1, 0.0)]
CRITERIA = [(0.7, 0.7, None, 0.0, 1.0), (0.1, 0.1, 0.3, 0.5, 1.0), (0.5, 0.5, 0.3, 1.0, 0.0)]
MAX_EFPR = 2000.0


def made(draw: np.random.Generator, name: str) -> tuple[list, np.ndarray]:
    """Events of a recording, and probabilities that follow them with noise."""
    n_frames = round(SECONDS[name] * RATE)
    events, truth = [], np.zeros((n_frames, len(LABELS)))
    for column, label in enumerate(LABELS if name != "silent.wav" else []):
        onset = draw.uniform(0, 2)
        while (offset := onset + draw.uniform(0.3, 3)) < SECONDS[name]:
            events.append((round(onset, 4), round(offset, 4), label))
            truth[round(onset * RATE) : round(offset * RATE), column] = 1
            onset = offset + draw.uniform(0.5, 3)
    noise = draw.normal(0, 1, truth.shape)
    smooth = np.apply_along_axis(np.convolve, 0, noise, np.ones(7) / 3, "same")
    # Two digits: many frames are alike.
    return events, np.round(1 / (1 + np.exp(-(1.6 * truth - 1 + smooth))), 2)


def main() -> None:
    """Write the file."""
    warnings.simplefilter("ignore")
    draw = np.random.default_rng(1)
    made_ones = {name: made(draw, name) for name in SECONDS}
    truth = {name: events for name, (events, _) in made_ones.items()}
    scores = {
        name: create_score_dataframe(values, np.arange(len(values) + 1) / RATE, LABELS)
        for name, (_, values) in made_ones.items()
    }
    found = {
        "labels": LABELS,
        "rate": RATE,
        "reference": truth,
        "framewise": {name: values.tolist() for name, (_, values) in made_ones.items()},
        "max_efpr": MAX_EFPR,
        "collars": [],
        "intersections": [],
    }
    for collar, offset_collar, share in COLLARS:
        collars = {
            "onset_collar": collar,
            "offset_collar": offset_collar,
            "offset_collar_rate": share,
        }
        stats = collar_based.accumulated_intermediate_statistics(scores, truth, **collars)
        if isinstance(stats, tuple):
            stats = stats[0]
        found["collars"].append(
            {
                "collars": (collar, offset_collar, share),
                "curves": {
                    label: [
                        [*map(float, thresholds)],
                        [*map(int, counts["tps"])],
                        [*map(int, counts["fps"])],
                    ]
                    for label, (thresholds, counts) in stats.items()
                },
            }
        )
    for dtc, gtc, cttc, alpha_ct, alpha_st in CRITERIA:
        score, classes, *_ = intersection_based.psds(
            scores,
            truth,
            SECONDS,
            dtc_threshold=dtc,
            gtc_threshold=gtc,
            cttc_threshold=cttc,
            alpha_ct=alpha_ct,
            alpha_st=alpha_st,
            max_efpr=MAX_EFPR,
        )
        best = intersection_based.best_fscore(scores, truth, dtc_threshold=dtc, gtc_threshold=gtc)
        found["intersections"].append(
            {
                "criteria": (dtc, gtc, cttc or 1.0, alpha_ct, alpha_st),
                "psds": float(score),
                "classes": {label: float(each) for label, each in classes.items()},
                "best_f1": {label: float(best[0][label]) for label in LABELS},
            }
        )
    path = Path(__file__).with_name("sed_scores_eval.json")
    path.write_text(json.dumps(found, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
