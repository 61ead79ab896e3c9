"""Arguments of `tag`, `detect` and `embed`, for type checkers: when there is a list of results."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, TypedDict

from .events.columns import Class
from .events.rules import Threshold

Each = Literal["each"]
All = Literal["all"]
Side = Literal["mix", "left", "right"]


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

    method: str
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
