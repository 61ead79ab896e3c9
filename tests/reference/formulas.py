"""Weights and waveforms by formula: the same bits on every platform, with nothing to download.

A weight follows from its key and shape alone: the words of a PCG64 generator whose seed is the
CRC-32 of the key, spread evenly over an interval. The intervals keep activations near one in
evaluation mode, so that the probabilities of a network with such weights lie between 0 and 1 and
seldom at an end.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

INTERVALS = (
    (r"^bn0\.running_mean", -20.0, -10.0),
    (r"running_mean", 0.05, 0.15),
    (r"^bn0\.running_var", 100.0, 300.0),
    (r"running_var", 0.5, 1.5),
    (r"\.(layer.*\.bn2|bn4)\..*weight", 0.2 * 0.8, 0.2 * 1.2),
    (r"weight", 0.8, 1.2),
    (r"bias", -0.1, 0.1),
)
"""Key of a vector to its interval; the first that fits holds. The last norm of a residual branch
is small."""

GAINS = (
    (r"^conv0\.weight ", 4000.0),  # from a waveform to decibels
    (r" \d+x1x\d+$", 32.0),  # other first layers on a waveform
    (r"(fc_audioset|att_block\.(cla|att))\.weight \d+x512(x|$)", 0.35),
    (r"(fc_audioset|att_block\.(cla|att))\.weight ", 0.75),
    (r"\.layer.*downsample.* \d+x\d+x\d+$", 1.5),
    (r"downsample.* \d+x\d+x\d+$", 0.5),
    (r"conv1\.weight \d+x\d+x3$", 1.25),  # 1-D blocks, behind which a maximum is taken
    (r" \d+x\d+x3$", 2.5),
    (r"\.conv\.", 1.4),  # linear bottlenecks
    (r"", 2.0),
)
"""Key and shape of a matrix to the second moment that a unit gives for one of its inputs."""


def tensor(key: str, shape: tuple[int, ...]) -> NDArray[np.generic]:
    """The entry of a state dict: float32, or int64 zero for a number of batches."""
    if key.endswith("num_batches_tracked"):
        return np.zeros(shape, np.int64)
    if len(shape) == 1:
        low, high = next(ends for pattern, *ends in INTERVALS if re.search(pattern, key))
    else:
        described = f"{key} {'x'.join(map(str, shape))}"
        gain = next(gain for pattern, gain in GAINS if re.search(pattern, described))
        high = math.sqrt(3 * gain / math.prod(shape[1:]))
        low = -high
    values = uniform(key, math.prod(shape))
    values *= np.float32(high - low)
    values += np.float32(low)
    return values.reshape(shape)


def uniform(key: str, count: int) -> Floats:
    """`count` multiples of 2^-24 in [0, 1), from the key alone."""
    words = np.random.PCG64(zlib.crc32(key.encode())).random_raw(-(-count // 2))
    halves = words.astype("<u8", copy=False).view("<u4")[:count]
    return (halves >> np.uint32(8)).astype(np.float32) * np.float32(2**-24)


def _chirp(time: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """A sweep from 50 Hz to 0.45 of the sample rate, in quiet noise."""
    seconds = len(time) / rate
    turns = 50 * time + (0.45 * rate - 50) * time**2 / (2 * seconds)
    return 0.4 * np.sin(2 * np.pi * turns) + 0.02 * _noise("chirp", len(time))


def _bursts(time: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """Six bursts of noise a second, of changing strength, and a tone of 440 Hz."""
    strength = np.exp(-8 * (6 * time % 1)) * (0.6 + 0.4 * np.sin(2 * np.pi * 0.7 * time))
    tone = 0.1 * np.sin(2 * np.pi * 440 * time)
    return 0.15 * strength * _noise("bursts", len(time)) + tone


def _noise(kind: str, n_samples: int) -> NDArray[np.float64]:
    """White noise of unit power."""
    return (2 * uniform(f"signal.{kind}", n_samples).astype(np.float64) - 1) * np.sqrt(3)


KINDS: dict[str, Callable[[NDArray[np.float64], int], NDArray[np.float64]]] = {
    "chirp": _chirp,
    "bursts": _bursts,
    "noise": lambda time, rate: 0.1 * _noise("noise", len(time)),
    "tone": lambda time, rate: 0.5 * np.sin(2 * np.pi * 1000 * time),
    "silence": lambda time, rate: np.zeros(len(time)),
    "impulse": lambda time, rate: 1.0 * (np.arange(len(time)) == len(time) // 2),
}


def waveform(kind: str, n_samples: int, rate: int) -> Floats:
    """A waveform of one of `KINDS`, (samples,)."""
    return KINDS[kind](np.arange(n_samples) / rate, rate).astype(np.float32)


def batch(n_samples: int, rate: int) -> Floats:
    """The two waveforms whose outputs are stored, (2, samples)."""
    return np.stack([waveform(kind, n_samples, rate) for kind in ("chirp", "bursts")])
