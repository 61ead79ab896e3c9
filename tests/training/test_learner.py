"""A step: Adam after its formula, micro-batches, mixed precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from tiny_run import CLIPS, Draws, Points, Tiny, loss
from torch import Tensor, nn
from torch.nn import functional

from panns_inference.errors import UsageError
from panns_inference.training import Settings
from panns_inference.training.distributed import ALONE
from panns_inference.training.learner import Learner, micro_batches

WHOLE = slice(CLIPS)


class Plane(nn.Module):
    """Linear, in float64: what a batch gives is the sum of what its clips give."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.weight = nn.Parameter(torch.randn(3, 4, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x.to(self.weight.dtype), self.weight)


def plane_loss(network: Plane, batch: Points) -> dict[str, Tensor]:
    return {"loss": (network(batch.x) - batch.y).square().mean()}


def learnt(n_steps: int, **given: Any) -> np.ndarray:
    settings = Settings(seed=1, steps=n_steps, **given)
    learner = Learner(Plane(), plane_loss, settings, ALONE)
    for step, batch in enumerate(Draws().batches(n_steps, WHOLE)):
        learner.step(batch, step)
    return learner.network.weight.detach().numpy()


def gradient(weight: np.ndarray, batch: Points) -> np.ndarray:
    x, y = (each.numpy().astype(np.float64) for each in batch)
    return 2 * (x @ weight.T - y).T @ x / y.size


def adam(n_steps: int, rate: float) -> np.ndarray:
    """Adam with amsgrad, as Reddi, Kale and Kumar define it, and corrections of the bias."""
    weight = Plane().weight.detach().numpy().copy()
    first, second, most = np.zeros_like(weight), np.zeros_like(weight), np.zeros_like(weight)
    for t, batch in enumerate(Draws().batches(n_steps, WHOLE), 1):
        g = gradient(weight, batch)
        first = 0.9 * first + 0.1 * g
        second = 0.999 * second + 0.001 * g**2
        most = np.maximum(most, second)
        corrected = np.sqrt(most / (1 - 0.999**t)) + 1e-8
        weight -= rate * first / (1 - 0.9**t) / corrected
    return weight


def test_the_optimizer_is_that_of_the_paper_unless_another_one_is_given() -> None:
    np.testing.assert_allclose(learnt(40), adam(40, 1e-3), rtol=1e-9)
    np.testing.assert_allclose(learnt(40, learning_rate=0.1), adam(40, 0.1), rtol=1e-9)


def test_adamw_lets_weights_decay_apart_from_the_gradient() -> None:
    # In the first step, Adam takes the sign of the gradient.
    begun, batch = Plane().weight.detach().numpy(), next(Draws().batches(1, WHOLE))
    expected = begun * (1 - 0.1 * 0.5) - 0.1 * np.sign(gradient(begun, batch))
    found = learnt(1, optimizer="adamw", learning_rate=0.1, weight_decay=0.5)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("number", [2, 4, 8])
def test_micro_batches_give_the_gradient_of_the_whole(number: int) -> None:
    np.testing.assert_allclose(learnt(5, accumulate=number), learnt(5), rtol=1e-12)


def test_the_terms_of_a_step_are_those_of_the_whole_batch() -> None:
    settings = Settings(seed=1, steps=1, accumulate=4)
    learner = Learner(Plane(), plane_loss, settings, ALONE)
    batch = next(Draws().batches(1, WHOLE))
    before = float(plane_loss(learner.network, batch)["loss"].detach())
    terms = learner.step(batch, 0)
    assert terms.keys() == {"loss"}
    assert float(terms["loss"]) == pytest.approx(before, rel=1e-12)
    assert not terms["loss"].requires_grad


def test_gradients_are_limited() -> None:
    settings = Settings(seed=1, steps=1, gradient_norm=1e-3)
    learner = Learner(Plane(), plane_loss, settings, ALONE)
    learner.step(next(Draws().batches(1, WHOLE)), 0)
    assert float(learner.network.weight.grad.norm()) == pytest.approx(1e-3, rel=1e-3)


def test_a_batch_that_does_not_divide_is_refused() -> None:
    batch = next(Draws().batches(1, WHOLE))
    with pytest.raises(UsageError, match="a batch of 16 clips has no 3 equal micro-batches"):
        list(micro_batches(batch, 3))


def test_mixed_precision_computes_in_bfloat16_and_learns_in_float32() -> None:
    seen = []

    def watched(network: Tiny, batch: Points) -> dict[str, Tensor]:
        seen.append(network(batch.x).dtype)
        return loss(network, batch)

    batch = next(Draws().batches(1, WHOLE))
    weights = {}
    for autocast in ("", "bfloat16"):
        settings = Settings(seed=1, steps=1, learning_rate=0.01, autocast=autocast)
        learner = Learner(Tiny(), watched, settings, ALONE)
        learner.step(batch, 0)
        weights[autocast] = learner.network.last.weight.detach()
    assert seen == [torch.float32, torch.bfloat16]
    assert {each.dtype for each in weights.values()} == {torch.float32}
    torch.testing.assert_close(weights[""], weights["bfloat16"], rtol=0, atol=0.021)
    assert not torch.equal(weights[""], weights["bfloat16"])


def test_float16_is_for_gpus() -> None:
    settings = Settings(seed=1, steps=1, autocast="float16")
    with pytest.raises(UsageError, match="autocast='float16' needs a GPU: take 'bfloat16'"):
        Learner(Tiny(), loss, settings, ALONE)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"optimizer": "sgd"}, "optimizer must be one of 'adam', 'adamw', not 'sgd'"),
        ({"autocast": "half"}, "autocast must be one of '', 'bfloat16', 'float16', not 'half'"),
        ({"accumulate": 0}, "accumulate must be 1 or more, not 0"),
        ({"evaluation_interval": 0}, "evaluation_interval must be 1 or more, not 0"),
    ],
)
def test_settings_that_make_no_sense_are_named(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Settings(seed=1, steps=1, **wrong)


@pytest.mark.cuda
@pytest.mark.parametrize("autocast", ["", "bfloat16", "float16"])
def test_a_gpu_learns_what_a_cpu_learns(autocast: str) -> None:
    from panns_inference.training import Processes

    found = []
    for processes, precision in ((ALONE, ""), (Processes(torch.device("cuda")), autocast)):
        settings = Settings(seed=1, steps=20, accumulate=2, autocast=precision, gradient_norm=1.0)
        learner = Learner(Tiny(), loss, settings, processes)
        for step, batch in enumerate(Draws().batches(20, WHOLE)):
            learner.step(batch, step)
        found.append(learner.network.last.weight.detach().cpu())
        assert bool(learner.state_dict()["scaler"]) == (precision == "float16")
    torch.testing.assert_close(*found, rtol=0, atol=2e-3 if autocast else 1e-4)
