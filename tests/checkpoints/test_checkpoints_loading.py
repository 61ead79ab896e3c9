"""Weights onto networks: which fit, and which do not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from filled import by_torch, on_meta, outputs, save_stream, zeros
from reference import weights
from reference.stored import REFERENCE
from torch import nn

from panns_inference.checkpoints import identify, load
from panns_inference.errors import CheckpointError
from panns_inference.models import build

SMALL = ("Cnn6", "MobileNetV1", "LeeNet11")


# What fits -------------------------------------------------------------------------------------


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "stream"])
@pytest.mark.parametrize("name", SMALL)
def test_onto_a_network_without_memory(tmp_path: Path, name: str, zipped: bool) -> None:
    expected = by_torch(name, weights.state(name))
    path = tmp_path / "weights.pth"
    torch.save({"model": weights.state(name)}, path, _use_new_zipfile_serialization=zipped)
    network = on_meta(name)
    assert load(network, path) is network
    found = network.state_dict()
    assert list(found) == list(expected.state_dict())
    assert all(torch.equal(found[key], value) for key, value in expected.state_dict().items())
    assert [p.requires_grad for p in network.parameters()] == [
        p.requires_grad for p in expected.parameters()
    ]
    given = outputs(network)
    for output, value in outputs(expected).items():
        assert torch.equal(given[output], value)


def test_a_published_file_against_torch(leenet11: Path) -> None:
    content = torch.load(leenet11, weights_only=True, map_location="cpu")
    expected = by_torch("LeeNet11", content["model"])
    for network in (on_meta("LeeNet11"), build("LeeNet11")):
        found = outputs(load(network, leenet11))
        for output, value in outputs(expected).items():
            assert torch.equal(found[output], value)


@pytest.mark.parametrize("name", list(REFERENCE))
def test_a_state_dict_holds_all_that_a_network_needs(name: str) -> None:
    """Nothing can stay without memory once all keys are loaded."""
    network = on_meta(name)
    held = dict(network.named_parameters()) | dict(network.named_buffers())
    assert held.keys() == network.state_dict().keys()


def test_a_network_used_before_it_had_memory_computes_right(
    checkpoints: Callable[[str], Path],
) -> None:
    """What the front-end found out about its filters must not outlive them."""
    network = on_meta("Cnn6").eval()
    network(torch.zeros(1, 32_000, device="meta"))
    expected = load(on_meta("Cnn6"), checkpoints("Cnn6"))
    found = outputs(load(network, checkpoints("Cnn6")))
    # Bit for bit: a front-end that still convolved would differ.
    assert torch.equal(found["embedding"], outputs(expected)["embedding"])


def test_a_network_in_use_takes_other_weights(checkpoints: Callable[[str], Path]) -> None:
    network = build("Cnn6").eval()
    before = outputs(network)["clipwise_output"]
    parameter = network.fc1.weight
    load(network, checkpoints("Cnn6"))
    assert network.fc1.weight is parameter
    after = outputs(network)["clipwise_output"]
    assert not torch.equal(before, after)
    assert torch.equal(
        after, outputs(load(on_meta("Cnn6"), checkpoints("Cnn6")))["clipwise_output"]
    )


@pytest.mark.parametrize("make", [build, on_meta])
def test_half_precision_becomes_single(tmp_path: Path, make: Callable[[str], Any]) -> None:
    state = weights.state("LeeNet11")
    half = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
    torch.save(half, tmp_path / "half.pth")
    found = load(make("LeeNet11"), tmp_path / "half.pth").state_dict()
    for key, value in half.items():
        assert found[key].dtype == state[key].dtype
        assert torch.equal(found[key], value.to(found[key].dtype))


@pytest.mark.parametrize("make", [build, on_meta])
def test_the_file_may_be_replaced_while_the_network_is_used(
    tmp_path: Path, make: Callable[[str], Any]
) -> None:
    path = tmp_path / "mine.pth"
    torch.save(weights.state("LeeNet11"), path)
    network = load(make("LeeNet11"), path)
    before = outputs(network)["clipwise_output"]
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
    assert torch.equal(outputs(network)["clipwise_output"], before)
    torch.save({"model": network.state_dict()}, path)
    assert torch.equal(outputs(load(on_meta("LeeNet11"), path))["clipwise_output"], before)


def test_the_file_is_only_read(
    leenet11: Path, tmp_path: Path, checkpoints: Callable[[str], Path]
) -> None:
    for source in (leenet11, checkpoints("Cnn6")):
        path = tmp_path / source.name
        shutil.copyfile(source, path)
        path.chmod(0o444)
        before = path.read_bytes(), path.stat().st_mtime_ns
        network = load(on_meta(identify(path)), path)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.zero_()
        assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["Cnn6.pth", leenet11.name]


def test_a_module_of_ones_own(tmp_path: Path) -> None:
    torch.manual_seed(0)
    saved, module = nn.Linear(3, 2), nn.Linear(3, 2).double()
    torch.save({"state_dict": saved.state_dict()}, tmp_path / "linear.pth")
    assert load(module, tmp_path / "linear.pth") is module
    assert module.weight.dtype == torch.float64
    assert torch.equal(module.weight, saved.weight.double())


def test_another_number_of_classes(tmp_path: Path) -> None:
    path = save_stream(zeros("LeeNet11", 10), tmp_path / "tuned.pth")
    network = load(on_meta("LeeNet11", 10), path)
    assert outputs(network)["clipwise_output"].shape == (1, 10)


# What does not ---------------------------------------------------------------------------------


def test_missing_extra_and_reshaped_keys(tmp_path: Path) -> None:
    state = weights.state("LeeNet11")
    del state["fc1.bias"]
    state["fc1.weight"] = torch.zeros(5, 256)
    state["extra"] = torch.zeros(1)
    path = tmp_path / "mine.pth"
    torch.save(state, path)
    network = build("LeeNet11")
    before = {key: value.clone() for key, value in network.state_dict().items()}
    with pytest.raises(CheckpointError, match="does not fit") as error:
        load(network, path)
    assert isinstance(error.value, RuntimeError)
    assert str(error.value).splitlines() == [
        f"{path} does not fit LeeNet11:",
        "  missing: fc1.bias",
        "  not expected: extra",
        "  of another shape: fc1.weight (5, 256), expected (512, 256)",
        "it fits none of the networks of this package",
    ]
    assert all(torch.equal(network.state_dict()[key], value) for key, value in before.items())


def test_a_checkpoint_of_another_network(
    leenet11: Path, checkpoints: Callable[[str], Path]
) -> None:
    with pytest.raises(CheckpointError, match="it fits LeeNet11 with 527 classes"):
        load(on_meta("Cnn6"), leenet11)
    with pytest.raises(CheckpointError, match=r"missing: (\S+; ){5}\S+ and \d+ more\n") as error:
        load(on_meta("LeeNet11"), checkpoints("MobileNetV1"))
    assert "it fits MobileNetV1 with 527 classes" in str(error.value)


@pytest.mark.parametrize("name", ["LeeNet11", "Cnn14_DecisionLevelAtt"])
def test_a_checkpoint_of_other_classes(tmp_path: Path, name: str) -> None:
    path = save_stream(zeros(name, 10), tmp_path / "tuned.pth")
    message = r"it has 10 classes, expected 527: build\(\.\.\., classes_num=10\) makes"
    with pytest.raises(CheckpointError, match=message):
        load(on_meta(name), path)
    with pytest.raises(CheckpointError, match=f"it fits {name} with 10 classes"):
        load(on_meta("Cnn6"), path)


@pytest.mark.parametrize("name", ["Cnn14_16k", "Cnn14_mel32", "Cnn14_emb512"])
def test_another_front_end_or_embedding_is_told_apart(tmp_path: Path, name: str) -> None:
    path = save_stream(zeros(name), tmp_path / "mine.pth")
    with pytest.raises(CheckpointError, match=f"it fits {name} with 527 classes"):
        load(on_meta("Cnn14"), path)
    assert identify(path) == name
