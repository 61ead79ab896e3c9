"""Weights in the forms in which people save them, written by the tools that do so."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from filled import save_stream, zeros
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from panns_inference import AudioTagging, SoundEventDetection
from panns_inference.checkpoints import check_records, identify, load, read_state
from panns_inference.checkpoints.unwrapping import KEYS, PREFIXES
from panns_inference.errors import CheckpointError, CheckpointWarning, UsageError
from panns_inference.models import build

NOISE = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)


@pytest.fixture(scope="module")
def network() -> Any:
    """A small network of ten classes."""
    torch.manual_seed(0)
    return build("LeeNet11", classes_num=10).eval()


@pytest.fixture(scope="module")
def expected(network: Any) -> Any:
    with torch.no_grad():
        return network(torch.from_numpy(NOISE[None]))["clipwise_output"].numpy()


class Lit(nn.Module):
    """A module around the network, as a LightningModule is."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.model = network


def compiled(network: nn.Module) -> Any:
    """The network as torch.compile wraps it, without the time that its compiler takes."""
    return torch.compile(network, backend="eager")


def lightning(network: nn.Module) -> dict[str, Any]:
    """The entries of a Lightning checkpoint."""
    return {
        "epoch": 3,
        "global_step": 120,
        "pytorch-lightning_version": "2.4.0",
        "state_dict": Lit(network).state_dict(),
        "loops": {"fit_loop": {"state_dict": {}}},
        "callbacks": {"ModelCheckpoint": {"best_model_score": torch.tensor(0.5)}},
        "optimizer_states": [{"state": {0: {"exp_avg": torch.zeros(2)}}, "param_groups": []}],
        "lr_schedulers": [],
        "hyper_parameters": {"lr": 1e-3},
    }


