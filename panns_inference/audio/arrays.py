"""Samples in memory.

Floats are taken as they are, nominally in [-1, 1]. Integers are divided by their full
scale:

| type  | sample                | type   | sample        |
|-------|-----------------------|--------|---------------|
| int8  | `x / 128`             | int16  | `x / 32768`   |
| uint8 | `(x - 128) / 128`     | int32  | `x / 2**31`   |

Other types are refused: an int64 may be anything, and a bool is no sample.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import AudioError, AudioTypeError
from ._bitstream import Piece

if TYPE_CHECKING:
    from .sources import Decoder

_FULL_SCALE = {"i1": 2.0**7, "u1": 2.0**7, "i2": 2.0**15, "i4": 2.0**31}
"""What integers are divided by, by kind and number of bytes."""

_MAX_CHANNELS = 64
"""An array with more rows is no (channels, samples)."""

_MAX_COLUMNS = 8
"""Channels of an array with more rows that is taken for (samples, channels).

Wider ones may be a batch of clips, or a spectrogram: nothing is guessed.
"""

_PIECE = 1 << 15
"""Values (samples times channels) of one piece."""


def float32_samples(array: Any, name: str = "the array") -> NDArray[np.float32]:
    """Return samples of any type as float32, in the shape that they have.

    Args:
        array: NumPy array, list, tensor (also on another device, or one that requires a gradient),
            or anything that NumPy can read; floats, or integers that are divided by their full
            scale.
        name: its name in messages.

    Returns:
        A contiguous, writable array of the same shape. It is the array itself if that is one.

    Raises:
        AudioTypeError: for types that hold no samples.
    """
    samples = as_numpy(array, name)
    form = f"{samples.dtype.kind}{samples.dtype.itemsize}"
    if samples.dtype.kind != "f" and form not in _FULL_SCALE:
        raise AudioTypeError(
            f"{name} has values of type {samples.dtype}, which are no samples: give floats "
            "nominally in [-1, 1], or int8, uint8, int16 or int32, which are divided by their full "
            "scale; divide other integers by theirs"
        )
    with np.errstate(over="ignore"):  # a value beyond float32 becomes infinite, and is refused
        floats = samples.astype(np.float32, copy=False)
    if form in _FULL_SCALE:
        floats = (floats - 128.0 if form == "u1" else floats) / np.float32(_FULL_SCALE[form])
    return np.require(floats, np.float32, ["C", "W"])


def as_numpy(array: Any, name: str) -> NDArray[Any]:
    """Return samples of any kind as an array of NumPy, of their type.

    Args:
        array: as for `float32_samples`.
        name: its name in messages.

    Raises:
        AudioTypeError: for what NumPy cannot read.
    """
    if isinstance(array, (bytes, bytearray)):
        raise AudioTypeError(
            f"{name} is bytes, not samples: tag() and its like take those of a file; samples are "
            "read from bytes by np.frombuffer(..., dtype=...)"
        )
    try:
        if hasattr(array, "detach"):  # a tensor of torch: NumPy knows neither bfloat16 nor devices
            array = array.float() if array.is_floating_point() else array
            array = array.numpy(force=True)
        return np.asarray(array)
    except (TypeError, ValueError, RuntimeError) as error:
        raise AudioTypeError(
            f"{name} is of type {type(array).__name__}, which holds no samples: {error}"
        ) from error


def array_pieces(array: Any, sample_rate: int, name: str) -> Generator[Piece, None, None]:
    """Yield samples in memory, piece by piece.

    Args:
        array: (samples,), (channels, samples) or (samples, channels), as for `float32_samples`.
        sample_rate: in Hz.
        name: its name in messages.

    Raises:
        AudioError: for other shapes; AudioTypeError for types that hold no samples.
    """
    samples = float32_samples(array, name)
    if samples.ndim not in (1, 2):
        raise AudioError(
            f"{name} has the shape {samples.shape}; expected (samples,), (channels, samples) or "
            "(samples, channels): give the clips of a batch as a list"
        )
    rows = np.atleast_2d(samples)
    n_channels, n_samples = rows.shape
    if n_channels > _MAX_CHANNELS and 0 < n_samples <= _MAX_COLUMNS:
        rows, n_channels, n_samples = rows.T, n_samples, n_channels
    if samples.size and n_channels > min(n_samples, _MAX_CHANNELS):
        raise AudioError(
            f"{name} has the shape {samples.shape}, which would be {n_channels} channels of "
            f"{n_samples} samples; if it is (samples, channels), give its transpose `.T`; if it is "
            "a batch, give list(...) of it; a spectrogram is no waveform"
        )
    n_piece = max(1, _PIECE // max(1, n_channels))
    for start in range(0, n_samples if n_channels else 0, n_piece):
        yield Piece(sample_rate, rows[:, start : start + n_piece].T)


def decoder_pieces(decoder: Decoder, name: str) -> Generator[Piece, None, None]:
    """Yield the samples of what decodes itself, piece by piece.

    Args:
        decoder: it is used when the first piece is wanted.
        name: its name in messages.
    """
    samples = decoder.get_all_samples()
    yield from array_pieces(samples.data, samples.sample_rate, name)
