"""A network with labels and thresholds as one file, through every door; and files that lie."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from panns_inference import AudioTagging, SoundEventDetection
from panns_inference.checkpoints import identify, load, save
from panns_inference.cli import main
from panns_inference.errors import CheckpointError, OutputError, UsageError
from panns_inference.models import build
from panns_inference.registry import NETWORKS

NOISE = np.random.default_rng(0).normal(0, 0.1, 32_000).astype(np.float32)
LABELS = ["wren", "robin", "Dog, or fox"]
MIDS = ["/m/1", "", "/m/3"]
THRESHOLDS = [0.25, 0.5, 0.75]


@pytest.fixture(scope="module")
def network() -> Any:
    torch.manual_seed(0)
    return build("PannsMini", classes_num=3, fmin=100).eval()


def written(network: Any, path: Path) -> Path:
    return save(network, path, labels=LABELS, mids=MIDS, thresholds=THRESHOLDS)


@pytest.fixture
def path(network: Any, tmp_path: Path) -> Path:
    return written(network, tmp_path / "mine.pth")


@pytest.mark.parametrize("ending", ["pth", "safetensors"])
def test_the_classes_take_it(network: Any, tmp_path: Path, ending: str) -> None:
    path = written(network, tmp_path / f"mine.{ending}")
    tagger = AudioTagging(path, device="cpu", verbose=False)
    assert (tagger.name, tagger.labels, tagger.classes_num) == ("PannsMini", LABELS, 3)
    assert tagger.network.frontend.fmin == 100
    with torch.no_grad():
        expected = network(torch.from_numpy(NOISE[None]))["clipwise_output"]
    np.testing.assert_allclose(tagger.inference(NOISE)[0], expected, atol=1e-5)
    tags = tagger.tag(NOISE, 32_000).tags
    assert {tag.label: tag.mid for tag in tags} == dict(zip(LABELS, MIDS, strict=True))
    detector = SoundEventDetection(checkpoint_path=path, device="cpu", verbose=False)
    assert detector.threshold == tuple(THRESHOLDS)
    found = detector.detect(NOISE, 32_000).to_dict()
    assert found == detector.detect(NOISE, 32_000, threshold=THRESHOLDS).to_dict()
    assert {event["mid"] for event in found["events"]} <= {*MIDS}
    assert detector.detect(NOISE, 32_000, classes="/m/1").labels == tuple(LABELS)
    again = pickle.loads(pickle.dumps(detector))
    assert again.threshold == tuple(THRESHOLDS)
    assert again.tag(NOISE, 32_000).to_dict() == detector.tag(NOISE, 32_000).to_dict()


def test_the_way_of_the_reference_reads_it(network: Any, path: Path) -> None:
    loaded = torch.load(path, weights_only=True)
    other = build("PannsMini", classes_num=3, fmin=100)
    other.load_state_dict(loaded["model"])
    assert all(torch.equal(v, network.state_dict()[k]) for k, v in other.state_dict().items())
    assert loaded["panns"] == {
        "format": 1,
        "network": "PannsMini",
        "labels": LABELS,
        "mids": MIDS,
        "thresholds": THRESHOLDS,
        "settings": {"fmin": 100},
        "activation": "sigmoid",
    }


def test_its_metadata_in_safetensors(network: Any, tmp_path: Path) -> None:
    path = save(network, tmp_path / "mine.safetensors", labels=LABELS)
    with safetensors.safe_open(path, "pt") as file:
        assert json.loads(file.metadata()["panns"])["labels"] == LABELS
    loaded = safetensors.torch.load_file(path)
    assert torch.equal(loaded["fc1.weight"], network.fc1.weight)


@pytest.mark.parametrize(
    ("option", "ending"), [("--model", "pth"), ("--checkpoint", "safetensors")]
)
def test_the_command_line_takes_it(
    network: Any,
    tmp_path: Path,
    option: str,
    ending: str,
    street: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = written(network, tmp_path / f"mine.{ending}")
    assert main(["tag", option, str(path), "--json", "--device", "cpu", str(street)]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    tags = found["tags"]
    assert {tag["label"]: tag["mid"] for tag in tags} == dict(zip(LABELS, MIDS, strict=True))
    command = ["detect", option, str(path), "-f", "csv", "--device", "cpu", str(street)]
    assert main([*command, "--classes", "Wren"]) == 0
    rows = capsys.readouterr().out.splitlines()[1:]
    assert all("wren" in row for row in rows)
    assert main([*command, "--classes", "wran"]) == 2
    assert "did you mean wren" in capsys.readouterr().err


def test_ten_classes_that_have_no_names(
    tmp_path: Path, street: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.pth"
    torch.save(build("LeeNet11", 10).state_dict(), path)
    command = ["tag", "--checkpoint", str(path), "--json", "--device", "cpu", str(street)]
    assert main([*command, "--top", "20"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    tags = found["tags"]
    assert {tag["label"] for tag in tags} == {f"class {k}" for k in range(10)}


def test_as_onnx(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("onnx")
    target = tmp_path / "mine.onnx"
    assert main(["export", str(path), "--to", "onnx", "-o", str(target)]) == 0
    plain, exported = (
        SoundEventDetection(each, device="cpu", verbose=False) for each in (path, target)
    )
    assert exported.labels == LABELS
    assert exported.threshold == tuple(THRESHOLDS)
    tags = [
        [(tag.label, tag.mid) for tag in each.tag(NOISE, 32_000).tags] for each in (plain, exported)
    ]
    assert tags[0] == tags[1]
    assert {mid for _, mid in tags[0]} == {*MIDS}


def test_the_way_to_events_goes_along(network: Any, tmp_path: Path, street: Path) -> None:
    """What the file says holds where nothing else is wanted, also as ONNX."""
    pytest.importorskip("onnx")
    path, target = tmp_path / "mine.safetensors", tmp_path / "mine.onnx"
    given: Any = {"labels": LABELS, "thresholds": [0.4, 0.45, 0.5]}
    lively = copy.deepcopy(network)
    with torch.no_grad():
        lively.framewise_head[-1].weight.mul_(1e4)
    save(lively, path, method="boxes", **given)
    assert main(["export", str(path), "--to", "onnx", "-o", str(target)]) == 0
    for each in (path, target):
        detector = SoundEventDetection(each, device="cpu", verbose=False)
        assert detector.method == "boxes"
        found = detector.detect(street).events
        assert found == detector.detect(street, method="boxes").events
        assert found == tuple(sorted(detector.events(street), key=lambda event: event.onset))
        assert found != detector.detect(street, method="threshold").events
        with pytest.raises(UsageError, match="smooth is a rule of the method threshold"):
            detector.detect(street, smooth=0.5)
    assert (
        torch.load(written(network, tmp_path / "mine.pth"))["panns"].keys().isdisjoint({"method"})
    )
    with pytest.raises(UsageError, match="method is 'best', expected threshold or boxes"):
        save(network, tmp_path / "other.pth", method="best", **given)


def test_a_softmax_goes_along(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    from panns_inference.export import to_onnx

    torch.manual_seed(0)
    network = build("LeeNet11", 3).eval()
    network.activation = "softmax"
    path = save(network, tmp_path / "tuned.pth", labels=LABELS)
    tagger = AudioTagging(path, device="cpu", verbose=False)
    found = tagger.inference(NOISE)[0]
    assert found.sum() == pytest.approx(1)
    exported = AudioTagging(to_onnx(tagger, tmp_path / "tuned.onnx"), verbose=False)
    np.testing.assert_allclose(exported.inference(NOISE)[0], found, atol=1e-5)
    # Other weights, of classes that sound by themselves, bring their own.
    torch.save(build("LeeNet11", 3).state_dict(), tmp_path / "plain.pth")
    assert load(network, tmp_path / "plain.pth").activation == "sigmoid"


# What is refused ---------------------------------------------------------------------------------


def test_nothing_is_replaced_unasked(network: Any, path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(OutputError, match="is there already, and is not replaced"):
        save(network, path, labels=["a", "b", "c"])
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]
    save(network, path, labels=["a", "b", "c"], overwrite=True)
    assert AudioTagging(path, device="cpu", verbose=False).labels == ["a", "b", "c"]


def test_what_cannot_be_saved(network: Any, tmp_path: Path) -> None:
    path = tmp_path / "mine.pth"
    for wrong, message in (
        ({"labels": ["a"]}, "1 labels do not fit a network of 3 classes"),
        ({"labels": LABELS, "mids": ["x"]}, "there are 1 mids, but 3 labels"),
        ({"labels": LABELS, "thresholds": [0.1, 0, 1]}, r"expected numbers above 0 and at most 1"),
        ({"labels": []}, "labels are missing"),
    ):
        with pytest.raises(UsageError, match=message):
            save(network, path, **wrong)
    with pytest.raises(UsageError, match="a Linear is no network of panns"):
        save(torch.nn.Linear(2, 3), path, labels=LABELS)  # type: ignore[arg-type]
    assert not path.exists()


GOOD = {"format": 1, "network": "LeeNet11", "labels": LABELS}
DEEP: list[Any] = []
for _ in range(200):
    DEEP = [DEEP]

LIES: dict[str, tuple[Any, str]] = {
    "no mapping": ([1], "panns is a list, expected names and values"),
    "newer": ({**GOOD, "format": 2}, "its format is 2, expected 1"),
    "no format": ({"network": "LeeNet11", "labels": LABELS}, "its format is None, expected 1"),
    "nothing": ({"format": 1}, "labels and network are missing"),
    "no network": ({**GOOD, "network": "Cnn99"}, "network is 'Cnn99', expected one of"),
    "a list": ({**GOOD, "network": ["LeeNet11"]}, "network is .'LeeNet11'., expected one of"),
    "one text": ({**GOOD, "labels": "wren"}, "labels is 'wren', expected names of the classes"),
    "numbers": ({**GOOD, "labels": [1, 2, 3]}, "expected names of the classes"),
    "empty": ({**GOOD, "labels": ["a", "", "c"]}, "expected names of the classes"),
    "deep": ({**GOOD, "labels": DEEP}, "expected names of the classes"),
    "too few": ({**GOOD, "thresholds": [0.1]}, "there are 1 thresholds, but 3 labels"),
    "nan": ({**GOOD, "thresholds": [0.1, float("nan"), 1]}, "expected numbers above 0"),
    "true": ({**GOOD, "thresholds": [0.1, True, 1]}, "expected numbers above 0"),
    "setting": ({**GOOD, "settings": {"classes_num": 3}}, "expected values of sample_rate, "),
    "huge": ({**GOOD, "settings": {"mel_bins": 10**12}}, "expected values of sample_rate, "),
    "misspelt": (
        {**GOOD, "lables": LABELS},
        "'lables' is none of activation, format, hidden, labels",
    ),
    "activation": ({**GOOD, "activation": "relu"}, "activation is 'relu', expected sigmoid or"),
    "colours": ({**GOOD, "\x1b[31m": 1}, r"\\x1b"),
    "other classes": ({**GOOD, "labels": ["a"]}, "it has weights for 3 classes, and 1 labels"),
    "other network": ({**GOOD, "network": "Cnn6"}, "does not fit Cnn6:"),
    "segments": ({**GOOD, "network": "PannsMini", "activation": "softmax"}, "no softmax over a cl"),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_cannot_be_true_is_refused(lie: str, tmp_path: Path) -> None:
    entry, message = LIES[lie]
    path = tmp_path / "mine.pth"
    torch.save({"model": build("LeeNet11", 3).state_dict(), "panns": entry}, path)
    with pytest.raises(CheckpointError, match=message) as error:
        AudioTagging(path, device="cpu")
    assert str(error.value).startswith(str(path))
    assert "\x1b" not in str(error.value)


def test_a_name_that_is_not_what_the_file_says(path: Path) -> None:
    with pytest.raises(CheckpointError, match="is for PannsMini, by what it says of itself, n"):
        AudioTagging("Cnn6", path, "cpu")
    with pytest.raises(CheckpointError, match="has 3 classes, not 2: give 3 labels or none"):
        AudioTagging(path, labels=["a", "b"], device="cpu")
    assert AudioTagging(path, labels=["a", "b", "c"], device="cpu").labels == ["a", "b", "c"]


WHOLE = safetensors.torch.save({"fc1.bias": torch.ones(3)}, {"panns": json.dumps(GOOD)})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cut=st.one_of(st.none(), st.integers(0, len(WHOLE))),
    changes=st.lists(st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 255)), max_size=4),
)
def test_a_damaged_file_of_safetensors_ends_in_one_error(
    tmp_path: Path, cut: int | None, changes: list[tuple[int, int]]
) -> None:
    content = bytearray(WHOLE[:cut])
    for at, value in changes:
        if content:
            content[at % len(content)] = value
    path = tmp_path / "mine.safetensors"
    path.write_bytes(content)
    with contextlib.suppress(CheckpointError):
        assert identify(path) in NETWORKS


def test_metadata_that_is_no_json(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    for text in ("{", "[" * 100_000, "NaN", ""):
        safetensors.torch.save_file({"fc1.bias": torch.ones(3)}, path, {"panns": text})
        with pytest.raises(CheckpointError, match="expected names and values"):
            identify(path)
