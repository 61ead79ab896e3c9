"""The kernel of each convolution: by the table, and where it has no row, by a rule.

`dispatch.csv` is written by `benchmarks/layers.py`, which measures every kernel that can compute a
layer; nothing is measured when a network is loaded.
"""

from __future__ import annotations

import csv
import itertools
import math
import re
from collections.abc import Callable
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import torch

from .conv import ConvWeights, Direct, Kernel, Products, Unfold
from .gemm import GEMMS
from .winograd import Transform, pair, taps, winograd

DIRECT = "direct"

UNFOLD = "unfold"
"""The kernel without a copy of the weights: never the fastest, and not in the table."""

ALONG: dict[str, Callable[[int], Transform]] = {
    "4": lambda r: winograd(4, r),
    "2": lambda r: winograd(2, r),
    "taps": taps,
}
"""Algorithms for an axis of any length, by the number of taps."""

NAMES = tuple(
    f"{along}/{across}{gemm}" for along in ALONG for across in (*ALONG, "pair") for gemm in GEMMS
)
"""Kernels made of products: algorithms for time and for width, and how products are computed."""

Layer = tuple[int, int, int, int, int]
"""Channels in and out, kernel height and width, width of the image."""

Table = dict[Layer, dict[int, str]]
"""The fastest kernel of a layer by log2 of the rows of the images of a batch."""


def candidates(weights: ConvWeights, width: int) -> tuple[str, ...]:
    """Names of the kernels that can compute a convolution.

    Args:
        weights: the convolution.
        width: width of its images.
    """
    taps_high, taps_wide = weights.weight.shape[2:]
    plain = (weights.stride, weights.dilation, weights.groups) == ((1, 1), (1, 1), 1)
    if not plain or taps_high != taps_wide or taps_wide == 1:
        return (DIRECT,)
    along = {"4", "2", "taps"} if taps_wide == 3 else {"2", "taps"}
    across = along - ({"4"} if width < 3 else set())
    across |= {"pair"} if (width, taps_wide) == (2, 3) else set()
    fitting = set(itertools.product(along, across)) - {("taps", "taps")}
    return (DIRECT, *(name for name in NAMES if _axes(name) in fitting))


def build(name: str, weights: ConvWeights, size: torch.Size) -> Kernel:
    """A kernel by its name.

    Args:
        name: one of `candidates`, or `UNFOLD`.
        weights: the convolution.
        size: shape of the images to be expected.
    """
    if name == UNFOLD:
        return Unfold(weights)
    if name == DIRECT:
        return Direct(weights, size)
    transforms = transforms_of(name, weights)
    patches = math.prod(
        -(-length // transform.outputs)
        for length, transform in zip(size[2:], transforms, strict=True)
    )
    gemm = GEMMS[name[len("/".join(_axes(name))) :]]
    return Products(weights, *transforms, gemm, rows=size[0] * patches)


def choose(weights: ConvWeights, size: torch.Size, table: Table) -> str:
    """Name of the kernel for images of a size.

    Args:
        weights: the convolution.
        size: shape of the images.
        table: measured choices.
    """
    layer, rows = key(weights, size)
    near = table.get(layer)
    return near[min(near, key=lambda other: abs(other - rows))] if near else rule(weights, size)


def transforms_of(name: str, weights: ConvWeights) -> tuple[Transform, Transform]:
    """The algorithms for time and for width that a name stands for.

    Args:
        name: name of a kernel made of products.
        weights: the convolution.
    """
    along, across = _axes(name)
    n_taps = weights.weight.shape[3]
    return ALONG[along](n_taps), pair() if across == "pair" else ALONG[across](n_taps)


def _axes(name: str) -> tuple[str, str]:
    along, across = name.partition(" ")[0].split("/")
    return along, across


def key(weights: ConvWeights, size: torch.Size) -> tuple[Layer, int]:
    """The row of the table for a convolution of images of a size.

    Args:
        weights: the convolution.
        size: shape of the images.
    """
    out_channels, in_channels, height, width = weights.weight.shape
    return (in_channels, out_channels, height, width, size[3]), log_rows(size)


def log_rows(size: torch.Size) -> int:
    """The logarithm to base 2 of the rows of the images of a batch, rounded.

    For a layer, choices depend on nothing of a size but this and the width.

    Args:
        size: shape of the images.
    """
    return round(math.log2(max(1, size[0] * size[2])))


def rule(weights: ConvWeights, size: torch.Size) -> str:
    """The kernel for what was not measured: products where channels are many.

    Args:
        weights: the convolution.
        size: shape of the images.
    """
    out_channels, in_channels = weights.weight.shape[:2]
    width = size[3]
    narrow = min(in_channels, out_channels) < 64 or max(in_channels, out_channels) < 128
    if "4/2" not in candidates(weights, width) or narrow or width < 2:
        return DIRECT
    if width == 2:
        return "taps/pair packed" if in_channels >= 512 else DIRECT
    if width <= 4:
        return "2/2 packed" if in_channels >= 512 else DIRECT
    return "4/4"


@lru_cache(maxsize=1)
def measured() -> Table:
    """The rows of `dispatch.csv` for this chip and this version of torch."""
    text = files("panns_inference.engine.cpu").joinpath("dispatch.csv").read_text(encoding="utf-8")
    rows = csv.reader(text.splitlines())
    here = [chip(), torch.__version__.partition("+")[0]]
    table: Table = {}
    for *setting, inputs, outputs, height, width, bands, length, kernel in rows:
        if setting == here:
            layer = (int(inputs), int(outputs), int(height), int(width), int(bands))
            table.setdefault(layer, {})[int(length)] = kernel
    return table


@lru_cache(maxsize=1)
def chip() -> str:
    """Maker of the processor and the vector instructions that torch uses."""
    described = Path("/proc/cpuinfo")
    text = described.read_text(encoding="utf-8") if described.is_file() else ""
    maker = re.search(r"^vendor_id\s*: (.+)$", text, re.MULTILINE)
    return f"{maker[1] if maker else 'unknown'} {torch.backends.cpu.get_cpu_capability()}"
