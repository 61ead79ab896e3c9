"""The engine of a module: its fast form where there is one, and always the module as it is now."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from panns_inference import AudioTagging, UsageError
from panns_inference.engine import Engine
from panns_inference.engine.cpu import onednn
from panns_inference.engine.fingerprint import Fingerprint
from panns_inference.engine.schedule import schedule_of
from panns_inference.engine.torch_engine import TorchEngine
from panns_inference.models import PannsMini, build

CLIP = np.random.default_rng(3).normal(0, 0.1, (2, 40_000)).astype(np.float32)


@pytest.fixture
def tagger() -> AudioTagging:
    return AudioTagging("PannsMini", device="cpu")


def plain(network: nn.Module, name: str = "clipwise_output") -> NDArray[np.float32]:
    with torch.no_grad():
        found: NDArray[np.float32] = network(torch.from_numpy(CLIP), None)[name].numpy()
    return found


def test_the_fast_form_computes(tagger: AudioTagging) -> None:
    assert isinstance(tagger.engine, TorchEngine)
    assert tagger.engine.fast is not tagger.model
    found, embedding = tagger.inference(CLIP)
    np.testing.assert_allclose(found, plain(tagger.model), rtol=0, atol=1e-5)
    np.testing.assert_allclose(embedding, plain(tagger.model, "embedding"), rtol=0, atol=1e-4)


class Halved(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.inner(x) * 0.5
        return y


def scaled(network: PannsMini) -> None:
    with torch.no_grad():
        network.features[0][0].weight.mul_(0.5)


def loaded(network: PannsMini) -> None:
    network.load_state_dict({k: v * 0.9 for k, v in network.state_dict().items()})


def assigned(network: PannsMini) -> None:
    network.load_state_dict(copy.deepcopy(build("PannsMini")).state_dict(), assign=True)


def another_layer(network: PannsMini) -> None:
    network.features[9].block[1] = copy.deepcopy(network.features[10].block[1])


def another_activation(network: PannsMini) -> None:
    network.features[0][2] = nn.Hardtanh()


def another_activation_in_a_block(network: PannsMini) -> None:
    network.features[5].block[0][2] = nn.Hardtanh()


def another_context(network: PannsMini) -> None:
    network.features[11].block[2].context = 1


def a_wrapped_convolution(network: PannsMini) -> None:
    network.features[8].block[0][0] = Halved(network.features[8].block[0][0])


def a_wrapped_squeeze(network: PannsMini) -> None:
    network.features[5].block[2] = Halved(network.features[5].block[2])


def a_wrapped_layer_of_a_squeeze(network: PannsMini) -> None:
    network.features[5].block[2].fc1 = Halved(network.features[5].block[2].fc1)


def another_padding(network: PannsMini) -> None:
    settings = {"padding": 1, "padding_mode": "circular", "bias": False, "groups": 80}
    network.features[8].block[1][0] = nn.Conv2d(80, 80, 3, **settings)


def norms_of_the_batch(network: PannsMini) -> None:
    network.features[0][1] = nn.BatchNorm2d(8, track_running_stats=False)


def another_front_end(network: PannsMini) -> None:
    network.logmel_extractor = Halved(network.logmel_extractor)


def another_head(network: PannsMini) -> None:
    network.fc_audioset = nn.Sequential(network.fc_audioset, nn.Tanh())


def a_buffer(network: PannsMini) -> None:
    network.features[0][1].running_mean.add_(1.0)


def a_hook(network: PannsMini) -> None:
    network.features[5].register_forward_hook(lambda _module, _given, image: image * 0.5)


def a_method(network: PannsMini) -> None:
    block: Any = network.features[5]
    forward = block.forward
    block.forward = lambda image: forward(image) * 0.5


def trained(network: PannsMini) -> None:
    optimiser = torch.optim.SGD(network.parameters(), 0.1)
    network.train()(torch.from_numpy(CLIP))["clipwise_output"].sum().backward()
    optimiser.step()


CHANGES = [
    scaled,
    loaded,
    assigned,
    another_layer,
    another_activation,
    another_activation_in_a_block,
    another_context,
    a_wrapped_convolution,
    a_wrapped_squeeze,
    a_wrapped_layer_of_a_squeeze,
    another_padding,
    norms_of_the_batch,
    another_front_end,
    another_head,
    a_buffer,
    a_hook,
    a_method,
    trained,
]


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_in_the_module_changes_the_outputs(
    tagger: AudioTagging, change: Callable[[nn.Module], None]
) -> None:
    before, _ = tagger.inference(CLIP)
    change(tagger.model)
    found, _ = tagger.inference(CLIP)
    assert np.abs(found - before).max() > 1e-4
    np.testing.assert_allclose(found, plain(tagger.model), rtol=0, atol=1e-5)


def test_a_call_looks_once_whether_the_module_has_changed(
    tagger: AudioTagging, monkeypatch: pytest.MonkeyPatch
) -> None:
    def walked(*_: object, **__: object) -> None:
        pytest.fail("the tree of modules is walked")

    tagger.inference(CLIP)
    looks: list[Fingerprint] = []
    look = Fingerprint._look
    monkeypatch.setattr(Fingerprint, "_look", lambda self: looks.append(self) or look(self))
    for name in ("named_modules", "named_children", "train", "eval"):
        monkeypatch.setattr(nn.Module, name, walked)
    tagger.inference(CLIP)
    assert len(looks) == 1


def test_a_layer_in_training_mode_is_put_back(tagger: AudioTagging) -> None:
    a_hook(tagger.model)  # so that the network itself computes
    expected, _ = tagger.inference(CLIP)
    tagger.model.features[2].train()
    found, _ = tagger.inference(CLIP)
    np.testing.assert_array_equal(found, expected)
    assert not tagger.model.features[2].training


def test_an_engine_without_a_schedule_is_called_by_one_thread_with_one_clip() -> None:
    engine = cast(Engine, object())
    assert schedule_of(engine)[:2] == (1, 0.0)
    schedule_of(engine).enter_worker(1)


def test_what_does_not_change_is_made_once(tagger: AudioTagging) -> None:
    engine = tagger.engine
    tagger.inference(CLIP)
    tagger.model.requires_grad_(False)
    assert tagger.engine is engine


def test_the_module_stays_as_it_was(tagger: AudioTagging) -> None:
    before = {key: value.clone() for key, value in tagger.model.state_dict().items()}
    tagger.inference(CLIP)
    assert all(torch.equal(v, before[k]) for k, v in tagger.model.state_dict().items())
    assert type(tagger.model) is PannsMini
    tagger.model.train()
    tagger.model(torch.from_numpy(CLIP))["clipwise_output"].sum().backward()
    assert all(p.grad is not None for p in tagger.model.fc1.parameters())


def test_what_is_not_finite_is_no_number(tagger: AudioTagging) -> None:
    waveforms = CLIP.copy()
    waveforms[1, 20_000] = np.nan
    found, _ = tagger.inference(waveforms)
    assert not np.isnan(found[0]).any()
    assert np.isnan(found[1]).all()


class OwnForward(PannsMini):
    def forward(self, input: Tensor, mixup_lambda: Tensor | None = None) -> dict[str, Tensor]:
        return {k: v * 0.5 for k, v in super().forward(input, mixup_lambda).items()}


def test_a_forward_pass_of_ones_own_is_called_itself(tagger: AudioTagging) -> None:
    own = OwnForward(**asdict(PannsMini.published), classes_num=527)
    own.load_state_dict(tagger.model.state_dict())
    found, _ = AudioTagging(own, device="cpu", pretrained=False, verbose=False).inference(CLIP)
    np.testing.assert_array_equal(found, plain(own.eval()))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"precision": "fp16"}, "precision='fp16' needs a GPU"),
        ({"precision": "int8"}, "panns export MODEL --to onnx --int8 --calibrate DIR"),
        ({"precision": "double"}, "precision must be 'float32' or 'bf16', not 'double'"),
        ({"memory": "tiny"}, "memory must be 'default' or 'small', not 'tiny'"),
    ],
)
def test_refusals(given: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message.replace("(", r"\(")):
        AudioTagging("PannsMini", device="cpu", **given)


def test_a_precision_that_would_not_be_used_is_refused(
    tagger: AudioTagging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onednn, "has_bf16", lambda: True)  # it is not put to the test
    a_hook(tagger.model)
    with pytest.raises(UsageError, match="computes as it was made to"):
        AudioTagging(tagger.model, device="cpu", pretrained=False, precision="bf16")


@pytest.mark.parametrize("threads", [0, -1])
def test_no_threads_are_refused(threads: int) -> None:
    with pytest.raises(UsageError, match=f"threads={threads} is no number of cores"):
        AudioTagging("PannsMini", device="cpu", threads=threads)


def test_more_workers_than_cores(tagger: AudioTagging) -> None:
    before = torch.get_num_threads()
    try:
        tagger.engine.schedule.enter_worker(64)
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


def test_threads() -> None:
    before = torch.get_num_threads()
    try:
        tagger = AudioTagging("PannsMini", device="cpu", threads=1)
        assert torch.get_num_threads() == 1
        assert tagger.engine.schedule.workers == 1
    finally:
        torch.set_num_threads(before)
