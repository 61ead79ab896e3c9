"""The weights in the package, and the figures of their card."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from panns_inference.checkpoints import CHECKPOINTS, cached, load
from panns_inference.models import build
from panns_inference.models.cost import parameters

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = Path(str(cached(CHECKPOINTS["PannsMini"])))
CARD = WEIGHTS.with_suffix(".md")
NUMBER = re.compile(r"\d+\.\d+")


def test_the_packaged_weights_are_small_and_load() -> None:
    assert WEIGHTS.stat().st_size < 4_000_000
    network = load(build("PannsMini"), WEIGHTS)
    assert f"| parameters | {parameters(network):,} |" in CARD.read_text(encoding="utf-8")


@pytest.mark.shared("the recordings that PannsMini was trained on")
@pytest.mark.slow
def test_the_cards_figures_are_those_that_are_printed(shared: Path) -> None:
    command = [sys.executable, "-m", "recipes.mini.evaluate", "--shared", str(shared)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    printed = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    # Lines differ in their numbers alone: they stand in the card in the order of the print.
    stated = [line.strip() for line in CARD.read_text(encoding="utf-8").splitlines()]
    assert len(printed) > 10
    for line in map(str.strip, printed):
        form = NUMBER.sub("#", line)
        while stated and NUMBER.sub("#", stated[0]) != form:
            del stated[0]
        assert stated, f"the card has no line like {line!r} at its place"
        # The last digit may differ between processors.
        assert [float(x) for x in NUMBER.findall(stated.pop(0))] == pytest.approx(
            [float(x) for x in NUMBER.findall(line)], abs=2e-3
        )
