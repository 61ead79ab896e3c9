"""Mixed precision: most is computed in bfloat16, but neither probabilities nor their loss."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from panns_inference.models import Network, build
from panns_inference.training import ClipBatch, Supervised

SURE = 9.0
"""Logit of a class that does not sound: in bfloat16, its probability is 1."""

CASES = [("LeeNet11", "sigmoid"), ("LeeNet11", "softmax"), ("PannsMini", "sigmoid")]
"""Of a network with new classes: what is the same for others lies in their base."""

BATCH = ClipBatch(
    torch.randn(2, 32_000, generator=torch.Generator().manual_seed(0)) / 10,
    torch.tensor([[0.0, 0.0, 1.0]]).repeat(2, 1),
    torch.ones(2),
)


class Refused(TorchFunctionMode):
    """What CUDA refuses: a cross-entropy of probabilities under autocast, whatever their type."""

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Any,
        args: Iterable[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if function is functional.binary_cross_entropy:
            assert not torch.is_autocast_enabled("cpu")
            assert all(each.dtype == torch.float32 for each in args if isinstance(each, Tensor))
        return function(*args, **(kwargs or {}))


def learnt_from(network: Network, *, mixed: bool) -> tuple[float, Tensor]:
    """The loss, and the gradient of the last layer."""
    network.zero_grad()
    with Refused(), torch.autocast("cpu", torch.bfloat16, enabled=mixed):
        loss = Supervised()(network, BATCH)["loss"]
    loss.backward()
    last = network.last_layer
    return loss.item(), torch.cat([last.weight.grad.flatten(), last.bias.grad])


@pytest.mark.parametrize(("name", "activation"), CASES)
def test_what_is_all_but_certain_is_learnt_from_as_in_float32(name: str, activation: str) -> None:
    torch.manual_seed(0)
    network = build(name, 3).eval()
    network.activation = activation
    # Two classes that are sure, neither of which sounds.
    network.last_layer.bias.data = torch.tensor([SURE, SURE, 0.0])
    wanted, gradient = learnt_from(network, mixed=False)
    found, other = learnt_from(network, mixed=True)
    assert found == pytest.approx(wanted, rel=0.01)
    assert (other - gradient).norm() < 0.03 * gradient.norm()
