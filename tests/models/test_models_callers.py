"""How scripts use the networks: built, taken apart, derived from, copied, stored, compiled."""

from __future__ import annotations

import copy
import io
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from reference import formulas
from torch import Tensor, nn
from torch.nn import functional

from panns_inference.models import (
    Cnn6,
    Cnn14,
    Cnn14_DecisionLevelMax,
    ConvBlock,
    Network,
    build,
    do_mixup,
    init_bn,
    init_layer,
    network_class,
)
from panns_inference.registry import NETWORKS

SETTINGS = {
    "sample_rate": 32000,
    "window_size": 1024,
    "hop_size": 320,
    "mel_bins": 64,
    "fmin": 50,
    "fmax": 14000,
    "classes_num": 527,
}

Filled = Callable[[str], Network]


@pytest.fixture
def waveforms() -> Tensor:
    return torch.from_numpy(formulas.batch(16000, 32000))


def difference(outputs: dict[str, Tensor], wanted: dict[str, Tensor]) -> float:
    """Largest difference of a probability."""
    pair = outputs["clipwise_output"].float(), wanted["clipwise_output"]
    return (pair[0] - pair[1]).abs().max().item()


# Construction


@pytest.mark.parametrize("name", NETWORKS)
def test_constructors_take_seven_arguments_by_position_or_name(name: str) -> None:
    network = network_class(name)
    with torch.device("meta"):
        published = {**SETTINGS, **vars(network.published)}
        by_position, by_name = network(*published.values()), network(**published)
    assert by_position.state_dict().keys() == by_name.state_dict().keys()
    with pytest.raises(TypeError, match="classes_num"):
        network(*list(published.values())[:6])


def test_decision_level_networks_take_a_mode_and_know_their_ratio() -> None:
    with torch.device("meta"):
        network = Cnn14_DecisionLevelMax(**SETTINGS, interpolate_mode="nearest")
    assert network.interpolate_ratio == 32


def test_linear_frames_meet_the_nearest_ones_at_the_segments(
    filled: Filled, waveforms: Tensor
) -> None:
    network = filled("Cnn14_DecisionLevelMax")
    with torch.device("meta"):
        linear = build("Cnn14_DecisionLevelMax", interpolate_mode="linear").eval()
    linear.load_state_dict(network.state_dict(), assign=True)
    with torch.no_grad():
        outputs = [each(waveforms.repeat(1, 2)) for each in (network, linear)]
    steps, lines = (each["framewise_output"] for each in outputs)
    assert steps.shape == lines.shape == (2, 101, 527)
    segments = [0, 32, 64, 100]
    torch.testing.assert_close(lines[:, segments], steps[:, segments])
    torch.testing.assert_close(lines[:, 48], lines[:, [32, 64]].mean(dim=1))


@pytest.mark.parametrize(("fmin", "fmax"), [(0, 16000), (50, 8000)])
def test_other_front_ends_can_be_asked_for(fmin: int, fmax: int) -> None:
    given = {**SETTINGS, "window_size": 512, "hop_size": 160, "fmin": fmin, "fmax": fmax}
    network = Cnn6(**given).eval()
    assert network.logmel_extractor.melW.shape == (257, 64)
    with torch.no_grad():
        assert network(torch.zeros(1, 16000))["clipwise_output"].shape == (1, 527)


# Parts


def test_parts_have_their_published_names(filled: Filled, waveforms: Tensor) -> None:
    """The forward pass of CNN6, written with its parts as an old script would."""
    network = filled("Cnn6")
    with torch.no_grad():
        x = network.logmel_extractor(network.spectrogram_extractor(waveforms))
        assert x.shape == (2, 1, 51, 64)
        x = network.bn0(x.transpose(1, 3)).transpose(1, 3)
        x = network.spec_augmenter(x)
        for number in (1, 2, 3, 4):
            block = getattr(network, f"conv_block{number}")
            x = block(x, pool_size=(2, 2), pool_type="avg")
        x = x.mean(dim=3)
        x = x.max(dim=2).values + x.mean(dim=2)
        embedding = functional.relu_(network.fc1(x))
        wanted = torch.sigmoid(network.fc_audioset(embedding))
        outputs = network(waveforms)
    torch.testing.assert_close(outputs["clipwise_output"], wanted)
    torch.testing.assert_close(outputs["embedding"], embedding)


