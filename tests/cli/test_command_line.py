"""`panns` on real files: what it prints where, and its exit status."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from pyarrow import parquet
from reference.stored import schemas

import panns_inference
from panns_inference.audioset import labels
from panns_inference.cli import main
from panns_inference.cli.commands import COMMANDS
from panns_inference.models import build
from panns_inference.settings import cache_folder


@pytest.fixture
def recording(clip: Path) -> str:
    return str(clip)


@pytest.fixture
def lee(leenet11: Path) -> list[str]:
    """Options for LeeNet11, whose first tag is speech."""
    return ["--checkpoint", str(leenet11), "--device", "cpu"]


@pytest.fixture
def sed(published: Path) -> list[str]:
    """Options for a detection network of filled weights."""
    return ["--checkpoint", str(published / "Cnn14_DecisionLevelMax.pth"), "--device", "cpu"]


Capture = pytest.CaptureFixture[str]


def panns(*arguments: str, **settings: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "panns_inference", *arguments],
        **{"capture_output": True, "text": True, "check": False, **settings},
    )


def probabilities(weights: str, recording: str) -> dict[str, float]:
    """Label to what PyTorch makes of a recording with these weights."""
    network = build("LeeNet11").eval()
    network.load_state_dict(torch.load(weights, weights_only=True)["model"])
    samples, _ = soundfile.read(recording, dtype="float32")
    with torch.no_grad():
        (values,) = network(torch.from_numpy(samples)[None])["clipwise_output"].tolist()
    return dict(zip(labels, values, strict=True))


def test_tags_of_a_recording(recording: str, lee: list[str], capsys: Capture) -> None:
    assert main(["tag", "--json", recording, *lee]) == 0
    (result,) = json.loads(capsys.readouterr().out)
    assert result["source"] == recording
    assert result["duration"] == 7.0
    assert result["model"] == "LeeNet11"
    assert len(result["tags"]) == 10
    wanted = probabilities(lee[1], recording)
    for tag in result["tags"]:
        assert tag["probability"] == pytest.approx(wanted[tag["label"]], abs=1e-5)
    assert [tag["probability"] for tag in result["tags"]] == pytest.approx(
        sorted(wanted.values(), reverse=True)[:10], abs=1e-5
    )


def test_the_table(recording: str, lee: list[str], capsys: Capture) -> None:
    assert main(["tag", "--top", "2", recording, *lee]) == 0
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert recording in lines[0]
    wanted = probabilities(lee[1], recording)
    assert [line.split(maxsplit=1) for line in lines[1:3]] == [
        [f"{wanted[label]:.3f}", label] for label in ("Speech", "Telephone bell ringing")
    ]
    assert printed.err == ""


def test_a_threshold(recording: str, lee: list[str], capsys: Capture) -> None:
    wanted = probabilities(lee[1], recording)
    assert main(["tag", "--threshold", "0.15", "-f", "csv", recording, *lee]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    above = {label for label, value in wanted.items() if value >= 0.15}
    assert len(rows) == len(above) > 2
    assert {row["event_label"] for row in rows} == above
    assert {(row["model"], row["threshold"]) for row in rows} == {("LeeNet11", "0.15")}


def test_a_network_by_name(recording: str, lee: list[str], capsys: Capture) -> None:
    assert main(["tag", "--model", "lee-net_11", "--json", recording, *lee]) == 0
    assert json.loads(capsys.readouterr().out)[0]["model"] == "LeeNet11"
    assert main(["tag", "--model", "LeeNet12", recording, *lee]) == 2
    message = capsys.readouterr().err
    assert "unknown network 'LeeNet12'; did you mean one of" in message
    assert "LeeNet11" in message


def test_weights_in_the_cache_need_no_network(
    as_published: Path, recording: str, capsys: Capture
) -> None:
    cache_folder().mkdir(parents=True)
    shutil.copy(as_published, cache_folder())
    assert main(["tag", "--offline", "--model", "LeeNet11", "--top", "1", recording]) == 0
    assert "Speech" in capsys.readouterr().out


def test_offline_without_weights_is_a_failure(
    recording: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANNS_OFFLINE", "0")
    assert main(["tag", "--offline", "--model", "Cnn6", recording]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Cnn6_mAP=0.343.pth" in printed.err


def test_some_files_fail(recording: str, lee: list[str], tmp_path: Path, capsys: Capture) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no sound")
    missing = tmp_path / "missing.wav"
    assert main(["tag", "-f", "jsonl", str(broken), recording, str(missing), *lee]) == 1
    printed = capsys.readouterr()
    assert [json.loads(line)["source"] for line in printed.out.splitlines()] == [recording]
    assert "broken.wav" in printed.err
    assert "missing.wav" in printed.err
    assert "2 of 3 recordings failed" in printed.err


def test_a_cut_file_is_a_warning_or_an_error(
    street: Path, lee: list[str], tmp_path: Path, capsys: Capture
) -> None:
    cut = str(tmp_path / "cut.flac")
    Path(cut).write_bytes(street.read_bytes()[:100_000])
    assert main(["tag", cut, *lee]) == 0
    printed = capsys.readouterr()
    assert "warning" in printed.err
    assert "cut.flac" in printed.err
    assert main(["tag", "-q", cut, *lee]) == 0
    assert capsys.readouterr().err == ""
    assert main(["tag", "--strict", cut, *lee]) == 1
    assert "error" in capsys.readouterr().err


def test_standard_input(recording: str, lee: list[str]) -> None:
    with open(recording, "rb") as file:
        done = panns("tag", "--json", "-", *lee, stdin=file)
    assert done.returncode == 0, done.stderr
    (result,) = json.loads(done.stdout)
    assert result["source"] == "stdin"
    assert result["tags"][0]["label"] == "Speech"


def test_detection(street: Path, capsys: Capture) -> None:
    rules = ["--threshold", "0.3", "--threshold-off", "0.2", "--min-duration", "0.5"]
    command = ["detect", "--json", *rules, str(street), "--model", "PannsMini", "--device", "cpu"]

    def events(*options: str) -> list[dict[str, Any]]:
        assert main([*command, *options]) == 0
        (result,) = json.loads(capsys.readouterr().out)
        assert result["model"] == "PannsMini"
        return list(result["events"])

    found = events()
    assert {event["label"] for event in found} > {"Speech"}
    for event in found:
        assert event["probability"] >= 0.3
        assert event["offset"] - event["onset"] >= 0.5
    assert events("--classes", "Speech") == [e for e in found if e["label"] == "Speech"]
    assert events("--exclude", "Speech") == [e for e in found if e["label"] != "Speech"]


def test_detection_of_boxes(street: Path, capsys: Capture) -> None:
    given = ["detect", "--json", str(street), "--model", "PannsMini", "--device", "cpu"]
    assert main([*given, "--method", "boxes", "--threshold", "0.1"]) == 0
    (result,) = json.loads(capsys.readouterr().out)
    found = result["events"]
    assert {event["label"] for event in found} > {"Speech"}
    assert all(event["mean_probability"] >= 0.1 for event in found)
    assert main([*given, "--method", "boxes", "--threshold", "0.3"]) == 0
    (result,) = json.loads(capsys.readouterr().out)
    assert {event["threshold"] for event in found} == {0.1}
    assert result["events"] == [
        {**event, "threshold": 0.3} for event in found if event["mean_probability"] >= 0.3
    ]
    assert main([*given, "--method", "boxes", "--pad", "1"]) == 2
    assert "pad is a rule of the method threshold" in capsys.readouterr().err


def test_a_network_without_frames_slides_and_says_so(
    recording: str, lee: list[str], capsys: Capture
) -> None:
    given = ["detect", "--json", "--threshold", "0.3", "--classes", "Speech", recording, *lee]
    assert main([*given, "--window", "2", "--hop", "0.5"]) == 0
    printed = capsys.readouterr()
    assert "as coarse as its hop, 0.5 s" in printed.err
    (result,) = json.loads(printed.out)
    assert result["events"]
    for event in result["events"]:
        assert event["label"] == "Speech"
        assert event["onset"] % 0.5 == 0


def test_frames_need_no_window(recording: str, sed: list[str], capsys: Capture) -> None:
    assert main(["detect", "--window", "2", recording, *sed]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Cnn14_DecisionLevelMax has framewise probabilities" in printed.err


def test_stretches(recording: str, lee: list[str], capsys: Capture) -> None:
    assert main(["tag", "--json", "--window=2", "--hop=1", "--top=1", recording, *lee]) == 0
    (result,) = json.loads(capsys.readouterr().out)
    assert [part["onset"] for part in result["stretches"]] == [0, 1, 2, 3, 4, 5]
    assert "Speech" in {part["tags"][0]["label"] for part in result["stretches"]}


def test_embedding(recording: str, lee: list[str], tmp_path: Path, capsys: Capture) -> None:
    assert main(["embed", "-f", "jsonl", recording, *lee]) == 0
    vector = json.loads(capsys.readouterr().out)["embedding"]
    assert len(vector) == 512
    assert min(vector) >= 0
    table = tmp_path / "vectors.csv"
    assert main(["embed", "-f", "csv", "-o", str(table), recording, *lee]) == 0
    assert capsys.readouterr().out == ""
    with table.open(newline="") as file:
        (row,) = list(csv.reader(file))[1:]
    assert row[:3] == [recording, "0.000", "7.000"]
    assert [float(value) for value in row[3:]] == pytest.approx(vector, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(("seconds", "memory"), [(59, "small"), (61, "default")])
def test_weights_are_laid_out_for_more_than_a_short_recording(
    tmp_path: Path, seconds: int, memory: str
) -> None:
    weights = tmp_path / "weights.pth"
    torch.manual_seed(0)
    torch.save({"model": build("Cnn10").state_dict()}, weights)
    network = ["--model", "Cnn10", "--checkpoint", str(weights), "--device", "cpu"]
    recording = tmp_path / "noise.wav"
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, seconds * 8000).astype(np.float32)
    soundfile.write(recording, noise, 8000)

    def vector(*options: str) -> list[float]:
        output = tmp_path / "vectors.parquet"
        arguments = ["embed", "-f", "parquet", "-o", str(output), "--overwrite", str(recording)]
        assert main([*arguments, *network, *options]) == 0
        (found,) = parquet.read_table(output)["embedding"].to_pylist()
        return list(found)

    unasked, *asked = vector(), vector("--memory", "default"), vector("--memory", "small")
    # They differ in their last bits.
    assert [unasked == each for each in asked] == [memory == "default", memory == "small"]


def test_an_output_is_not_replaced(
    recording: str, lee: list[str], tmp_path: Path, capsys: Capture
) -> None:
    output = tmp_path / "tags.csv"
    output.write_text("mine")
    assert main(["tag", "-f", "csv", "-o", str(output), recording, *lee]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert output.read_text() == "mine"
    assert main(["tag", "-f", "csv", "-o", str(output), "--overwrite", recording, *lee]) == 0
    assert output.read_text().startswith("filename,")


def test_a_recording_is_never_the_output(
    recording: str, lee: list[str], tmp_path: Path, capsys: Capture
) -> None:
    mine = tmp_path / "mine.wav"
    shutil.copy(recording, mine)
    assert main(["tag", "-f", "csv", "-o", str(mine), "--overwrite", str(mine), *lee]) == 2
    assert "one of the files to read" in capsys.readouterr().err
    assert mine.read_bytes() == Path(recording).read_bytes()
    weights = shutil.copy(lee[1], tmp_path / "weights.pth")
    given = ["tag", "-o", str(weights), "--overwrite", "--checkpoint", str(weights), recording]
    assert main(given) == 2
    assert weights.read_bytes() == Path(lee[1]).read_bytes()


def test_formats_of_one_recording_go_to_a_folder(
    recording: str, lee: list[str], tmp_path: Path, capsys: Capture
) -> None:
    other = tmp_path / "other.wav"
    shutil.copy(recording, other)
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no sound")
    given = ["tag", "--top", "1", "-f", "srt", recording, str(other)]
    assert main([*given, *lee]) == 2
    assert "name a folder with -o and --split" in capsys.readouterr().err
    folder = tmp_path / "subtitles"
    assert main([*given, "-o", str(folder), *lee]) == 2
    assert "--split puts one file a recording there" in capsys.readouterr().err
    assert not folder.exists()
    given = ["tag", "--top", "1", "-f", "srt", str(other), str(broken), "--split"]
    assert main([*given, "-o", str(folder), *lee]) == 1
    assert sorted(path.name for path in folder.iterdir()) == [".panns", "other.srt"]
    assert "Speech" in (folder / "other.srt").read_text()


def test_an_output_needs_a_name(recording: str, lee: list[str], capsys: Capture) -> None:
    assert main(["tag", recording, *lee, "-o", ""]) == 2
    assert "-o needs the name" in capsys.readouterr().err
    assert main(["tag", "-f", "csv", "-o", "-", recording, *lee]) == 0
    assert capsys.readouterr().out.startswith("filename,")


def test_nothing_is_fetched_for_files_that_are_not_there(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANNS_OFFLINE", "1")
    assert main(["tag", "--model", "Cnn14", str(tmp_path / "no.wav")]) == 1
    message = capsys.readouterr().err
    assert "no.wav" in message
    assert main(["tag", "--model", "Cnn14", str(tmp_path)]) == 1
    message += capsys.readouterr().err
    assert f"there is no recording in '{tmp_path}'" in message
    assert "Cnn14" not in message


def test_weights_that_fit_several_networks(
    recording: str, sed: list[str], tmp_path: Path, capsys: Capture
) -> None:
    unnamed = tmp_path / "x.pth"
    unnamed.symlink_to(sed[1])
    given = ["--json", "--checkpoint", str(unnamed), "--device", "cpu", recording]
    for command, model in (("detect", "Cnn14_DecisionLevelMax"), ("tag", "Cnn14")):
        assert main([command, *given]) == 0
        said = capsys.readouterr()
        assert json.loads(said.out)[0]["model"] == model
        assert f"as well as {model}, for which it is taken" in said.err
        assert main([command, "--model", "Cnn14_DecisionLevelAvg", *given]) == 0
        assert "is taken" not in capsys.readouterr().err


def test_nothing_is_written_when_nothing_was_read(
    lee: list[str], tmp_path: Path, capsys: Capture
) -> None:
    output = tmp_path / "tags.csv"
    assert main(["tag", "-f", "csv", "-o", str(output), str(tmp_path / "no.wav"), *lee]) == 1
    assert not output.exists()
    assert "no.wav" in capsys.readouterr().err


def test_labels(capsys: Capture) -> None:
    assert main(["labels"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 527
    assert main(["labels", "--search", "DOG", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"index": 74, "mid": "/m/0bt9lr", "label": "Dog"} in found
    assert all("dog" in each["label"].lower() for each in found)
    assert main(["labels", "--search", "no such sound"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == "panns: no class has 'no such sound' in its label\n"


def test_the_models(as_published: Path, capsys: Capture) -> None:
    cache_folder().mkdir(parents=True)
    shutil.copy(as_published, cache_folder())
    assert main(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + 47 + 2 + 2
    assert lines[-3].startswith("The weights from zenodo.org are under CC BY 4.0. Cite Q. Kong")
    assert lines[-1].startswith("The weights from github.com are under MIT. Cite F. Schmid")
    rows = {line.split()[0]: line for line in lines if line}
    assert rows["LeeNet11"].split()[1:] == [
        "0.266", "0.7", "M", "4.7", "G", "3", "MB", "clipwise,", "embedding", "yes",
    ]  # fmt: skip
    assert "42.2 G" in rows["Cnn14"]
    assert not rows["Cnn14"].endswith("yes")
    assert "359 MB" in rows["Cnn14_16k"]  # it holds the state of a sampler too
    assert main(["models", "list", "cnn-14", "LeeNet11"]) == 0
    chosen = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in chosen[:3]] == ["network", "Cnn14", "LeeNet11"]
    assert main(["models", "path", "--json"]) == 2
    assert "--json is for panns models list" in capsys.readouterr().err
    assert main(["models", "list", "--json"]) == 0
    found = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    for name, schema in schemas().items():
        row = found.pop(name)
        assert row["parameters"] == schema["parameters_trainable"]
        assert row["multi_adds"] == schema["multi_adds_10s"]
    assert next(iter(found)) == "PannsMini"
    assert {name.split("_")[1] for name in [*found][1:]} == {"as"}
    assert main(["models", "--markdown"]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("| --- | ---: |")


def test_the_models_in_order(capsys: Capture) -> None:
    some = ["Cnn14", "mn10_as", "mn40_as_ext", "LeeNet11"]

    def names(order: str, *options: str) -> list[str]:
        assert main(["models", "list", *some, "--sort", order, "--json", *options]) == 0
        return [row["name"] for row in json.loads(capsys.readouterr().out)]

    assert names("mAP") == ["mn40_as_ext", "mn10_as", "Cnn14", "LeeNet11"]
    assert names("speed") == ["mn10_as", "LeeNet11", "mn40_as_ext", "Cnn14"]
    assert names("size") == ["LeeNet11", "mn10_as", "mn40_as_ext", "Cnn14"]
    assert main(["models", "path", "--sort", "size"]) == 2
    assert "--sort is for panns models list" in capsys.readouterr().err


def test_the_time_of_models_is_measured(capsys: Capture) -> None:
    """Of two that differ by much, in the order of their times."""
    some = ["models", "list", "Cnn6", "mn01_as", "--measure"]
    assert main([*some, "--json", "--sort", "speed"]) == 0
    fast, slow = json.loads(capsys.readouterr().out)
    assert (fast["name"], slow["name"]) == ("mn01_as", "Cnn6")
    assert 0 < fast["seconds"] < slow["seconds"]
    assert main(some) == 0
    heading, first = (line.split("  ") for line in capsys.readouterr().out.splitlines()[:2])
    assert "10 s in" in [cell.strip() for cell in heading]
    assert any(cell.strip().endswith(" s") for cell in first)


def test_whose_weights_they_are(capsys: Capture) -> None:
    assert main(["models", "info", "mn04_as", "PannsMini"]) == 0
    first, where, licence, cite, good, *others = capsys.readouterr().out.splitlines()
    assert first.startswith("mn04_as: mn04_as_mAP_432.pt (4,066,513 bytes")
    assert where.endswith("/EfficientAT/releases/download/v0.0.1/mn04_as_mAP_432.pt")
    assert licence.split() == ["licence:", "MIT"]
    assert cite.strip().startswith("cite:    F. Schmid, K. Koutini, G. Widmer")
    assert good == "  good at: AudioSet mAP 0.432, event F1 0.024"
    assert (
        "  costs:   1.0 M parameters (4 MB in float32), 0.2 G multiply-adds for 10 s"
        in "\n".join(others)
    )
    *_, own = "\n".join(others).partition("PannsMini:")
    assert [line.split(":")[0].strip() for line in own.splitlines()[1:]] == [
        *("from", "licence", "good at", "gives", "costs", "events", "page", "here"),
    ]
    assert main(["models", "info"]) == 2


def test_downloaded_models(as_published: Path, capsys: Capture) -> None:
    assert main(["models", "path", "LeeNet11"]) == 1
    printed = capsys.readouterr()
    assert printed.out == f"{cache_folder() / 'LeeNet11_mAP=0.266.pth'}\n"
    assert "this is where it belongs" in printed.err
    assert main(["models", "verify", "LeeNet11"]) == 1
    assert "not downloaded" in capsys.readouterr().out
    cache_folder().mkdir(parents=True)
    file = Path(shutil.copy(as_published, cache_folder()))
    assert main(["models", "path"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [str(file)]
    assert main(["models", "download", "LeeNet11", "--offline"]) == 0
    assert capsys.readouterr().out == f"{file}\n"
    assert main(["models", "verify"]) == 0
    verdicts = capsys.readouterr().out.splitlines()
    assert [line.split(" (")[0] for line in verdicts] == [
        "PannsMini: verified: size, md5, sha256 as published",
        "LeeNet11: verified: size, md5, sha256 as published",
    ]
    content = file.read_bytes()
    file.write_bytes(content[:-1] + b"x")
    assert main(["models", "verify"]) == 1
    assert capsys.readouterr().out.splitlines()[1].startswith("LeeNet11: wrong")
    assert main(["doctor"]) == 1
    capsys.readouterr()
    assert main(["models", "download", "LeeNet11", "--offline"]) == 1
    assert f"{file} is not the published {file.name}" in capsys.readouterr().err
    assert not file.exists()
    assert main(["models", "download"]) == 2
    assert main(["models", "path", "Cnn14_mel32"]) == 2
    assert "no weights of Cnn14_mel32 are published" in capsys.readouterr().err


def test_the_doctor(capsys: Capture, monkeypatch: pytest.MonkeyPatch, own_home: Path) -> None:
    monkeypatch.setenv("PANNS_MIRROR", "http://localhost:1")
    assert main(["doctor", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["versions"]["panns-inference"] == panns_inference.__version__
    assert report["versions"]["torch"][0].isdigit()
    assert "FLAC" in report["decoders"]["libsndfile"]
    assert report["cache"]["folder"].startswith(str(own_home))
    assert report["cache"]["PANNS_MIRROR"] == "http://localhost:1"
    assert main(["doctor"]) == 0
    assert "panns-inference" in capsys.readouterr().out
    assert not list(own_home.iterdir())


def test_the_doctor_without_pyav(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    # PyAV is installed here: an entry of None makes it as if it were not.
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["doctor", "--json"]) == 0
    assert "panns-inference[codecs]" in json.loads(capsys.readouterr().out)["decoders"]["PyAV"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["tagg", "x.wav"],
        ["tag", "--tpo", "3", "x.wav"],
        ["tag", "--top", "-1", "x.wav"],
        ["tag", "--threshold", "nan", "x.wav"],
        ["detect", "--threshold", "7", "x.wav"],
        ["tag", "-f", "mp3", "x.wav"],
        ["tag", "--jobs", "0", "x.wav"],
    ],
)
def test_wrong_use(arguments: list[str], capsys: Capture) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    sentence, usage = printed.err.splitlines()
    assert sentence.startswith("panns")
    assert usage.startswith("usage: panns")
    assert usage.endswith(" --help says more")


@pytest.mark.parametrize(("option", "value"), [("--skip-silence", "-90"), ("--window", "-5")])
def test_a_negative_number_is_a_value(
    option: str, value: str, recording: str, lee: list[str], capsys: Capture
) -> None:
    apart = main(["tag", option, value, recording, *lee]), capsys.readouterr()
    joined = main(["tag", f"{option}={value}", recording, *lee]), capsys.readouterr()
    assert apart == joined


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--channel", "'0' is no channel: give mix, left, right, each or a number from 1"),
        ("--track", "'0' is no sound track: give all or a number from 1"),
    ],
)
def test_channels_and_tracks_are_counted_from_one(
    option: str, message: str, capsys: Capture
) -> None:
    with pytest.raises(SystemExit):
        main(["tag", option, "0", "x.wav"])
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str, capsys: Capture) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0
    assert f"example:\n  panns {command}" in capsys.readouterr().out


def test_the_program_and_the_module_are_the_same() -> None:
    version = f"panns {panns_inference.__version__}\n"
    program = shutil.which("panns", path=str(Path(sys.executable).parent))
    assert program is not None
    assert subprocess.check_output([program, "--version"], text=True) == version
    assert panns("--version").stdout == version


def test_a_reader_that_goes_away() -> None:
    command = f"{sys.executable} -m panns_inference labels | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stdout == "  0  /m/09x0r      Speech\n"
    assert done.stderr == ""


def test_a_disk_that_is_full(recording: str, lee: list[str], tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        done = panns("labels", stdout=full, capture_output=False, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr == "panns: error: [Errno 28] No space left on device\n"
    plain = tmp_path / "plain"
    plain.write_text("mine")
    done = panns("tag", "-o", str(plain / "tags.csv"), recording, *lee)
    assert done.returncode == 1
    assert done.stderr.startswith("panns: error: ")
    assert "Traceback" not in done.stderr


def test_a_name_that_the_terminal_cannot_show(
    recording: str, lee: list[str], tmp_path: Path
) -> None:
    strange = shutil.copy(recording, tmp_path / "日é.wav")
    done = panns("tag", str(strange), *lee, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    assert r"\u65e5\xe9.wav" in done.stdout


def test_interrupted(lee: list[str]) -> None:
    command = [sys.executable, "-m", "panns_inference", "tag", "-v", "-", *lee]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "panns: LeeNet11 on cpu\n"
        process.send_signal(signal.SIGINT)  # it now waits for its input
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert (out, err) == ("", "panns: interrupted\n")


def test_the_end_of_the_process_loses_nothing(tmp_path: Path) -> None:
    """Of what was written, and of what has asked to be told of the end."""
    code = """
