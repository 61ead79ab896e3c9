"""Which classes a command line wants, and their thresholds."""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
from pathlib import Path

import pytest

from panns_inference.audioset import labels
from panns_inference.cli import main
from panns_inference.names import split

Capture = pytest.CaptureFixture[str]

MINI = ("--model", "PannsMini", "--device", "cpu")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Dog,Rain", ["Dog", "Rain"]),
        ("Dog, Rain,,", ["Dog", "Rain,,"]),
        ("Domestic animals, pets", ["Domestic animals, pets"]),
        ("domestic animals,pets", ["domestic animals,pets"]),
        ("Dog,Domestic animals, pets,Rain", ["Dog", "Domestic animals, pets", "Rain"]),
        ("/m/0bt9lr,74,Rain", ["/m/0bt9lr", "74", "Rain"]),
        ("Dog,Domestic animals,Rain", ["Dog", "Domestic animals", "Rain"]),
    ],
)
def test_commas_between_labels_and_in_them(text: str, names: list[str]) -> None:
    assert split(text, labels) == names


def test_every_label_is_one_name_beside_every_other() -> None:
    for first, second in itertools.pairwise(labels):
        assert split(first, labels) == [first]
        assert split(f"{first},{second}", labels) == [first, second]


def tags(capsys: Capture, *words: str) -> dict[str, float]:
    assert main(["tag", "-f", "csv", *words, *MINI]) == 0
    rows = csv.DictReader(io.StringIO(capsys.readouterr().out))
    return {row["event_label"]: float(row["probability"]) for row in rows}


def test_tags_of_some_classes(street: Path, tmp_path: Path, capsys: Capture) -> None:
    every = tags(capsys, str(street), "--top", "527")
    assert len(every) == 527
    wanted = ("Beep, bleep", "Vehicle", "Speech")
    some = tags(capsys, str(street), "--classes", ",".join(wanted))
    assert some == {label: every[label] for label in some}
    assert some.keys() == {*wanted}
    others = tags(capsys, str(street), "--top", "3", "--exclude", "Speech,Vehicle")
    ranked = [label for label in every if label not in ("Speech", "Vehicle")]
    assert [*others] == ranked[:3]
    path = tmp_path / "thresholds.csv"
    path.write_text(f"label;threshold\nSpeech;{every['Speech'] + 0.01:.3f}\nVehicle;0,001\n*;0,05")
    above = {label for label, p in every.items() if p >= 0.05} - {"Speech"} | {"Vehicle"}
    assert tags(capsys, str(street), "--thresholds", str(path)).keys() == above


def test_thresholds_and_the_most_probable_events(
    street: Path, tmp_path: Path, capsys: Capture
) -> None:
    def events(*words: str) -> list[dict[str, object]]:
        assert main(["detect", "--json", str(street), *words, *MINI]) == 0
        return list(json.loads(capsys.readouterr().out)[0]["events"])

    every = events("--threshold", "0.3")
    best = sorted(every, key=lambda event: -float(str(event["probability"])))[:3]
    assert events("--threshold", "0,3", "--top", "3") == [e for e in every if e in best]
    path = tmp_path / "thresholds.json"
    path.write_text('{"Speech": 0.9999}')
    others = [event for event in every if event["label"] != "Speech"]
    assert others
    assert events("--threshold", "30%", "--thresholds", str(path)) == others


RUN = os.path.join("run", "best.pth")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--classes Spech", "unknown label 'Spech'; did you mean one of: Speech"),
        ("--exclude Dog,Spech", "unknown label 'Spech'; did you mean one of: Speech"),
        ("--classes police", "did you mean one of: Police car (siren)"),
        ("--classes qqqqqq", "none of the 527 there are is like it"),
        ("--model Cnn15", "unknown network 'Cnn15'; did you mean one of: Cnn14"),
        ("--model PannsMni", "did you mean PannsMini?"),
        ("--model run", f"run is a folder: --model is a file of weights, such as {RUN}"),
        ("--thresholds bad.csv", "bad.csv: unknown label 'Spech'; did you mean one of: Speech"),
    ],
)
@pytest.mark.parametrize("command", ["tag", "detect"])
def test_names_are_checked_first(
    command: str,
    words: str,
    message: str,
    tmp_path: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without a network: the one that is named cannot be had."""
    monkeypatch.setenv("PANNS_OFFLINE", "1")
    monkeypatch.chdir(tmp_path)
    Path("bad.csv").write_text("Spech,0.3")
    Path("run").mkdir()
    Path(RUN).touch()
    given = [*words.split()] if "--model" in words else [*words.split(), "--model", "Cnn14"]
    assert main([command, "x.wav", *given]) == 2
    assert message in capsys.readouterr().err


def test_classes_are_searched_with_and_without_an_option(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = []
    for words in (["--search", "Male speech"], ["male", "speech"], ["--search", "male", "speech"]):
        assert main(["labels", *words]) == 0
        found.append(capsys.readouterr().out)
    assert found[0] == found[1] == found[2]
    assert "Male speech, man speaking" in found[0]
    assert main(["labels", "no such sound"]) == 1
    assert "no class has 'no such sound' in its label" in capsys.readouterr().err
