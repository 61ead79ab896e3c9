"""What a network holds at a moment: whether it is still what something was made of."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor, nn


def is_customized(network: nn.Module) -> bool:
    """Whether hooks or methods of somebody's own hang on its modules, which then want to be called.

    Args:
        network: any module.
    """
    return any(any(marks) for _, *marks in map(_marks, network.modules()))


class Fingerprint:
    """Modules, weights and buffers of a network, without copies of them.

    Weights that are written to through `.data` are not noticed: torch does not count that.

    Args:
        network: any module.
    """

    def __init__(self, network: nn.Module) -> None:
        # Held, so that nothing else gets their addresses while they are compared.
        self._modules = tuple(network.modules())
        self._tensors = [tensor for module in self._modules for tensor in _tensors(module)]
        self._memory = [tensor.detach() for tensor in self._tensors]
        self._seen = _look(network)

    def matches(self, network: nn.Module) -> bool:
        """Whether no module, weight or buffer was replaced, written to, hooked or unhooked.

        Args:
            network: the same one, later.
        """
        return _look(network) == self._seen


def checksum(network: nn.Module) -> str:
    """SHA-256 of the kinds of a network's layers and of its weights, as 64 hexadecimal digits.

    A file of weights would not do: the same weights may come from several, or from none. A network
    of 80 million parameters takes 0.3 s.

    Args:
        network: any.
    """
    found = hashlib.sha256()
    for name, layer in network.named_modules():
        found.update(f"{name} {type(layer).__name__}\n".encode())
    for name, tensor in network.state_dict().items():
        values = tensor.detach().cpu().contiguous().flatten()
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        found.update(values.view(torch.uint8).numpy())
    return found.hexdigest()


def _look(network: nn.Module) -> list[tuple[object, ...]]:
    return [(_marks(module), *map(_trace, _tensors(module))) for module in network.modules()]


def _marks(module: nn.Module) -> tuple[int, int, int, bool]:
    """Who it is, and what somebody has hung on it."""
    hooks = len(module._forward_hooks), len(module._forward_pre_hooks)
    return id(module), *hooks, "forward" in vars(module)


def _tensors(module: nn.Module) -> list[Tensor]:
    """Its own, without those of its children."""
    held = (*module._parameters.values(), *module._buffers.values())
    return [tensor for tensor in held if tensor is not None]


def _trace(tensor: Tensor) -> tuple[int, int, int]:
    """Who it is, where, and how often it was written to; inference tensors do not count that."""
    return id(tensor), tensor.data_ptr(), -1 if tensor.is_inference() else tensor._version
