"""What a network holds at a moment: whether it is still what something was made of."""

from __future__ import annotations

from torch import Tensor, nn


def is_altered(network: nn.Module) -> bool:
    """Whether hooks or methods of somebody's own hang on its modules, which then want to be called.

    Args:
        network: any module.
    """
    return any(any(marks) for _, *marks in map(_marks, network.modules()))


class Content:
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

    def is_that_of(self, network: nn.Module) -> bool:
        """Whether no module, weight or buffer was replaced, written to, hooked or unhooked.

        Args:
            network: the same one, later.
        """
        return _look(network) == self._seen


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
