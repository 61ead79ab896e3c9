"""Which kernel a layer is given, and that the table holds nothing that cannot be built."""

from __future__ import annotations

import csv
from importlib.resources import files

import pytest
import torch

from panns_inference.engine.cpu import dispatch
from panns_inference.engine.cpu.conv import ConvWeights

ROWS = list(
    csv.DictReader(
        files("panns_inference.engine.cpu")
        .joinpath("dispatch.csv")
        .read_text(encoding="utf-8")
        .splitlines()
    )
)


def layer(in_channels: int, out_channels: int, height: int = 3, width: int = 3) -> ConvWeights:
    weight = torch.empty(out_channels, in_channels, height, width, device="meta")
    scale = bias = torch.empty(out_channels, device="meta")
    return ConvWeights(weight, scale, bias, (height // 2, width // 2), (1, 1), (1, 1), 1)


def test_the_table_is_for_layers_that_can_be_so_computed() -> None:
    assert ROWS
    for row in ROWS:
        numbers = [int(value) for value in list(row.values())[2:-1]]
        assert row["kernel"] in dispatch.candidates(layer(*numbers[:4]), numbers[4]), row


def test_the_table_is_sorted_and_has_each_layer_once() -> None:
    keys = [tuple(row.values())[:2] + tuple(map(int, list(row.values())[2:-1])) for row in ROWS]
    assert keys == sorted(set(keys))


def test_the_nearest_measured_length_decides() -> None:
    table = {(64, 128, 3, 3, 8): {4: "2/2", 9: "4/4"}}
    weights = layer(64, 128)
    for rows, name in ((1, "2/2"), (16, "2/2"), (500, "4/4"), (100_000, "4/4")):
        assert dispatch.choose(weights, torch.Size((1, 64, rows, 8)), table) == name
    assert dispatch.choose(weights, torch.Size((8, 64, 64, 8)), table) == "4/4"


@pytest.mark.parametrize(
    ("channels", "taps", "width", "name"),
    [
        ((1, 64), (3, 3), 64, "direct"),
        ((64, 64), (3, 3), 64, "direct"),
        ((128, 128), (3, 3), 32, "4/4"),
        ((128, 128), (1, 1), 32, "direct"),
        ((128, 128), (5, 5), 32, "direct"),
        ((1024, 1024), (3, 3), 4, "2/2 packed"),
        ((128, 128), (3, 3), 4, "direct"),
        ((1024, 2048), (3, 3), 2, "taps/pair packed"),
        ((128, 256), (3, 3), 2, "direct"),
        ((1024, 2048), (3, 3), 1, "direct"),
    ],
)
def test_the_rule(channels: tuple[int, int], taps: tuple[int, int], width: int, name: str) -> None:
    weights, size = layer(*channels, *taps), torch.Size((1, channels[0], 100, width))
    assert dispatch.choose(weights, size, {}) == name
    assert name in dispatch.candidates(weights, width)


def test_another_chip_or_torch_has_no_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    dispatch.measured.cache_clear()
    monkeypatch.setattr(dispatch, "chip", lambda: "another")
    assert dispatch.measured() == {}
    dispatch.measured.cache_clear()