FORMS: dict[str, Callable[[Any], Any]] = {
    "bare": lambda n: n.state_dict(),
    "model": lambda n: {"iteration": 1, "model": n.state_dict()},
    "model_state_dict": lambda n: {"epoch": 1, "model_state_dict": n.state_dict()},
    "net": lambda n: {"net": n.state_dict(), "acc": 0.9},
    "network": lambda n: {"network": n.state_dict()},
    "ema": lambda n: {"ema": n.state_dict(), "optimizer": {"state": {}}},
    "DataParallel": lambda n: nn.DataParallel(n).state_dict(),
    "torch.compile": lambda n: compiled(n).state_dict(),
    "compiled in parallel": lambda n: {"model": nn.DataParallel(compiled(n)).state_dict()},
    "Lightning": lightning,
    "Lightning, compiled": lambda n: lightning(compiled(n)),
    "averaged": lambda n: {"ema": AveragedModel(n).state_dict()},
    "one in the other": lambda n: {"model": {"state_dict": n.state_dict(), "epoch": 1}},
    "twice the same": lambda n: {"model": n.state_dict(), "ema": nn.DataParallel(n).state_dict()},
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_through_the_classes(
    form: str, network: Any, expected: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "mine.ckpt"
    torch.save(FORMS[form](network), path)
    with caplog.at_level(logging.INFO, "panns_inference"):
        tagger = AudioTagging(path, device="cpu", verbose=False)
    assert (tagger.name, tagger.labels) == ("LeeNet11", [f"class {k}" for k in range(10)])
    np.testing.assert_allclose(tagger.inference(NOISE)[0], expected, atol=1e-6)
    said = [each.getMessage() for each in caplog.records if "its weights lie in" in each.message]
    assert len(said) == (form not in ("bare", "model", "twice the same"))


def test_what_was_taken_off_is_said(
    network: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "mine.pth"
    torch.save(FORMS["Lightning, compiled"](network), path)
    with caplog.at_level(logging.INFO, "panns_inference"):
        load(build("LeeNet11", 10), path)
    (line,) = caplog.messages
    assert line == f"{path}: its weights lie in '_orig_mod.' in 'model.' in 'state_dict'"


def test_safetensors(network: Any, expected: Any, tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    state = {key: value.contiguous() for key, value in Lit(network).state_dict().items()}
    safetensors.torch.save_file(state, path)
    tagger = AudioTagging("LeeNet11", path, "cpu")
    before = tagger.inference(NOISE)[0]
    np.testing.assert_allclose(before, expected, atol=1e-6)
    path.write_bytes(bytes(path.stat().st_size))  # nothing hangs on the file
    np.testing.assert_array_equal(AudioTagging.inference(tagger, NOISE)[0], before)
    with pytest.raises(CheckpointError, match="as no weights do"):
        identify(path)


def test_safetensors_without_its_package(
    network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.safetensors"
    safetensors.torch.save_file(dict(network.state_dict()), path)
    monkeypatch.setitem(__import__("sys").modules, "safetensors.torch", None)
    with pytest.raises(UsageError, match=r"pip install 'panns-inference\[safetensors\]'"):
        read_state(path)


class Transfer(nn.Module):
    """The reference's template for fine-tuning."""

    def __init__(self, name: str, classes_num: int) -> None:
        super().__init__()
        self.base = build(name)
        self.fc_transfer = nn.Linear(self.base.embedding_size, classes_num)

    def forward(self, input: Tensor, mixup_lambda: Tensor | None = None) -> dict[str, Tensor]:
        found = self.base(input, mixup_lambda)
        return {
            **found,
            "clipwise_output": torch.log_softmax(self.fc_transfer(found["embedding"]), dim=-1),
        }


@pytest.mark.parametrize("wrap", [lambda m: m, nn.DataParallel], ids=["plain", "parallel"])
def test_the_template_for_fine_tuning(wrap: Any, tmp_path: Path) -> None:
    torch.manual_seed(0)
    tuned = Transfer("LeeNet11", 4).eval()
    path = tmp_path / "tuned.pth"
    torch.save({"iteration": 9, "model": wrap(tuned).state_dict()}, path)
    with torch.no_grad():
        expected = tuned(torch.from_numpy(NOISE[None]))
    tagger = AudioTagging(path, device="cpu", labels=["a", "b", "c", "d"], verbose=False)
    clipwise, embedding = tagger.inference(NOISE)
    np.testing.assert_allclose(clipwise, expected["clipwise_output"].exp(), atol=1e-6)
    np.testing.assert_allclose(embedding, expected["embedding"], atol=1e-5)
    assert clipwise.sum() == pytest.approx(1)
    # A module of the user's own has these keys itself.
    again = Transfer("LeeNet11", 4)
    load(again, path)
    assert torch.equal(again.fc_transfer.weight, tuned.fc_transfer.weight)


def test_a_softmax_over_a_clip_is_none_of_its_segments(tmp_path: Path) -> None:
    state = {f"base.{k}": v for k, v in zeros("Cnn14_DecisionLevelMax").items()}
    layer = {"fc_transfer.weight": torch.zeros(4, 2048), "fc_transfer.bias": torch.zeros(4)}
    path = save_stream({**state, **layer}, tmp_path / "tuned.pth")
    with pytest.raises(CheckpointError, match="decides for each segment"):
        SoundEventDetection("Cnn14_DecisionLevelMax", path, "cpu")
    assert identify(path, "framewise_output") == "Cnn14"


class Own(nn.Module):
    """A module whose parts are called as wrappers are."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.ModuleDict({"base": nn.Linear(3, 2)})


@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.module."])
def test_parts_that_are_called_as_wrappers_are(prefix: str, tmp_path: Path) -> None:
    saved, own = Own(), Own()
    torch.save({prefix + k: v for k, v in saved.state_dict().items()}, tmp_path / "own.pth")
    load(own, tmp_path / "own.pth")
    assert torch.equal(own.net["base"].weight, saved.net["base"].weight)


def test_weights_that_differ_are_refused(network: Any, tmp_path: Path) -> None:
    path = tmp_path / "two.pth"
    other = {key: value + 1 for key, value in network.state_dict().items()}
    torch.save({"model": network.state_dict(), "ema": other}, path)
    for ask in (read_state, identify, lambda path: load(build("LeeNet11", 10), path)):
        with pytest.raises(CheckpointError, match=r"weights that differ in 'model', 'ema': save "):
            ask(path)
    # What fits nothing is no weights of the network.
    torch.save({"model": network.state_dict(), "ema": {"decay": torch.ones(1)}}, path)
    assert identify(path) == "LeeNet11"
    assert read_state(path).keys() == network.state_dict().keys()


def test_what_keeps_a_prefix_in_its_place_is_named(network: Any, tmp_path: Path) -> None:
    """Another layer beside the network may be its head: nothing is left out unasked."""
    path = tmp_path / "more.ckpt"
    state = {**Lit(network).state_dict(), "criterion.pos_weight": torch.ones(10)}
    torch.save({"state_dict": state}, path)
    message = "most keys begin with 'model.', but not criterion.pos_weight: save the state dict of"
    for ask in (identify, lambda path: load(build("LeeNet11", 10), path)):
        with pytest.raises(CheckpointError, match=re.escape(message)):
            ask(path)


SMALL = {"fc1.weight": torch.arange(6.0).reshape(2, 3), "fc1.bias": torch.ones(2)}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    keys=st.lists(st.sampled_from(KEYS), max_size=2),
    prefixes=st.lists(st.sampled_from(PREFIXES), max_size=4),
)
def test_any_prefixes_behind_one_another(
    keys: list[str], prefixes: list[str], tmp_path: Path
) -> None:
    loaded: dict[str, Any] = {"".join(prefixes) + key: value for key, value in SMALL.items()}
    for key in keys:
        loaded = {"epoch": 1, key: loaded}
    path = tmp_path / "any.pth"
    torch.save(loaded, path)
    found = read_state(path)
    assert found.keys() == SMALL.keys()
    assert all(torch.equal(found[key], value) for key, value in SMALL.items())


# Another number of classes -----------------------------------------------------------------------


def test_a_trunk_under_other_classes() -> None:
    whole = AudioTagging("PannsMini", device="cpu").network.state_dict()
    with pytest.warns(CheckpointWarning, match="new in PannsMini, .*: fc_audioset.weight, fc_a"):
        tagger = AudioTagging("PannsMini", classes_num=10, device="cpu")
    assert tagger.labels == [f"class {k}" for k in range(10)]
    found = tagger.network.state_dict()
    new = {"fc_audioset.weight", "fc_audioset.bias", "framewise_head.4.weight"}
    for key in whole.keys() - new - {"framewise_head.4.bias"}:
        assert torch.equal(found[key], whole[key]), key
    assert all(len(found[key]) == 10 for key in new)
    with pytest.warns(CheckpointWarning, match="new in PannsMini"):
        named = AudioTagging("PannsMini", labels=["a", "b"], pretrained="trunk", device="cpu")
    assert named.labels == ["a", "b"]


def test_what_excludes_each_other(network: Any, tmp_path: Path) -> None:
    path = tmp_path / "mine.pth"
    torch.save(network.state_dict(), path)
    for arguments, message in (
        ({"model": path, "checkpoint_path": path}, "are files of weights: give one"),
        ({"model": path, "pretrained": "some"}, "pretrained must be True, False or 'trunk', not"),
        ({"model": path, "pretrained": "trunk"}, "needs the new classes: give labels= or"),
        ({"model": "Cnn6", "classes_num": 0}, "classes_num=0 is no number of classes: give 1 or"),
        ({"model": "Cnn6", "pretrained": "trunk"}, "needs the new classes: give labels= or"),
        ({"model": "Cnn6", "labels": ["a"], "classes_num": 2}, "classes_num=2, but there are 1 l"),
    ):
        with pytest.raises(UsageError, match=message):
            AudioTagging(**arguments, device="cpu")
    with torch.device("meta"):
        bare = build("LeeNet11", 3)
    with pytest.raises(UsageError, match="has no last layer to keep: build it outside"):
        load(bare, path, new_head=True)


def test_values_that_a_new_layer_hides_are_looked_at_later(network: Any, tmp_path: Path) -> None:
    state = {key: value.clone() for key, value in network.state_dict().items()}
    state["fc_audioset.bias"][0] = float("nan")
    path = tmp_path / "mine.pth"
    torch.save(state, path)
    with pytest.warns(CheckpointWarning, match="new in LeeNet11"):
        load(build("LeeNet11", 3), path, new_head=True)
    with pytest.raises(CheckpointError, match=r"NaN or infinite in fc_audioset\.bias"):
        load(build("LeeNet11", 10), path)


def test_values_that_one_reading_leaves_out_are_looked_at_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check for NaN is recorded for a whole file alone."""
    monkeypatch.setattr(check_records, "LARGE", 0)
    tuned = Transfer("LeeNet11", 2)
    with torch.no_grad():
        tuned.base.fc_audioset.bias[0] = float("nan")
    path = tmp_path / "tuned.pth"
    torch.save(tuned.state_dict(), path)
    load(build("LeeNet11", 2), path)
    with pytest.raises(CheckpointError, match=r"NaN or infinite in base\.fc_audioset\.bias"):
        load(Transfer("LeeNet11", 2), path)
