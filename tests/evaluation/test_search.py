"""The best rules, against all rules tried one after the other, and through the program."""

from __future__ import annotations

import random
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from panns_inference import AudioTagging, SoundEventDetection
from panns_inference.checkpoints import save
from panns_inference.cli import main
from panns_inference.errors import UsageError
from panns_inference.evaluation import Known, best_rules, search
from panns_inference.events import find_events, read_rules
from panns_inference.events.rules_file import rules_text
from panns_inference.metrics import (
    Annotation,
    Counts,
    curves_of_estimates,
    event_based,
    intersection_based,
    psds,
)
from panns_inference.wording import of_command_line

LABELS = ["Dog", "Bell"]
SOME = tuple(rules for rules in search.GRID if rules["min_duration"] == 0)[::4]
FEW = (0.1, 0.3, 0.5, 0.7)


def made(draw: np.random.Generator, levels: tuple[float, float], noise: float = 0.15) -> Known:
    """Ten seconds of 20 frames, with an event or two of each class, and noise."""
    framewise = draw.uniform(0, noise, (200, 2))
    events = []
    for column, (label, level) in enumerate(zip(LABELS, levels, strict=True)):
        for start in draw.choice([10, 60, 110, 160], 2, replace=False).tolist():
            length = int(draw.integers(8, 30))
            framewise[start : start + length, column] += level
            events.append(Annotation(start / 20, (start + length) / 20, label))
    return Known(framewise.clip(0, 1), 20.0, 10.0, events)


def counted(known: list[Known], compare: Any = event_based, **rules: Any) -> Counts:
    """Counts over all classes, by the public functions alone."""
    found = {
        str(k): find_events(each.framewise, 20.0, duration=each.duration, labels=LABELS, **rules)
        for k, each in enumerate(known)
    }
    reference = {str(k): each.events for k, each in enumerate(known)}
    counts: Counts = compare(reference, found, labels=LABELS).micro
    return counts


@pytest.fixture
def few_thresholds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "THRESHOLDS", FEW)


@pytest.mark.usefixtures("few_thresholds")
def test_rules_and_figure_are_those_of_all_that_can_be_tried() -> None:
    draw = np.random.default_rng(1)
    known = [made(draw, (0.35, 0.45), noise=0.5) for _ in range(4)]
    found = best_rules(known, LABELS, grid=SOME, folds=3)
    grid = [({**rules}, threshold) for rules in SOME for threshold in FEW]

    def best(of: list[Known]) -> dict[str, Any]:
        figures = [counted(of, **rules, threshold=threshold).f1 for rules, threshold in grid]
        rules, threshold = grid[int(np.argmax(figures))]
        return {**rules, "threshold": {"*": threshold}}

    # There are too few events for thresholds of a class.
    assert found.rules == best(known)
    assert found.before == counted(known, threshold=0.5).f1
    each = best_rules(known, LABELS, grid=SOME, default_threshold=[0.3, 0.5]).before
    assert each == counted(known, threshold={"Dog": 0.3, "Bell": 0.5}).f1
    order = random.Random(0).sample(range(4), 4)
    sums = Counts(0, 0, 0)
    for group in (order[k::3] for k in range(3)):
        rules = best([known[k] for k in order if k not in group])
        sums += counted([known[k] for k in group], **rules)
    assert found.figure == sums.f1 < counted(known, **found.rules).f1 + 1e-9


@pytest.mark.usefixtures("few_thresholds")
def test_classes_of_enough_events_have_thresholds_of_their_own() -> None:
    draw = np.random.default_rng(2)
    # What is noise in one class is a sound in the other.
    known = [made(draw, (0.8, 0.3)) for _ in range(8)]
    for each in known:
        each.framewise[43:55, 0] += 0.4
        each.framewise[93:105, 0] += 0.4
    found = best_rules(known, LABELS, grid=SOME)
    assert found.rules["threshold"].keys() > {"*"}
    assert found.figure > found.before
    assert counted(known, **found.rules).f1 > max(
        counted(known, **{**found.rules, "threshold": threshold}).f1 for threshold in FEW
    )


