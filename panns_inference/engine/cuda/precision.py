"""What the convolutions of a network compute in on a GPU: a shorter type, or float32 itself.

Rounded so on the CPU, PannsMini changes the probabilities of a recording of 7 s by up to 0.008 in
bfloat16, and by up to 0.0001 in float16; those of its frames by up to 0.04 and 0.002.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from ...errors import UsageError
from ...models import Network
from ...wording import argument
from ..torch_engine import ELSEWHERE

ROUNDED = {"float32": None, "bf16": torch.bfloat16, "fp16": torch.float16}
"""Type by the name of the precision; None rounds nothing."""

BF16_SINCE = (8, 0)
"""Compute capability of the first GPUs with units for bf16."""

HEAD = frozenset({"fc1", "fc_audioset", "att_block", "framewise_head"})
"""Children that follow the features: a thousandth of the work, and all of the probabilities."""

_LOCK = threading.Lock()
_INSIDE: list[Any] = []
"""What the setting was, once for each thread that is inside: it is one of the whole process."""


def conv_dtype(precision: str, capability: tuple[int, int]) -> torch.dtype | None:
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
        raise UsageError(f"{argument('precision', precision)} {reason}")
    if precision == "bf16" and capability < BF16_SINCE:
        raise UsageError(
            f"{argument('precision', 'bf16')} would be slow on this GPU, which has no units for it "
            "(compute capability {}.{}; they came with 8.0): give 'fp16'".format(*capability)
        )
    return ROUNDED[precision]


def inference_copy(network: Network, device: torch.device, dtype: torch.dtype | None) -> Network:
    """A copy for inference, which shares what may stay as it is, and changes nothing else.

    With a type, convolutions in front of the head get their weights and images in it, their
    channels last in memory; the front-end, batch norms, and the head with all sums and
    probabilities stay in float32 at least.

    Args:
        network: any network of `models`.
        device: where the copy is.
        dtype: bfloat16 or float16; None rounds nothing.
    """
    convolutions = _convolutions(network) if dtype else set()
    tensors: dict[int, Tensor] = {}
    for tensor in (*network.parameters(), *network.buffers()):
        there = tensor.detach().to(device)
        if id(tensor) in convolutions:
            layout = torch.channels_last if there.ndim == 4 else torch.contiguous_format
            there = there.to(dtype=dtype, memory_format=layout)
        is_parameter = isinstance(tensor, nn.Parameter)
        tensors[id(tensor)] = nn.Parameter(there, requires_grad=False) if is_parameter else there
    made = copy.deepcopy(network, dict(tensors)).eval()
    if dtype:
        features = partial(_features, made.segment_features, dtype)
        made.segment_features = features  # type: ignore[method-assign]
    return made


@contextmanager
def without_tf32() -> Iterator[None]:
    """While anybody is inside, TF32 is off; whoever leaves last puts it back."""
    owner, name, off = _setting()
    with _LOCK:
        _INSIDE.append(_INSIDE[0] if _INSIDE else getattr(owner, name))
        setattr(owner, name, off)
    try:
        yield
    finally:
        with _LOCK:
            before = _INSIDE.pop()
            if not _INSIDE:
                setattr(owner, name, before)


def _setting() -> tuple[Any, str, object]:
    """Who has the setting, its name, and what turns TF32 off: torch 2.9 has a new one."""
    cudnn: Any = torch.backends.cudnn
    if hasattr(cudnn, "conv"):
        return cudnn.conv, "fp32_precision", "ieee"
    return cudnn, "allow_tf32", False


def _convolutions(network: Network) -> set[int]:
    """Identities of the parameters of convolutions in front of the head."""
    return {
        id(parameter)
        for name, child in network.named_children()
        if name not in HEAD
        for layer in child.modules()
        if isinstance(layer, nn.Conv1d | nn.Conv2d)
        for parameter in layer.parameters()
    }


def _features(
    compute: Callable[[Tensor], Tensor], dtype: torch.dtype, waveforms: Tensor, _: object = None
) -> Tensor:
    # The weights are rounded already; autocast rounds the images in front of them, and leaves
    # the front-end alone, which turns it off.
    with torch.autocast(waveforms.device.type, dtype, cache_enabled=False):
        found = compute(waveforms)
    return found.float()
