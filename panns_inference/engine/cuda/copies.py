"""A network made anew on a device, with its convolutions rounded to a shorter type.

Rounded so on the CPU, PannsMini changes the probabilities of a recording of 7 s by up to 0.004 in
bfloat16, and by up to 0.0003 in float16.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from ...models import Network

HEAD = frozenset({"fc1", "fc_audioset", "att_block"})
"""Children that follow the features: a thousandth of the work, and all of the probabilities."""


def copied(network: Network, device: torch.device, dtype: torch.dtype | None) -> Network:
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
    # the front-end alone, which asks for that.
    with torch.autocast(waveforms.device.type, dtype, cache_enabled=False):
        found = compute(waveforms)
    return found.float()
