"""The figures of `tests/reference` against the files that they were gathered from."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from reference import formulas, gather, stored, weights

pytestmark = pytest.mark.shared("the outputs of the reference in full")


def test_they_are_gathered_from_these_files(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "HERE", tmp_path)
    gather.main(shared / "golden")
    assert (tmp_path / "schemas.json").read_bytes() == (stored.FOLDER / "schemas.json").read_bytes()
    with np.load(tmp_path / "outputs.npz") as new, np.load(stored.FOLDER / "outputs.npz") as kept:
        assert new.files == kept.files
        assert all(np.array_equal(new[key], kept[key]) for key in kept.files)


def test_the_formulas_are_those_that_filled_the_reference(shared: Path) -> None:
    spec = importlib.util.spec_from_file_location("fill", shared / "golden" / "fill.py")
    assert spec is not None
    assert spec.loader is not None
    fill = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fill)
    for kind in formulas.KINDS:
        made = formulas.waveform(kind, 26_400, 8_000)
        assert np.array_equal(made, fill.signal(kind, 26_400, 8_000)), kind
    for name in ("Cnn6", "MobileNetV2", "DaiNet19", "LeeNet24"):
        wanted = fill.state(shared / "golden" / f"{name}.schema.json")
        found = weights.state(name)
        assert list(found) == list(wanted)
        assert all(np.array_equal(found[key], wanted[key]) for key in wanted), name
