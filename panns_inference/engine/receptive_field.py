"""How far a network looks: the samples on which a segment depends, read off its operations.

Each tensor between the waveform and the segments has a receptive field: its element t along time
depends on the samples `t * stride + first` to `t * stride + last`. A convolution or a pool of
`kernel` elements widens and strides it; what has several inputs has the hull of their fields; all
else leaves it as it is. The network computes a moment of silence: that takes a tenth of the time of
the meta device, where nothing is computed, but torch's compiler is imported.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakTensorKeyDictionary

from ..models import Network
from .contract import Grid

SEEN = 4
"""Silence that the network is shown, in the shortest waveforms that are not padded."""


class ReceptiveField(NamedTuple):
    """Samples on which an element along time depends.

    Attributes:
        stride: samples from an element to the next.
        first: the first sample on which element 0 depends; negative where that was padded.
        last: the last one.
    """

    stride: int = 1
    first: int = 0
    last: int = 0

    def seen_through(
        self, kernel: int, stride: int, padding: int, dilation: int = 1
    ) -> ReceptiveField:
        """The field behind a convolution or a pool.

        Args:
            kernel: elements that it takes in.
            stride: elements from one of its outputs to the next.
            padding: elements put in front.
            dilation: elements from one that it takes in to the next.
        """
        first = self.first - padding * self.stride
        last = self.last + ((kernel - 1) * dilation - padding) * self.stride
        return ReceptiveField(self.stride * stride, first, last)


def grid_of(network: Network) -> Grid:
    """Grid and halo of a network.

    A segment depends on the samples `first` to `last`, counted from its beginning. Where a chunk
    is cut, zeros and mirrored samples stand in the place of the recording: what would see them
    lies in the halo, and is dropped. A window is one segment where outputs depend on all of it.

    Args:
        network: any network of `models`.
    """
    if network.window_samples is not None:
        return Grid(network.window_samples, 0, 0)
    stride, first, last = receptive_field(network)
    return Grid(stride, _segments(-first, stride), _segments(last + 1 - stride, stride))


def _segments(n_samples: int, stride: int) -> int:
    return max(0, -(-n_samples // stride))


def receptive_field(network: Network) -> ReceptiveField:
    """The samples on which a segment depends.

    Args:
        network: any network of `models`.
    """
    shadow = _shadow(network)
    device = next(network.parameters()).device
    waveform = torch.zeros(1, SEEN * network.minimum_samples, device=device)
    with torch.no_grad(), _Trace(waveform) as trace:
        segmentwise = shadow.segmentwise(shadow.segment_features(waveform))
    return _hull(trace.fields[value] for value in segmentwise.values())


def _shadow(network: Network) -> Network:
    """The network with the same weights, and without the hooks of its user."""
    shared = {id(tensor): tensor for tensor in (*network.parameters(), *network.buffers())}
    shadow = copy.deepcopy(network, shared)
    for module in shadow.modules():
        module._forward_hooks.clear()
        module._forward_pre_hooks.clear()
    return shadow.eval()


class _Trace(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Gives every tensor its field.

    Args:
        waveform: (1, samples).
    """

    def __init__(self, waveform: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.fields: WeakTensorKeyDictionary = WeakTensorKeyDictionary()
        self.fields[waveform] = ReceptiveField()

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # Nothing is compiled here; a mode that declares so does not import the compiler, which
        # takes more than a second.
        return False

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        given = [x for x in tree_leaves((args, kwargs)) if isinstance(x, Tensor)]
        known = [self.fields[x] for x in given if x in self.fields]
        if known:
            rule = RULES.get(func.overloadpacket)
            field = rule(known[0], args) if rule else _hull(known)
            for tensor in tree_leaves(out):
                if isinstance(tensor, Tensor):
                    self.fields[tensor] = field
        return out


def _hull(fields: Iterable[ReceptiveField]) -> ReceptiveField:
    given = list(fields)
    firsts, lasts = (field.first for field in given), (field.last for field in given)
    return ReceptiveField(max(field.stride for field in given), min(firsts), max(lasts))


def _convolution(field: ReceptiveField, args: Sequence[Any]) -> ReceptiveField:
    _, weight, _, stride, padding, dilation = args[:6]
    return field.seen_through(weight.shape[2], stride[0], padding[0], dilation[0])


def _padding(field: ReceptiveField, args: Sequence[Any]) -> ReceptiveField:
    return field.seen_through(1, 1, args[1][0])


def _frames(field: ReceptiveField, args: Sequence[Any]) -> ReceptiveField:
    _, _, size, step = args
    return field.seen_through(size, step, 0)


def _pool(field: ReceptiveField, args: Sequence[Any]) -> ReceptiveField:
    """A pool over (time, bands), or one over time, which has a single row for torch."""
    image, kernel = args[:2]
    # What is left out is a stride as long as the kernel, and no padding.
    stride = args[2] if len(args) > 2 else kernel
    padding = args[3] if len(args) > 3 else (0, 0)
    axis = -1 if image.shape[-2] == 1 else 0
    return field.seen_through(kernel[axis], stride[axis], padding[axis])


RULES: dict[Any, Callable[[ReceptiveField, Sequence[Any]], ReceptiveField]] = {
    torch.ops.aten.convolution: _convolution,
    torch.ops.aten.reflection_pad1d: _padding,
    torch.ops.aten.unfold: _frames,
    torch.ops.aten.avg_pool2d: _pool,
    torch.ops.aten.max_pool2d_with_indices: _pool,
}
"""Operations that look to the side, or shift; pools in one dimension end in these, too."""