@pytest.mark.usefixtures("few_thresholds")
def test_the_best_psds_is_that_of_all_thresholds() -> None:
    draw = np.random.default_rng(3)
    known = [made(draw, (0.35, 0.45), noise=0.5) for _ in range(4)]
    found = best_rules(known, LABELS, grid=SOME, measure="psds", folds=2)
    reference = {str(k): each.events for k, each in enumerate(known)}

    def area(rules: dict[str, Any], numbers: list[int]) -> float:
        estimates = [
            {
                str(k): find_events(
                    each.framewise, 20.0, duration=10.0, labels=LABELS, threshold=p, **rules
                )
                for k, each in enumerate(known)
                if k in numbers
            }
            for p in FEW
        ]
        there = {str(k): reference[str(k)] for k in numbers}
        curves = curves_of_estimates(there, estimates, dict.fromkeys(there, 10.0))
        return psds(curves, alpha_st=1).value

    def best(numbers: list[int]) -> dict[str, Any]:
        areas = [area({**rules}, numbers) for rules in SOME]
        return {**SOME[int(np.argmax(areas))]}

    rules = best([0, 1, 2, 3])
    f1 = [counted(known, intersection_based, **rules, threshold=p).f1 for p in FEW]
    assert found.rules == {**rules, "threshold": {"*": FEW[int(np.argmax(f1))]}}
    order = random.Random(0).sample(range(4), 4)
    groups = [order[0::2], order[1::2]]
    figures = [
        area(best(others), group) for group, others in zip(groups, groups[::-1], strict=True)
    ]
    assert found.figure == pytest.approx(np.mean(figures))
    assert found.before == pytest.approx(np.mean([area({**SOME[0]}, each) for each in groups]))


def test_of_thresholds_that_are_alike_the_middle_is_taken() -> None:
    """All from 0.18 to 0.8 are right; what is new may lie a little lower, or higher."""
    known = [made(np.random.default_rng(k), (0.85, 0.85), noise=0.15) for k in range(2)]
    found = best_rules(known, LABELS, grid=search.GRID[:1])
    assert found.figure == 1
    assert found.rules["threshold"] == {"*": 0.35}


def test_too_few_recordings_are_refused() -> None:
    known = made(np.random.default_rng(0), (0.5, 0.5))
    with pytest.raises(UsageError, match="at least two recordings"):
        best_rules([known], LABELS)


def test_rules_are_read_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    rules = {
        "method": "boxes",
        "merge_ratio": 1.5,
        "threshold": {"*": 0.25, 'Ünusual "label"': 0.4},
        "classes": ["Dog"],
    }
    path.write_text(rules_text(rules), encoding="utf-8")
    assert read_rules(path) == rules


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("methd = 'boxes'", "methd is no rule: take method, smooth"),
        ("smooth = -1", "smooth must be a number of seconds"),
        ("smooth 1", r"holds no rules \(.*\): give a TOML file such as panns tune writes"),
        ("onset,offset,label\n1,2,Dog\n", "holds no rules .* with lines like threshold = 0.3$"),
    ],
)
def test_what_is_no_rule_is_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        read_rules(path)
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_rules(tmp_path / "none.toml")


def test_a_table_of_thresholds_has_an_option_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "thresholds.csv"
    path.write_text("label,threshold\nDog,0.3\n", encoding="utf-8")
    with of_command_line(), pytest.raises(UsageError, match=r"each class is for --thresholds$"):
        read_rules(path)


def test_a_class_that_the_network_lacks_is_named(
    street: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "street.txt").write_text("0.4\t4.5\tspeech\n6.0\t9.0\tdogg\n")
    words = ["tune", str(street), "--reference", str(tmp_path / "street.txt")]
    assert main([*words, "--model", "PannsMini", "--device", "cpu"]) == 2
    error = capsys.readouterr().err
    assert "street.txt: unknown label 'dogg'; did you mean" in error
    assert "PannsMini does not find it: take a network that does, or leave it out with" in error


