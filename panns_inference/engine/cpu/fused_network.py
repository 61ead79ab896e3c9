"""A loaded network made fast: the same to its callers, with fused blocks in it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor, nn

from ...errors import UsageError
from ...models import Network
from ...models.frontend import LogmelFilterBank, Spectrogram
from ...models.kaldi import KaldiLogmel
from ...names import check_one_of
from ...wording import argument
from ..fingerprint import is_customized
from . import onednn
from .compiled_logmel import compiled_logmel
from .compiled_sequence import CompiledSequence, compiled_sequence
from .frontend import FusedKaldiLogmel, FusedLogmel
from .fused_blocks import fused_block
from .fused_conv import Settings, UnsupportedLayerError
from .library import without_torch_threads
from .tiling import joined

PRECISIONS = {"float32": torch.float32, "bf16": torch.bfloat16}

MEMORY = {"default": Settings(), "small": Settings(kept=1, largest=1_000_000)}
"""What kernels may cost: with 'small', the large layers, which hold nearly all weights, have no
copy of them."""

GROUP_SAMPLES = 1_300_000
"""Samples of a group of clips: with more, every image is new memory."""

FOLDED = (("conv0", "bn0"), ("pre_conv0", "pre_bn0"))
"""Convolutions and their norms that stand beside each other in a network itself."""


FRONT_END = ("spectrogram_extractor", "logmel_extractor")


def fused_network(network: Network, precision: str = "float32", memory: str = "default") -> Network:
    """The network made fast for inference; without gradients, and not to be trained.

    Batch norms are folded, and each convolution is computed by the kernel that the
    dispatch names for its shape. The head is that of the network, and so are all parameters, which
    are shared; what was folded is of the moment, so that weights have to be loaded before.

    Args:
        network: a loaded network in evaluation mode.
        precision: 'float32', or 'bf16', for which the processor must have instructions.
        memory: 'default', or 'small', which is slower and holds a single copy of the weights.

    Returns:
        A network with the same methods; the network itself where it is not on the CPU, not in
        float32, one of its modules has a hook or a `forward` of its own, or torch lacks the
        operators.

    Raises:
        UsageError: for another precision or memory, or bf16 where the processor would emulate it.
    """
    settings = _settings(precision, memory)
    weights = next(network.parameters())
    usual = weights.device.type == "cpu" and weights.dtype == torch.float32
    if not usual or is_customized(network) or not onednn.available():
        return network
    fast = copy.copy(network)
    fast._modules = dict(network._modules)
    for name, child in network.named_children():
        fused = compiled_sequence(child, settings) or fused_block(child, settings)
        fast._modules[name] = fused or child
    for convolution, norm in FOLDED:
        pair = [network._modules.get(name) for name in (convolution, norm)]
        if both := fused_block(nn.Sequential(*filter(None, pair)), settings):
            fast._modules |= {convolution: both, norm: nn.Identity()}
    fast._modules |= _front_end(network)
    fast.segment_features = partial(_in_groups, fast.segment_features)  # type: ignore[method-assign]
    if any(isinstance(child, CompiledSequence) for child in fast.children()):
        fast.classify = partial(_row_by_row, fast.classify)  # type: ignore[method-assign]
        for name in ("forward", "segment_features", "segmentwise"):
            setattr(fast, name, without_torch_threads(getattr(fast, name)))
    return fast


def _front_end(network: Network) -> dict[str, nn.Module]:
    """What takes the place of the front-end; nothing if it is not quite that of `models`."""
    spectrogram, logmel = (network._modules.get(name) for name in FRONT_END)
    if type(logmel) is KaldiLogmel:
        return {"logmel_extractor": compiled_logmel(logmel) or FusedKaldiLogmel(logmel)}
    if type(spectrogram) is not Spectrogram or type(logmel) is not LogmelFilterBank:
        return {}
    try:
        both = FusedLogmel(spectrogram, logmel)
    except UnsupportedLayerError:
        return {}
    return dict(zip(FRONT_END, (both, nn.Identity()), strict=True))


def _in_groups(features: Callable[[Tensor], Tensor], waveforms: Tensor, _: object = None) -> Tensor:
    """Features of a batch, a few clips at a time."""
    clips = max(1, GROUP_SAMPLES // max(1, waveforms.shape[1]))
    with torch.no_grad():
        return joined([features(group) for group in torch.split(waveforms, clips)])


def _row_by_row(
    classify: Callable[[Tensor], dict[str, Tensor]], pooled: Tensor
) -> dict[str, Tensor]:
    """Outputs of a batch, of each clip by itself, so that it has the same bits in any batch.

    A product of one row is computed in another order than one of many; all else is not.
    """
    found = [classify(row) for row in torch.split(pooled, 1)]
    return {name: torch.cat([each[name] for each in found]) for name in found[0]}


def _settings(precision: str, memory: str) -> Settings:
    check_one_of(precision, PRECISIONS, "precision")
    check_one_of(memory, MEMORY, "memory")
    if precision == "bf16" and not onednn.has_bf16():
        raise UsageError(
            "this processor has no bf16 instructions (AVX512-BF16 or AMX), and would be slower "
            f"with {argument('precision', 'bf16')} than without: leave it out"
        )
    return replace(MEMORY[memory], dtype=PRECISIONS[precision])
