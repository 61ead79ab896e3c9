"""Each network against the schema of the reference's class, and against the paper's tables."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from reference.stored import REFERENCE, schemas, table
from torch import nn

from panns_inference.errors import UsageError
from panns_inference.models import (
    Cnn6,
    Cnn14_16k,
    Network,
    build,
    multi_adds,
    network_class,
    parameters,
)


def on_meta(name: str, **settings: Any) -> Network:
    with torch.device("meta"):
        return build(name, **settings)


@pytest.mark.parametrize("name", REFERENCE)
def test_state_dict_has_the_published_keys_order_shapes_and_types(name: str) -> None:
    network = on_meta(name)
    state = [
        [key, list(value.shape), str(value.dtype).removeprefix("torch.")]
        for key, value in network.state_dict().items()
    ]
    assert state == schemas()[name]["state"]


@pytest.mark.parametrize("name", REFERENCE)
def test_frozen_parameters_and_buffers_are_the_published_ones(name: str) -> None:
    network, wanted = on_meta(name), schemas()[name]
    frozen = [key for key, value in network.named_parameters() if not value.requires_grad]
    assert frozen == wanted["frozen"]
    assert sorted(key for key, _ in network.named_buffers()) == sorted(wanted["buffers"])


@pytest.mark.parametrize("name", REFERENCE)
def test_published_settings_are_the_arguments_of_the_reference(name: str) -> None:
    arguments = schemas()[name]["arguments"]
    given = {
        key: getattr(network_class(name).published, key) for key in arguments if key[:2] != "cl"
    }
    assert {**given, "classes_num": 527} == arguments


@pytest.mark.parametrize("name", REFERENCE)
def test_parameters_and_multi_adds_are_those_of_the_reference(name: str) -> None:
    network, wanted = on_meta(name), schemas()[name]
    assert parameters(network) == wanted["parameters_trainable"]
    assert parameters(network, trainable=False) == wanted["parameters_total"]
    assert multi_adds(network) == wanted["multi_adds_10s"]


def test_parameters_and_multi_adds_are_those_of_the_paper() -> None:
    rows = table("paper.csv")
    assert len(rows) == 15
    for name, row in rows.items():
        network = on_meta(name)
        assert parameters(network) == int(row["parameters"]), name
        assert round(multi_adds(network) / 1e9, 3) == float(row["multi_adds"]), name


def test_multi_adds_count_another_length_and_leave_the_network_as_it_was() -> None:
    network = build("Cnn6").train()
    network.bn0.eval()
    short, long = multi_adds(network, 1.0), multi_adds(network, 10.0)
    assert 9 < long / short < 11
    assert network.training
    assert not network.bn0.training
    assert not network.fc1._forward_hooks


def test_multi_adds_of_a_head_without_bias() -> None:
    network = on_meta("LeeNet11")
    cost = multi_adds(network)
    network.fc_audioset = nn.Linear(512, 527, bias=False, device="meta")
    assert cost - multi_adds(network) == 527


@pytest.mark.parametrize("written", ["Cnn14_16k", "cnn14-16K", "CNN14 16k"])
def test_build_takes_a_name_as_people_write_it(written: str) -> None:
    network = on_meta(written, classes_num=10)
    assert type(network) is Cnn14_16k
    assert network.sample_rate == 16000
    assert network.fc_audioset.out_features == 10


def test_build_takes_other_settings() -> None:
    network = on_meta("Cnn6", sample_rate=16000, window_size=512, hop_size=160, fmax=8000)
    assert isinstance(network, Cnn6)
    assert network.spectrogram_extractor.stft.conv_real.weight.shape == (257, 1, 512)
    assert network(torch.zeros(1, 16000, device="meta"))["embedding"].shape == (1, 512)


def test_build_lists_the_nearest_names() -> None:
    with pytest.raises(UsageError, match=r"unknown network 'Cnn15'.*Cnn14"):
        build("Cnn15")


@pytest.mark.parametrize("name", ["Cnn14_16k", "Cnn14_8k"])
def test_networks_for_one_rate_refuse_another(name: str) -> None:
    with pytest.raises(UsageError, match=rf"{name} has one front-end: .*got .*=44100"):
        on_meta(name, sample_rate=44100)
