"""Recordings of many lengths leave no more behind than those of few."""

from __future__ import annotations

import gc
import json
import math
import subprocess
import sys
import weakref
from collections import defaultdict
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from panns_inference.engine.cpu import bucketing, buffers, fused_network, onednn
from panns_inference.engine.cpu.buffers import shared
from panns_inference.models import build

SERIES = """
import gc, json, sys
import numpy as np
import torch
from panns_inference import AudioTagging

def memory():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

def hear(tagger, count):
    for n_samples in lengths.integers(1000, 24_000, count):
        tagger.tag(np.resize(noise, n_samples), sample_rate=32_000)

torch.set_num_threads(1)
lengths = np.random.default_rng(0)
noise = np.random.default_rng(1).normal(0, 0.1, 24_000).astype(np.float32)
tagger = AudioTagging("LeeNet11", pretrained=False, device="cpu", memory=sys.argv[1])
hear(tagger, 60)
early = memory()
hear(tagger, 200)
late = memory()
del tagger
print(json.dumps([early, late, memory()]))
"""
"""Prints bytes after 60 recordings, after 260, and when the network is gone."""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("memory", ["default", "small"])
def test_memory_stays_where_it_is(memory: str) -> None:
    command = [sys.executable, "-c", SERIES, memory]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    early, late, after = json.loads(done.stdout)
    assert late < 1.2 * early
    assert after < 1.01 * late


@pytest.mark.parametrize(
    ("name", "samples", "lengths"),
    [("LeeNet11", range(1024, 2048, 8), 32), ("MobileNetV1", range(41_280, 48_960, 320), 6)],
)
def test_convolutions_are_computed_for_few_lengths(
    name: str, samples: range, lengths: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    convolve, seen = onednn.convolve, defaultdict(set)

    def watched(x: Tensor, packed: Tensor, *settings: Any) -> Tensor:
        seen[id(packed)].add(tuple(x.shape))
        return convolve(x, packed, *settings)

    monkeypatch.setattr(onednn, "convolve", watched)
    fast = fused_network(build(name).eval())
    for n_samples in samples:
        fast(torch.zeros(1, n_samples))
    assert len(seen) > 5
    # What fits its bucket is cropped from nothing, and falls into another one layer further on.
    assert max(len(shapes) for shapes in seen.values()) <= 2 * lengths


def test_lengths_are_rounded_up_by_little() -> None:
    lengths = range(1, 300_000, 7)
    found = [bucketing.bucket(length) for length in lengths]
    assert all(
        length <= longer < 1.032 * length for length, longer in zip(lengths, found, strict=True)
    )
    assert len(set(found)) < 500
    assert [bucketing.bucket(longer) for longer in found] == found


@pytest.mark.parametrize("size", [(1, 4, 101, 8), (2, 4, 101, 8), (1, 4, 1, 101), (1, 4, 1, 64)])
def test_behind_the_end_there_are_zeros(size: tuple[int, ...]) -> None:
    x = torch.randn(size)
    axis = bucketing.axis_of_time(x)
    padded = bucketing.padded(x)
    assert padded.shape[axis] == bucketing.bucket(size[axis])
    assert padded.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(padded.narrow(axis, 0, size[axis]), x)
    assert not padded.narrow(axis, size[axis], padded.shape[axis] - size[axis]).any()


def test_the_padding_of_an_output_is_that_of_the_next_input() -> None:
    output = torch.full((1, 4, 104, 8), math.nan).contiguous(memory_format=torch.channels_last)
    image = bucketing.cropped(output, 2, 101)
    image.fill_(1)
    padded = bucketing.padded(image)
    assert padded.data_ptr() == output.data_ptr()
    assert padded.sum() == image.numel()


def test_short_lengths_are_their_own_buckets() -> None:
    image = bucketing.cropped(torch.zeros(1, 4, 64, 8), 2, 62)
    assert bucketing.padded_of(image) is None
    assert bucketing.padded(image).shape[2] == 62


@pytest.mark.parametrize("length", [100, 101, 102])
def test_a_pool_takes_nothing_behind_the_end(length: int) -> None:
    padded = torch.full((1, 4, 1, 104), 1e9)
    line = bucketing.cropped(padded, 3, length).copy_(-torch.rand(1, 4, 1, length))

    def maximum(x: Tensor) -> Tensor:
        return functional.max_pool2d(x, (1, 3), padding=(0, 1))

    expected = maximum(line.clone())
    assert torch.equal(bucketing.pooled(maximum, line, 3, padding=1), expected)


def test_buffers_go_with_the_last_network(monkeypatch: pytest.MonkeyPatch) -> None:
    # Networks of other tests may be alive.
    monkeypatch.setattr(buffers, "SHARED", weakref.WeakValueDictionary())
    fast = fused_network(build("PannsMini").eval())
    fast(torch.from_numpy(np.zeros((1, 32_000), np.float32)))
    assert shared().buffers
    alive = weakref.ref(shared())
    del fast
    gc.collect()
    assert alive() is None