@pytest.mark.usefixtures("few_thresholds")
def test_detect_takes_what_tune_wrote(
    street: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sounds").mkdir()
    (tmp_path / "annotations").mkdir()
    for name in ("a", "b"):
        shutil.copy(street, tmp_path / "sounds" / f"{name}.flac")
        text = "0.4\t4.5\tspeech\n6.0\t9.0\tvehicle\n"
        (tmp_path / "annotations" / f"{name}.txt").write_text(text)
    network = ("--model", "PannsMini", "--device", "cpu")
    path = tmp_path / "rules.toml"
    words = ["tune", tmp_path / "sounds", "--reference", tmp_path / "annotations", "-o", path]
    assert main([*map(str, words), "--collar", "0.5", *network]) == 0
    assert "event-f1" in capsys.readouterr().err
    rules = read_rules(path)
    assert path.read_text().startswith("# Chosen by panns tune on 2 recordings for PannsMini")

    def detected(*more: str) -> str:
        assert main(["detect", str(street), "-f", "csv", "-q", *network, *more]) == 0
        return capsys.readouterr().out

    names = ("method", "smooth", "merge_gap", "min_duration", "step_filter", "merge_ratio")
    same = [f"--{name.replace('_', '-')}={rules[name]}" for name in names if name in rules]
    common = str(rules["threshold"]["*"])
    assert detected("--rules", str(path)) == detected(*same, "--threshold", common)
    # What is given beside the file counts.
    given = ("--threshold", "0.9", "--min-duration", "1.5")
    others = [each for each in same if "min-duration" not in each]
    assert detected("--rules", str(path), *given) == detected(*others, *given)
    assert main([*map(str, words), *network]) == 2
    assert "already" in capsys.readouterr().err


@pytest.mark.usefixtures("few_thresholds")
def test_each_channel_is_tuned_by_its_own_annotations(
    street: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One channel has the sounds; with the annotations of the other one, all of them are wrong."""
    samples, rate = soundfile.read(street, dtype="float32", frames=160_000)
    stereo = np.stack([samples, np.zeros_like(samples)], axis=1)
    soundfile.write(sound := tmp_path / "stereo.wav", stereo, rate)
    before = []
    for first, second in (("0.4\t4.5\tspeech\n", ""), ("", "0.4\t4.5\tspeech\n")):
        (folder := tmp_path / f"annotations{len(first)}").mkdir()
        (folder / "stereo.channel1.txt").write_text(first)
        (folder / "stereo.channel2.txt").write_text(second)
        words = ["tune", sound, "--reference", folder, "--channel", "each", "--collar", "1"]
        assert main([*map(str, words), "--model", "PannsMini", "--device", "cpu", "-q"]) == 0
        out, err = capsys.readouterr()
        assert "2 recordings" in out
        assert "warning" not in err
        before += re.findall(r"(\d\.\d{3}) with the default rules", out)
    assert float(before[0]) > 0
    assert float(before[1]) == 0
    assert main([*map(str, words[:-4]), "--model", "PannsMini", "--device", "cpu"]) == 2
    assert "at least two recordings" in capsys.readouterr().err


@pytest.mark.usefixtures("few_thresholds")
def test_chosen_rules_are_compared_with_what_detect_does(
    street: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also with a network whose file says another way to events."""
    tagger = AudioTagging("PannsMini", device="cpu", verbose=False)
    mine = save(tagger.network, tmp_path / "mine.pth", labels=tagger.labels, method="boxes")
    (folder := tmp_path / "sounds").mkdir()
    for name in ("one", "two"):
        shutil.copy(street, folder / f"{name}.flac")
        (folder / f"{name}.txt").write_text("0.6\t1.1\tspeech synthesizer\n")
    words = ["tune", folder, "--reference", folder, "--model", mine]
    assert main([*map(str, words), "--device", "cpu", "-q"]) == 0
    (before,) = re.findall(r"(\d\.\d{3}) with the default rules", capsys.readouterr().out)
    detector = SoundEventDetection(mine, device="cpu", verbose=False)
    there = {"one": [Annotation(0.6, 1.1, "Speech synthesizer")]}
    by_boxes, by_threshold = (
        event_based(
            there,
            {"one": detector.detect(street, classes=["Speech synthesizer"], method=method).events},
        ).f1
        for method in (None, "threshold")
    )
    assert float(before) == pytest.approx(by_boxes, abs=6e-4)
    assert by_boxes != by_threshold