def test_last_layer_can_be_replaced_and_the_one_before_hooked(
    filled: Filled, waveforms: Tensor
) -> None:
    network, heard = filled("Cnn6"), []
    network.fc_audioset = nn.Linear(512, 3)
    network.fc1.register_forward_hook(lambda layer, inputs, output: heard.append(output))
    outputs = network(waveforms)
    assert outputs["clipwise_output"].shape == (2, 3)
    assert torch.equal(heard[0].clamp(min=0), outputs["embedding"])


class Transfer(Cnn14):
    """A class of its own for another task: settings fixed, a layer more, an argument more."""

    def __init__(self, classes: int) -> None:
        super().__init__(32000, 1024, 320, 64, 50, 14000, 527)
        self.fc_transfer = nn.Linear(2048, classes)
        init_layer(self.fc_transfer)

    def forward(
        self, input: Tensor, mixup_lambda: Tensor | None = None, temperature: float = 1.0
    ) -> dict[str, Tensor]:
        outputs = super().forward(input, mixup_lambda)
        logits = self.fc_transfer(outputs["embedding"]) / temperature
        return {**outputs, "clipwise_output": torch.log_softmax(logits, dim=-1)}


def test_a_derived_class_adds_a_layer_and_an_argument(filled: Filled, waveforms: Tensor) -> None:
    network, base = Transfer(10).eval(), filled("Cnn14")
    missing = network.load_state_dict(base.state_dict(), strict=False)
    assert missing.missing_keys == ["fc_transfer.weight", "fc_transfer.bias"]
    assert missing.unexpected_keys == []
    with torch.no_grad():
        outputs, wanted = network(waveforms, None, temperature=2.0), base(waveforms)
        logits = network.fc_transfer(wanted["embedding"]) / 2
    torch.testing.assert_close(outputs["clipwise_output"], logits.log_softmax(dim=1))
    assert network.train()(waveforms, torch.tensor([0.5, 0.5]))["clipwise_output"].shape == (1, 10)


