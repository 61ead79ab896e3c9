"""What a recording may be given as, and the file or the array that it stands for.

| given                                        | becomes                    |
|----------------------------------------------|----------------------------|
| the bytes of a file                          | an open file               |
| `{"array": ..., "sampling_rate": ...}`       | samples, and their rate    |
| `{"bytes": ..., "path": ...}`                | an open file of that name  |
| `{"bytes": None, "path": ...}`               | a path                     |
| a row of a dataset: `{"audio": one of them}` | the same                   |
| a tensor, a list of numbers                  | an array                   |

The mappings are those of Hugging Face's datasets, of pyannote and of transformers. A decoder, as
datasets and torchcodec have, stays what it is until its samples are needed, so that a list of
recordings need not fit into memory.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from numbers import Number
from typing import Any, BinaryIO, Protocol, runtime_checkable

from numpy.typing import ArrayLike, NDArray

from ..errors import AudioTypeError, UsageError
from .arrays import as_numpy
from .files import SHOWN, File, is_file


@runtime_checkable
class Decoder(Protocol):
    """A recording that decodes itself, as in torchcodec and Hugging Face's datasets."""

    def get_all_samples(self) -> Any:
        """Return what has its samples as `data`, (channels, samples), and `sample_rate` in Hz."""


Source = File | bytes | bytearray | memoryview | Decoder | Mapping[str, Any] | ArrayLike
"""A recording: a file, its bytes, a decoder, or samples in memory, perhaps with their rate."""

EXPECTED = (
    "give a path, an open file, the bytes of one, samples in memory (NumPy, torch) with their "
    "sample_rate, or a dict with 'array' and 'sampling_rate'"
)

BYTES = (bytes, bytearray, memoryview)
"""What the bytes of a file may be; a view of other numbers is samples."""

ARRAYS = ("array", "waveform", "raw")
"""Keys of samples: of datasets, of pyannote, and of the pipelines of transformers."""

RATES = ("sampling_rate", "sample_rate")
"""Keys of the rate of an array."""


def name_of(source: object) -> str | None:
    """Return the name of a recording: the path as it was given, or that of an open file.

    Args:
        source: as for `read`.

    Returns:
        None for samples in memory, and for files without a name.
    """
    if isinstance(source, (str, os.PathLike)):
        name: object = source
    elif isinstance(source, Mapping):
        name = name_of(source.get("audio")) or source.get("path")
    else:
        name = getattr(source, "name", None)
    return os.fsdecode(name) if isinstance(name, (str, os.PathLike)) else None


def named(source: object) -> str:
    """Return the words by which messages name a recording.

    Args:
        source: as for `read`.
    """
    name = name_of(source)
    if name is not None:
        return repr(name) if len(name) <= SHOWN else f"{name[:SHOWN]!r}..."
    if is_file(source):
        return "the open file"
    if isinstance(source, BYTES):
        return "the file in these bytes"
    return "the recording" if isinstance(source, (Mapping, Decoder)) else "the array"


def plain(
    given: Source, sample_rate: int | None = None
) -> tuple[File | Decoder | NDArray[Any], int | None]:
    """Return a recording as a file, a decoder or an array, and the rate that is known of an array.

    Args:
        given: as for `read`.
        sample_rate: of samples in memory, in Hz.

    Raises:
        AudioTypeError: for what is no recording.
        UsageError: if a rate is given, and the recording states another.
    """
    if isinstance(given, (str, os.PathLike)) or is_file(given) or isinstance(given, Decoder):
        return given, sample_rate
    if isinstance(given, BYTES) and getattr(given, "format", "B") in "Bbc":
        return io.BytesIO(given), sample_rate
    if isinstance(given, Mapping):
        return _of_mapping(given, sample_rate)
    if recordings_in(given) is not None:
        raise AudioTypeError(f"several recordings where one is expected: {EXPECTED}")
    array = as_numpy(given, "the array")
    is_number = isinstance(given, Number)
    if is_number or (array.dtype == object and not hasattr(given, "dtype")):
        kind = "None" if given is None else f"a value of type {type(given).__name__}"
        pair = "; samples and their rate are two arguments: tag(samples, rate)" if is_number else ""
        raise AudioTypeError(f"{kind} is no recording: {EXPECTED}{pair}")
    return array, sample_rate


def recordings_in(given: Any) -> list[Any] | None:
    """Return the recordings of a list or of another iterable; None for a single recording.

    A list of numbers is one recording, and so is a list of lists of numbers, its channels; a list
    of arrays is several.

    Args:
        given: as for `Recogniser.tag`.
    """
    if isinstance(given, (str, os.PathLike, *BYTES, Mapping)):
        return None
    if is_file(given) or isinstance(given, Decoder) or not isinstance(given, Iterable):
        return None
    if hasattr(given, "dtype"):
        # Paths in an array, or in a column of a table; a dtype of torch has no kind.
        return list(given) if getattr(given.dtype, "kind", "f") in "OUT" else None
    if isinstance(given, Iterator) or not isinstance(given, Sequence):
        return None if hasattr(given, "__array__") else list(given)
    ends = [given[0], given[-1]] if given else []
    return None if ends and all(map(_is_of_numbers, ends)) else list(given)


def _is_of_numbers(given: Any) -> bool:
    """Whether it is a number, or a list of such, or of lists of them."""
    while isinstance(given, (list, tuple)) and given:
        given = given[0]
    return isinstance(given, Number)


def _of_mapping(
    given: Mapping[str, Any], sample_rate: int | None
) -> tuple[File | Decoder | NDArray[Any], int | None]:
    if given.get("audio") is not None:
        return plain(given["audio"], sample_rate)
    samples, stated = (_first(given, keys) for keys in (ARRAYS, RATES))
    if samples is not None:
        stated = sample_rate if stated is None else stated
        if sample_rate not in (None, stated):
            raise UsageError(
                f"sample_rate={sample_rate} is not the {stated} Hz that the recording states: "
                "leave it out"
            )
        return as_numpy(samples, "the array"), stated
    if given.get("bytes") is not None:
        file: BinaryIO = io.BytesIO(given["bytes"])
        file.name = name_of(given)  # type: ignore[misc]
        return file, sample_rate
    if isinstance(path := given.get("path"), (str, os.PathLike)):
        return path, sample_rate
    raise AudioTypeError(
        f"a dict with the keys {', '.join(map(repr, given)) or '(none)'} is no recording: expected "
        "'array' and 'sampling_rate', or 'bytes', or 'path'"
    )


def _first(given: Mapping[str, Any], keys: Sequence[str]) -> Any:
    return next((given[key] for key in keys if given.get(key) is not None), None)
