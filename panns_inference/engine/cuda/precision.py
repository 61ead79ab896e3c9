"""What the convolutions of a network are rounded to on a GPU."""

from __future__ import annotations

import torch

from ...errors import UsageError
from ..network import ELSEWHERE

ROUNDED = {"float32": None, "bf16": torch.bfloat16, "fp16": torch.float16}
"""Type by the name of the precision; None rounds nothing."""

BF16_SINCE = (8, 0)
"""Compute capability of the first GPUs with units for bf16."""


def rounding(precision: str, capability: tuple[int, int]) -> torch.dtype | None:
    """What convolutions are rounded to; None if they are not.

    Args:
        precision: a key of `ROUNDED`.
        capability: of the GPU, as `torch.cuda.get_device_capability` gives it.

    Raises:
        UsageError: for another precision, or one that the GPU would emulate.
    """
    if precision not in ROUNDED:
        names = ", ".join(map(repr, ROUNDED))
        reason = ELSEWHERE.get(precision, f"is unknown: a GPU computes in one of {names}")
        raise UsageError(f"precision={precision!r} {reason}")
    if precision == "bf16" and capability < BF16_SINCE:
        raise UsageError(
            "precision='bf16' would be slow on this GPU, which has no units for it (compute "
            "capability {}.{}; they came with 8.0): give 'fp16'".format(*capability)
        )
    return ROUNDED[precision]
