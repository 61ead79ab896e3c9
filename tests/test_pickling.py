"""Models, results and errors go to other processes and come back: pickled, saved, copied."""

from __future__ import annotations

import copy
import inspect
import io
import pickle
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle
import joblib
import numpy as np
import pytest
import torch
from some_results import framewise_detection, stretched_embedding, stretched_tagging

import panns_inference
from panns_inference import (
    AudioTagging,
    CheckpointError,
    SoundEventDetection,
    UsageError,
    errors,
)
from panns_inference.engine.cpu import onednn
from panns_inference.engine.cpu.fused_network import PRECISIONS
from panns_inference.export import to_onnx
from panns_inference.hear import load_model
from panns_inference.models import build
from panns_inference.pipeline import DetectionTask

CLIP = (np.random.default_rng(0).standard_normal((1, 32_000)) / 10).astype(np.float32)
RATE = 32_000


def saved_by_joblib(value: Any) -> Any:
    file = io.BytesIO()
    joblib.dump(value, file)
    return joblib.load(io.BytesIO(file.getvalue()))


def saved_by_torch(value: Any) -> Any:
    file = io.BytesIO()
    torch.save(value, file)
    return torch.load(io.BytesIO(file.getvalue()), weights_only=False)


WAYS: dict[str, Callable[[Any], Any]] = {
    **{f"pickle {k}": lambda value, k=k: pickle.loads(pickle.dumps(value, k)) for k in (0, 2, 5)},
    "cloudpickle": lambda value: cloudpickle.loads(cloudpickle.dumps(value)),
    "joblib": saved_by_joblib,
    "torch": saved_by_torch,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.fixture(scope="module")
def tagger() -> AudioTagging:
    """One that was used."""
    found = AudioTagging("PannsMini", device="cpu")
    found.inference(CLIP)
    return found


@pytest.fixture(scope="module")
def file(tagger: AudioTagging, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return to_onnx(tagger, tmp_path_factory.mktemp("file") / "mini.onnx")


def check_arrives(tagger: AudioTagging, way: str) -> None:
    said = tagger.inference(CLIP)[0]
    arrived = WAYS[way](tagger)
    assert type(arrived) is AudioTagging
    assert (arrived.name, arrived.device, arrived.labels) == ("PannsMini", "cpu", tagger.labels)
    assert repr(arrived) == repr(tagger)
    np.testing.assert_array_equal(arrived.inference(CLIP)[0], said)
    assert arrived.engine.identity() == tagger.engine.identity()
    np.testing.assert_array_equal(tagger.inference(CLIP)[0], said)


@pytest.mark.parametrize("way", WAYS)
def test_a_tagger_that_was_used_says_the_same_where_it_arrives(
    way: str, tagger: AudioTagging
) -> None:
    check_arrives(tagger, way)


@pytest.mark.parametrize("way", ["pickle 5", "deepcopy"])
@pytest.mark.parametrize("settings", [{"memory": "small"}, {"precision": "bf16"}])
def test_so_does_one_with_settings(
    way: str, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not every processor has the instructions: what is computed here does not matter.
    monkeypatch.setattr(onednn, "has_bf16", lambda: True)
    monkeypatch.setitem(PRECISIONS, "bf16", torch.float32)
    check_arrives(AudioTagging("PannsMini", device="cpu", **settings), way)


@pytest.mark.parametrize("way", WAYS)
def test_so_does_a_file_of_onnx(way: str, file: Path) -> None:
    check_arrives(AudioTagging(file, verbose=False), way)


def test_a_file_is_sent_as_it_is_and_not_needed_where_it_arrives(
    file: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copy(file, tmp_path))
    tagger = AudioTagging(path, verbose=False, memory="small", threads=2)
    said = tagger.inference(CLIP)[0]
    sent = pickle.dumps(tagger)
    assert len(sent) < 1.01 * path.stat().st_size
    path.unlink()
    arrived = pickle.loads(sent)
    np.testing.assert_array_equal(arrived.inference(CLIP)[0], said)
    arrived.engine.schedule.enter_worker(2)  # another session
    np.testing.assert_allclose(arrived.inference(CLIP)[0], said, rtol=0, atol=1e-6)
    again = pickle.loads(pickle.dumps(arrived))
    assert again.engine.identity() == tagger.engine.identity()
    with pytest.raises(CheckpointError, match=r"mini\.onnx cannot be read: No such file"):
        pickle.dumps(tagger)


def test_what_is_sent_is_as_large_as_the_weights(tagger: AudioTagging) -> None:
    held = (*tagger.model.parameters(), *tagger.model.buffers())
    weights = sum(tensor.nbytes for tensor in held)
    for dump in (pickle.dumps, cloudpickle.dumps):
        assert weights < len(dump(tagger)) < 1.05 * weights


def test_a_deep_copy_is_on_its_own_and_another_is_not() -> None:
    tagger = AudioTagging("PannsMini", device="cpu")
    said = tagger.inference(CLIP)[0]
    deep, shallow = copy.deepcopy(tagger), copy.copy(tagger)
    with torch.no_grad():
        tagger.model.fc_audioset.bias += 1
    assert (tagger.inference(CLIP)[0] > said).all()
    np.testing.assert_array_equal(deep.inference(CLIP)[0], said)
    assert shallow.model is tagger.model
    np.testing.assert_array_equal(shallow.inference(CLIP)[0], tagger.inference(CLIP)[0])


@pytest.mark.parametrize("way", WAYS)
def test_the_network_of_a_tagger_that_was_used_is_a_module_like_others(
    way: str, tagger: AudioTagging
) -> None:
    network = tagger.model
    arrived = WAYS[way](network)
    with torch.no_grad():
        wanted, found = network(torch.from_numpy(CLIP)), arrived(torch.from_numpy(CLIP))
    torch.testing.assert_close(found, wanted, rtol=0, atol=0)


def test_a_network_beside_its_tagger_stays_the_same_one(tagger: AudioTagging) -> None:
    arrived, network = pickle.loads(pickle.dumps((tagger, tagger.model)))
    assert arrived.model is network


def test_a_detector_and_attributes_of_the_users_own_arrive() -> None:
    detector = SoundEventDetection(
        build("PannsMini", 2),
        labels=["wind", "rain"],
        pretrained=False,
        device="cpu",
        verbose=False,
    )
    detector.site = "north"
    said = detector.detect(CLIP[0], RATE, framewise=True)
    arrived = pickle.loads(pickle.dumps(detector))
    assert (arrived.site, arrived.labels) == ("north", ["wind", "rain"])
    found = arrived.detect(CLIP[0], RATE, framewise=True)
    np.testing.assert_array_equal(found.framewise, said.framewise)


def test_tasks_and_accumulators_arrive(tagger: AudioTagging) -> None:
    accumulator = DetectionTask(tagger, threshold=0.01).accumulator("a.wav")
    accumulator.feed(CLIP[0])
    arrived = pickle.loads(pickle.dumps(accumulator))
    wanted, found = accumulator.finish(), arrived.finish()
    assert found.events == wanted.events
    np.testing.assert_array_equal(found.clipwise, wanted.clipwise)


def test_hear_models_arrive() -> None:
    model = load_model()
    wanted = model(torch.from_numpy(CLIP))
    arrived = pickle.loads(pickle.dumps(model))
    torch.testing.assert_close(arrived(torch.from_numpy(CLIP)), wanted, rtol=0, atol=0)
    assert arrived._tagger.network is arrived.network


@pytest.mark.parametrize("iterator", ["tags", "events", "embeddings"])
def test_iterators_stay_where_they_are(iterator: str, tagger: AudioTagging) -> None:
    settings = {} if iterator == "events" else {"window": 0.5}
    waiting = getattr(tagger, iterator)(CLIP[0], RATE, **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(TypeError, match="cannot pickle 'generator' object"):
            pickle.dumps(waiting)
        with pytest.raises(TypeError, match="cannot pickle 'generator' object"):
            copy.deepcopy(waiting)


KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, BaseException)
]
"""All errors and warnings of the package."""


class WithLambda(torch.nn.Module):
    """Somebody's own, which cannot be pickled."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(1))
        self.curve = lambda values: values.mean(dim=1, keepdim=True).sigmoid()

    def forward(self, waveforms: torch.Tensor, _: None) -> dict[str, torch.Tensor]:
        found = self.curve(waveforms) * self.scale
        return {"clipwise_output": found, "embedding": found}


def test_a_module_of_ones_own_gives_its_own_error() -> None:
    tagger = AudioTagging(WithLambda(), labels=["a"], pretrained=False, device="cpu", verbose=False)
    said = tagger.inference(CLIP)[0]
    with pytest.raises((AttributeError, pickle.PicklingError), match=r"WithLambda.*lambda"):
        pickle.dumps(tagger)
    arrived = cloudpickle.loads(cloudpickle.dumps(tagger))  # which takes functions by value
    np.testing.assert_array_equal(arrived.inference(CLIP)[0], said)


def same(found: Any, wanted: Any) -> None:
    assert type(found) is type(wanted)
    assert vars(found).keys() == vars(wanted).keys()
    for name, value in vars(wanted).items():
        other = vars(found)[name]
        if name == "stretches":
            for pair in zip(other, value, strict=True):
                same(*pair)
        elif isinstance(value, np.ndarray):
            np.testing.assert_array_equal(other, value, strict=True)
        else:
            assert other == value, name


@pytest.mark.parametrize("way", WAYS)
def test_results_arrive(way: str) -> None:
    for wanted in (stretched_tagging(), framewise_detection(), stretched_embedding()):
        same(WAYS[way](wanted), wanted)


def test_results_of_a_recording_arrive(tagger: AudioTagging) -> None:
    for wanted in (
        tagger.tag(CLIP[0], RATE, window=0.5),
        tagger.detect(CLIP[0], RATE, framewise=True, threshold=0.01),
        tagger.embed(CLIP[0], RATE, window=0.5),
    ):
        found = pickle.loads(pickle.dumps(wanted))
        same(found, wanted)
        assert repr(found) == repr(wanted)
        assert found.to_dict() == wanted.to_dict()
    assert found.stretches


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_errors_arrive(kind: type[BaseException]) -> None:
    wanted = kind("a.wav is damaged: expected more")
    for way in WAYS.values():
        found = way(wanted)
        assert (type(found), found.args, str(found)) == (kind, wanted.args, str(wanted))


def test_errors_that_were_raised_arrive(tmp_path: Path, tagger: AudioTagging) -> None:
    (tmp_path / "empty.pth").touch()
    for cause in (
        lambda: tagger.tag(tmp_path / "none.wav"),
        lambda: tagger.tag(CLIP[0]),
        lambda: AudioTagging("PannsMini", tmp_path / "empty.pth", device="cpu"),
        lambda: AudioTagging("Nothing"),
        lambda: tagger.inference("a.wav"),
    ):
        with pytest.raises(panns_inference.PannsError) as caught:
            cause()
        found = pickle.loads(pickle.dumps(caught.value))
        assert (type(found), str(found)) == (type(caught.value), str(caught.value))


def test_where_there_are_no_instructions_for_bf16_it_is_said_on_arrival(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(onednn, "has_bf16", lambda: True)
    monkeypatch.setitem(PRECISIONS, "bf16", torch.float32)
    arrived = pickle.loads(pickle.dumps(AudioTagging("PannsMini", device="cpu", precision="bf16")))
    monkeypatch.setattr(onednn, "has_bf16", lambda: False)
    with pytest.raises(UsageError, match="no bf16 instructions"):
        arrived.inference(CLIP)


@pytest.mark.cuda
@pytest.mark.parametrize("device", ["cuda", "cuda:0"])
def test_weights_of_a_gpu_come_back_on_it_or_on_the_cpu(
    device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tagger = AudioTagging("PannsMini", device=device)
    said = tagger.inference(CLIP)[0]
    sent = pickle.dumps(tagger)
    weights = sum(tensor.nbytes for tensor in tagger.model.state_dict().values())
    assert len(sent) < 1.2 * weights  # they are sent once
    arrived = pickle.loads(sent)
    assert arrived.device == device
    assert next(arrived.model.parameters()).is_cuda
    np.testing.assert_allclose(arrived.inference(CLIP)[0], said, rtol=0, atol=1e-5)
    monkeypatch.setattr("panns_inference.device._is_there", lambda device: False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        moved = pickle.loads(sent)
    assert moved.device == "cpu"
    np.testing.assert_allclose(moved.inference(CLIP)[0], said, rtol=0, atol=1e-5)