import atexit, sys
from panns_inference import cli
atexit.register(lambda: open(sys.argv.pop(), "w").write("told"))
cli.main = lambda: print("written", end="") or print("said", end="", file=sys.stderr) or 3
cli.program()
"""
    told = tmp_path / "told"
    done = subprocess.run(
        [sys.executable, "-c", code, str(told)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (3, "written", "said")
    assert told.read_text() == "told"


def test_digests_of_files(as_published: Path, tmp_path: Path, capsys: Capture) -> None:
    mine = Path(shutil.copy(as_published, tmp_path / "mine.pth"))
    with mine.open("ab") as file:
        file.write(b"behind the weights")
    assert main(["models", "digest", str(as_published), str(mine)]) == 0
    first, second = (part.splitlines() for part in capsys.readouterr().out.split(str(mine)))
    md5, sha256 = (
        subprocess.run([f"{kind}sum", as_published], capture_output=True, text=True).stdout.split()[
            0
        ]
        for kind in ("md5", "sha256")
    )
    assert first == [
        str(as_published),
        "  size     3,012,373 bytes",
        f"  md5      {md5}",
        f"  sha256   {sha256}",
        "  fits     LeeNet11",
        f"  known    {as_published.name}",
        f"  row      {as_published.name},0.266,3012373,{md5},{sha256}",
    ]
    assert second[1] == "  size     3,012,391 bytes"
    assert second[4:6] == ["  fits     LeeNet11", "  known    no published file"]
    assert main(["models", "digest", str(tmp_path / "nothing"), str(tmp_path)]) == 1
    printed = capsys.readouterr().err
    assert "cannot read" in printed
    assert "is a folder" in printed
    assert main(["models", "digest"]) == 2
