"""Arguments of `tag`, `detect` and `embed`, for type checkers: when there is a list of results."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypedDict

from .audio.files import File
from .audio.sources import Decoder
from .events.columns import Class
from .events.rules import Threshold

Each = Literal["each"]
All = Literal["all"]
Side = Literal["mix", "left", "right"]


class Array(Protocol):
    """Samples in memory, or anything else that NumPy can read."""

    def __array__(self) -> Any: ...


One = (
    File
    | bytes
    | bytearray
    | memoryview
    | Decoder
    | Mapping[str, Any]
    | Array
    | Sequence[float]
    | Sequence[Sequence[float]]
)
"""A recording: a number in a list is a sample."""

Many = Iterable[One]
"""Several recordings. A text is an iterable of texts as well: what is `One` is never `Many`."""


class Common(TypedDict, total=False):
    """Further arguments of all three, for type checkers."""

    window: float | None
    hop: float | None
    skip_silence: float | None
    resampler: str
    strict: bool


class Clipwise(Common, total=False):
    """Further arguments of `tag` and `embed`, for type checkers."""

    min_clip: float | None


class Framewise(Common, total=False):
    """Further arguments of `detect`, for type checkers."""

    method: str | None
    threshold: Threshold | None
    threshold_off: Threshold | None
    smooth: float
    min_duration: float
    merge_gap: float
    pad: float
    step_filter: float
    merge_difference: float
    merge_ratio: float
    classes: Collection[Class] | Class | None
    exclude: Collection[Class] | Class
    framewise: bool
