"""Pictures look as those that were looked at; `python tests/plot/gather_pictures.py` draws them.

matplotlib's own font is everywhere; what its versions draw differently is within the tolerance.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from gather_pictures import PICTURES, save
from matplotlib.testing.compare import compare_images

FOLDER = Path(__file__).parent / "looked_at"

TOLERANCE = 14.0
"""Root mean square of the difference, of 255."""


def difference(reference: Path, drawn: Path) -> float:
    found = compare_images(str(reference), str(drawn), 0.0, in_decorator=True)
    return found["rms"] if found else 0.0


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_looks_as_it_did(name: str, tmp_path: Path) -> None:
    save(name, tmp_path / f"{name}.png")
    assert difference(FOLDER / f"{name}.png", tmp_path / f"{name}.png") < TOLERANCE


def test_another_picture_is_told_apart(tmp_path: Path) -> None:
    """Of the same size: one event is missing."""
    save("five_seconds_less", tmp_path / "less.png")
    assert difference(FOLDER / "five_seconds.png", tmp_path / "less.png") > TOLERANCE


def test_the_pictures_are_small() -> None:
    assert {path.stem for path in FOLDER.glob("*.png")} == set(PICTURES)
    assert all(path.stat().st_size < 100_000 for path in FOLDER.glob("*.png"))
