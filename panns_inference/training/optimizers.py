"""The optimizers by name, with the values that are the same in every run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import optim

OPTIMIZERS: dict[str, Callable[..., optim.Optimizer]] = {
    "adam": partial(optim.Adam, betas=(0.9, 0.999), eps=1e-8, amsgrad=True, fused=True),
    "adamw": partial(optim.AdamW, betas=(0.9, 0.999), eps=1e-8, fused=True),
}
"""`adam` is that of the paper; `adamw` is for a weight decay apart from the gradients."""