class Recurrent(Cnn6):
    """A class of its own whose forward pass is written anew."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conv_block5 = ConvBlock(512, 32)
        self.gru = nn.GRU(32, 16, batch_first=True)
        self.bn_out = nn.BatchNorm1d(16)
        init_bn(self.bn_out)

    def forward(self, input: Tensor, mixup_lambda: Tensor | None = None) -> dict[str, Tensor]:
        x = self.logmel_extractor(self.spectrogram_extractor(input))
        x = self.bn0(x.transpose(1, 3)).transpose(1, 3)
        if self.training:
            x = self.spec_augmenter(x)
        if self.training and mixup_lambda is not None:
            x = do_mixup(x, mixup_lambda)
        for number in range(1, 6):
            x = getattr(self, f"conv_block{number}")(x, pool_size=(2, 2), pool_type="avg+max")
        x, _ = self.gru(x.mean(dim=3).transpose(1, 2))
        return {"clipwise_output": torch.sigmoid(self.bn_out(x[:, -1]))}


def test_a_derived_class_writes_its_own_forward_pass(waveforms: Tensor) -> None:
    network = Recurrent(**SETTINGS).train()
    outputs = network(waveforms.repeat(2, 2), torch.tensor([0.2, 0.8, 0.5, 0.5]))
    outputs["clipwise_output"].sum().backward()
    assert outputs["clipwise_output"].shape == (2, 16)
    assert network.conv_block1.conv1.weight.grad.abs().max() > 0


def test_a_derived_class_draws_its_own_initial_values() -> None:
    class Zeroed(Cnn6):
        def init_weight(self) -> None:
            super().init_weight()
            nn.init.zeros_(self.fc_audioset.weight)

    network = Zeroed(**SETTINGS)
    assert not network.fc_audioset.weight.any()
    assert network.fc1.weight.any()


# Copies, files, devices and types


def test_state_dict_goes_there_and_back(filled: Filled, waveforms: Tensor) -> None:
    first, second = filled("MobileNetV2"), build("MobileNetV2").eval()
    with torch.no_grad():
        wanted = first(waveforms)
        assert difference(second(waveforms), wanted) > 1e-3
        second.load_state_dict(first.state_dict())
        assert difference(second(waveforms), wanted) == 0


def stored(network: Network) -> Network:
    file = io.BytesIO()
    torch.save(network, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


@pytest.mark.parametrize("copied", [copy.deepcopy, stored])
def test_copies_compute_the_same_and_are_apart(
    copied: Callable[[Network], Network], filled: Filled, waveforms: Tensor
) -> None:
    network = filled("Cnn6")
    with torch.no_grad():
        wanted = network(waveforms)
        twin = copied(network)
        assert difference(twin(waveforms), wanted) == 0
        twin.spectrogram_extractor.stft.conv_real.weight.zero_()
        assert difference(twin(waveforms), wanted) > 1e-3
        assert difference(network(waveforms), wanted) == 0


def test_a_network_emptied_and_refilled_uses_its_new_filters(
    filled: Filled, waveforms: Tensor
) -> None:
    """Memory and identity of the old filters are free to be taken by the new ones."""
    network = filled("Cnn6")
    state = {key: value.clone() for key, value in network.state_dict().items()}
    state["spectrogram_extractor.stft.conv_imag.weight"].zero_()
    with torch.no_grad():
        before = network(waveforms)
        network.to("meta").to_empty(device="cpu").load_state_dict(state)
        after = network(waveforms)
    fresh = build("Cnn6").eval()
    fresh.load_state_dict(state)
    with torch.no_grad():
        assert difference(after, fresh(waveforms)) == 0
        assert difference(after, before) > 1e-3


@pytest.mark.parametrize("name", ["Cnn6", "MobileNetV2"])
@pytest.mark.parametrize(
    ("dtype", "limit"), [(torch.float64, 2e-6), (torch.float16, 3e-3), (torch.bfloat16, 3e-2)]
)
def test_networks_of_other_types_take_float32_waveforms(
    name: str, dtype: torch.dtype, limit: float, filled: Filled, waveforms: Tensor
) -> None:
    network = filled(name)
    with torch.no_grad():
        wanted = network(waveforms)
        outputs = network.to(dtype)(waveforms)
    assert outputs["clipwise_output"].dtype == dtype
    assert difference(outputs, wanted) < limit


def test_replicas_of_data_parallel_compute_the_same(filled: Filled, waveforms: Tensor) -> None:
    """A replica has plain tensors where the network has parameters."""
    network = filled("Cnn6")
    with torch.no_grad():
        wanted = network(waveforms)
        assert difference(nn.DataParallel(network)(waveforms), wanted) == 0
        replica = replicated(network)
        assert list(replica.parameters()) == []
        assert difference(replica(waveforms), wanted) == 0


def replicated(network: nn.Module) -> nn.Module:
    """What `torch.nn.parallel.replicate` makes of a network on each GPU."""
    replica = network._replicate_for_data_parallel()
    for name, child in network.named_children():
        setattr(replica, name, replicated(child))
    for name, parameter in network._parameters.items():
        setattr(replica, name, None if parameter is None else parameter.detach().clone())
    return replica


# Tracing and compilation


def test_compiled_in_one_graph(filled: Filled, waveforms: Tensor) -> None:
    network = filled("Cnn6")
    compiled = torch.compile(network, backend="eager", fullgraph=True)
    with torch.no_grad():
        assert difference(compiled(waveforms), network(waveforms)) < 1e-6


def test_exported(filled: Filled, waveforms: Tensor) -> None:
    network = filled("Cnn6")
    exported = torch.export.export(network, (waveforms,)).module()
    with torch.no_grad():
        assert difference(exported(waveforms), network(waveforms)) < 1e-6


@pytest.mark.parametrize("used", [False, True])
def test_traced(used: bool, filled: Filled, waveforms: Tensor) -> None:
    network = filled("Cnn6")
    with warnings.catch_warnings(), torch.no_grad():
        # A trace holds for one length, which torch says; newer ones say that tracing is old.
        warnings.simplefilter("ignore")
        if used:
            network(waveforms)
        traced = torch.jit.trace(network, waveforms, strict=False)
        network.spectrogram_extractor.stft.conv_real.weight.mul_(0.5)
        assert difference(traced(waveforms), network(waveforms)) < 1e-6


def test_differentiated_by_function(filled: Filled, waveforms: Tensor) -> None:
    network = filled("Cnn6")
    parameters = dict(network.named_parameters())

    def loss(parameters: dict[str, Tensor]) -> Tensor:
        outputs = torch.func.functional_call(network, parameters, (waveforms,))
        return outputs["clipwise_output"].sum()

    gradients = torch.func.grad(loss)(parameters)
    loss(parameters).backward()
    torch.testing.assert_close(gradients["fc1.weight"], network.fc1.weight.grad)
