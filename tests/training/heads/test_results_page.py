"""Figures are those of scikit-learn."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics

from panns_inference.metrics import Annotation, event_based, segment_based
from panns_inference.training.data import Clip, Dataset
from panns_inference.training.heads.event_results import Found, event_results
from panns_inference.training.heads.page import write_figures, write_picture
from panns_inference.training.heads.results import Judgement, Results, results_of

LABELS = ("a", "b", "c")
RNG = np.random.default_rng(1)
ROWS = RNG.integers(0, 3, 30)
TARGETS = np.eye(3)[ROWS]
FOUND = RNG.dirichlet([1, 1, 1], 30) * 0.6 + TARGETS * 0.4


def results(targets: np.ndarray = TARGETS, labels: tuple[str, ...] = LABELS) -> Results:
    clips = [Clip(Path("x.wav"), tuple(np.array(labels)[row > 0])) for row in targets]
    thresholds = (0.3, 0.5, 0.7)[: len(labels)]
    pieces = [slice(0, 10), slice(10, None)]
    judged = [Judgement(targets[p], FOUND[p], FOUND[p] >= thresholds) for p in pieces]
    return results_of(Dataset(tuple(clips), labels), thresholds, judged)


def test_figures_of_classes() -> None:
    found = results()
    truth, decided = TARGETS > 0, FOUND >= [0.3, 0.5, 0.7]
    precision, recall, f1, support = metrics.precision_recall_fscore_support(truth, decided)
    table = np.array([row[1:] for row in found.rows], float)
    expected = [
        support,
        precision,
        recall,
        f1,
        metrics.average_precision_score(truth, FOUND, average=None),
        [0.3, 0.5, 0.7],
    ]
    np.testing.assert_allclose(table, np.transpose(expected))
    np.testing.assert_array_equal(found.confusion, metrics.confusion_matrix(ROWS, FOUND.argmax(1)))
    assert found.accuracy == pytest.approx(metrics.accuracy_score(ROWS, FOUND.argmax(1)))
    assert found.mean_average_precision == pytest.approx(
        metrics.average_precision_score(truth, FOUND)
    )


def test_several_classes_have_no_confusion() -> None:
    targets = TARGETS.copy()
    targets[0] = 0
    targets[:, 2] = 0
    found = results(targets)
    assert found.confusion is None
    assert math.isnan(found.accuracy)
    assert "accuracy" not in str(found)
    assert "not judged, for no clip of it could be held out: c" in str(found)
    assert not math.isnan(found.mean_average_precision)


def test_a_page_of_results(tmp_path: Path) -> None:
    found = results()
    assert [line.split()[0] for line in str(found).splitlines()] == ["label", *LABELS, "30"]
    write_figures(found, tmp_path / "a.json", network="mine.pth")
    known = json.loads((tmp_path / "a.json").read_text())
    assert known["network"] == "mine.pth"
    assert [each["label"] for each in known["classes"]] == [*LABELS]
    assert known["confusion"] == found.confusion.tolist()
    write_picture(found, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    targets = TARGETS.copy()
    targets[:, 2] = 0
    write_figures(results(targets), tmp_path / "b.json")
    assert json.loads((tmp_path / "b.json").read_text())["classes"][2]["recall"] is None
    write_picture(results(targets), tmp_path / "b.png")


def test_the_picture_shows_figures_and_confusion() -> None:
    figure = results().plot("dark")
    left, right = figure.axes
    assert [each.get_text() for each in left.get_yticklabels()] == [*LABELS]
    numbers = [each.get_text() for each in right.texts]
    assert numbers == [str(each) if each else "" for each in results().confusion.ravel()]


@pytest.mark.parametrize(("count", "words"), [(1, "1 clip that"), (2, "2 clips that")])
def test_clips_are_counted_in_words(count: int, words: str) -> None:
    judged = Judgement(TARGETS[:count], FOUND[:count], FOUND[:count] > 0.5)
    data = Dataset((Clip(Path("x.wav"), ("a",)),) * count, LABELS)
    assert results_of(data, (0.5,) * 3, [judged]).summary.startswith(f"{words} it had not learnt")


def test_a_page_of_events(tmp_path: Path) -> None:
    """Two recordings, in which one of three events is found, and one that is not there."""
    there = [[Annotation(1, 2, "a"), Annotation(4, 5, "b")], [Annotation(1, 2, "a")]]
    found = [[Annotation(1.1, 2.1, "a"), Annotation(7, 8, "b")], [Annotation(1.5, 2, "a")]]
    judged = [Found(*each) for each in zip(there, found, strict=True)]
    events = event_results(LABELS, (0.3, 0.5, 0.7), "boxes", judged)
    assert events is not None
    page = replace(results(), events=events)
    reference, estimate = ({str(k): each for k, each in enumerate(two)} for two in (there, found))
    known = page.to_dict()["events"]
    expected = event_based(reference, estimate, labels=LABELS)
    assert known["method"] == "boxes"
    assert known["event_f1"] == expected.f1 == pytest.approx(1 / 3)
    assert known["event_macro_f1"] == expected.macro_f1 == pytest.approx(1 / 4)
    assert known["segment_f1"] == segment_based(reference, estimate, labels=LABELS).f1
    assert known["classes"][1] == {
        "label": "b",
        "events": 1,
        "precision": 0,
        "recall": 0,
        "event_f1": 0,
        "segment_f1": 0,
        "threshold": 0.5,
    }
    assert known["classes"][2]["event_f1"] is None
    *_, last = str(page).splitlines()
    assert last == (
        "events in 2 recordings that it had not learnt from: event F1 0.333 (mean of the classes "
        "0.250), segment F1 0.571 (mean of the classes 0.400)"
    )
    names = [axes.get_text() for axes in page.plot().axes[0].get_xticklabels()]
    assert names == ["precision", "recall", "f1", "average precision", "event f1", "segment f1"]
    write_picture(page, tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 1000
    assert event_results(LABELS, (0.3, 0.5, 0.7), "", [Found([], [])]) is None


def test_what_cannot_be_known_is_not_said() -> None:
    judged = Judgement(np.zeros((1, 3)), FOUND[:1], FOUND[:1] > 0.5)
    found = results_of(Dataset((Clip(Path("x.wav"), ()),), LABELS), (0.5,) * 3, [judged])
    assert found.summary == "1 clip that it had not learnt from"
