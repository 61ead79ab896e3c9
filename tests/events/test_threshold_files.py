"""Thresholds of classes in files of several kinds, and what they do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from panns_inference.errors import UsageError
from panns_inference.events import find_events
from panns_inference.events.threshold_file import read_thresholds
from panns_inference.results import Tagging

LABELS = ["Dog", "Domestic animals, pets", "Rain", "Bell"]

FOUND = {"Dog": 0.3, "Domestic animals, pets": 0.2}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", 'label,threshold\nDog,0.3\n"Domestic animals, pets",0.2\n'),
        ("a.csv", "label,threshold\r\nDog,0.3\r\nDomestic animals, pets,0.2\r\n"),
        ("a.csv", "\ufefflabel;threshold\nDog;0,3\nDomestic animals, pets;0,2\n"),
        ("a.tsv", "# mine\nThreshold\tLabel\n.3\tDog\n0.20\tDomestic animals, pets\n"),
        ("a.txt", "Dog,0.3\nDomestic animals, pets,0.2"),
        (
            "a.csv",
            'index,mid,label,threshold\n74,/m/0bt9lr,Dog,.3\n73,,"Domestic animals, pets",.2',
        ),
        ("a.json", '{"Dog": 0.3, "Domestic animals, pets": 0.2}'),
        ("a.TOML", 'Dog = 0.3\n"Domestic animals, pets" = 0.2'),
    ],
)
def test_files_of_many_kinds(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8", newline="")
    assert read_thresholds(path) == FOUND


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "", "holds no thresholds"),
        ("a.csv", "label,threshold\n", "holds no thresholds"),
        ("a.csv", "Dog,much", "the threshold of Dog is 'much': it must be above 0 and at most 1"),
        ("a.csv", "Dog,0", "is '0': it must be above 0"),
        ("a.csv", "Dog,30", "is '30': it must be"),
        ("a.csv", "label,threshold\nDog\n", "the row 'Dog' has no threshold"),
        ("a.csv", "mid,label,threshold\nx,Dog\n", "has 2 cells instead of 3"),
        ("a.json", "[0.3]", "it is no object"),
        ("a.json", "{", "holds no thresholds"),
        ("a.toml", "[Dog]\nx = 1", "the threshold of Dog is \"{'x': 1}\""),
        ("none.csv", None, "cannot be read: No such file"),
    ],
)
def test_files_that_hold_none(name: str, text: str | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError) as raised:
        read_thresholds(path)
    assert str(path) in str(raised.value)
    assert message in str(raised.value)


def events(threshold: Any) -> list[tuple[str, float]]:
    frames = np.full((10, len(LABELS)), 0.25, np.float32)
    return [
        (event.label, event.offset)
        for event in find_events(frames, 10.0, labels=LABELS, threshold=threshold)
    ]


def test_events_above_thresholds_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "thresholds.csv"
    path.write_text("Dog,0.3\nRain,0.2\n*,0.25\n")
    wanted = [("Domestic animals, pets", 1.0), ("Rain", 1.0), ("Bell", 1.0)]
    assert events(path) == events(str(path)) == wanted
    assert events({"Dog": 0.3, "Rain": 0.2, "*": 0.25}) == wanted
    assert events({"*": 0.26, "bell": 0.1}) == [("Bell", 1.0)]


def test_tags_that_are_wanted(tmp_path: Path) -> None:
    tagging = Tagging(
        source=None,
        duration=1.0,
        model="x",
        clipwise=np.array([0.2, 0.9, 0.4, 0.4], np.float32),
        embedding=None,
        labels=tuple(LABELS),
    )

    def top(*choice: Any, **more: Any) -> list[str]:
        found = [tag.label for tag in tagging.top(*choice, **more)]
        assert [tag["label"] for tag in tagging.to_dict(*choice, **more)["tags"]] == found
        return found

    assert top(10) == ["Domestic animals, pets", "Rain", "Bell", "Dog"]
    assert top(10, {"Rain": 0.5, "*": 0.3}) == ["Domestic animals, pets", "Bell"]
    assert top(10, [0.1, 0.95, 0.5, 0.4 - 1e-9]) == ["Bell", "Dog"]
    path = tmp_path / "thresholds.toml"
    path.write_text('Rain = 0.5\n"*" = 0.3')
    assert top(10, path) == top(10, str(path)) == ["Domestic animals, pets", "Bell"]
    assert top(1, classes=["Dog", "Bell"]) == ["Bell"]
    assert top(10, classes="Dog,domestic animals pets") == ["Domestic animals, pets", "Dog"]
    assert top(2, exclude=["Domestic animals, pets,Rain"]) == ["Bell", "Dog"]
    assert top(10, 0.4 + 1e-9) == ["Domestic animals, pets", "Rain", "Bell"]
    with pytest.raises(UsageError, match="unknown label 'Dgo'; did you mean Dog"):
        top(10, classes=["Dog,Dgo"])
