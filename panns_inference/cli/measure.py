"""How fast a network is on this machine."""

from __future__ import annotations

import time

SECONDS = 10
"""Of sound that is processed."""

TIMES = 3
"""Passes of which the fastest counts, behind one that lays out the weights."""


def seconds_of(name: str) -> float:
    """Return the seconds that a network takes for ten seconds of sound, on the CPU.

    Its weights are random ones: they are not downloaded, and do not matter here.

    Args:
        name: of the network.
    """
    import numpy as np

    from ..inference import AudioTagging

    tagger = AudioTagging(name, device="cpu", pretrained=False)
    noise = np.random.default_rng(0).standard_normal((1, SECONDS * tagger.sample_rate))
    waveforms = noise.astype(np.float32) / 10
    taken = []
    for _ in range(1 + TIMES):
        begin = time.perf_counter()
        tagger.inference(waveforms)
        taken.append(time.perf_counter() - begin)
    return min(taken[1:])
