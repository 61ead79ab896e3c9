"""Options from files, and the options of a command line in a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from panns_inference.cli import main
from panns_inference.cli.command_line import parse

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, a few below one of which nobody knows."""
    folder = tmp_path / "project" / "recordings"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return folder


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_keys_for_all_commands_and_for_one(here: Path) -> None:
    written(
        here / "panns.toml",
        """
        model = "LeeNet11"
        strict = true
        window = 2
        [tag]
        top = 5
        window = 0.5
        [detect]
        threshold = "0,25"
        classes = ["Dog", "Bark"]
        """,
    )
    tag, detect = parse(["tag", "x.wav"]), parse(["detect", "x.wav"])
    assert (tag.model, tag.strict, tag.window, tag.top) == ("LeeNet11", True, 0.5, 5)
    assert (detect.window, detect.threshold, detect.classes) == (2.0, 0.25, ["Dog", "Bark"])
    assert tag.configuration == detect.configuration == [here / "panns.toml"]
    assert parse(["labels"]).configuration == [here / "panns.toml"]


def test_the_command_line_wins(here: Path) -> None:
    written(
        here / "panns.toml",
        'quiet = true\n[detect]\nstrict = true\nformat = "csv"\nclasses = ["Dog"]\npad = 1',
    )
    words = "detect -v --no-strict --json --classes Cat --pad 2 x.wav"
    given = parse(words.split())
    assert (given.verbosity, given.strict, given.format) == (1, False, "json")
    assert (given.classes, given.pad) == (["Cat"], 2.0)
    plain = parse(["detect", "x.wav"])
    assert (plain.verbosity, plain.strict, plain.format, plain.pad) == (-2, True, "csv", 1.0)
    without = parse(["detect", "--no-config", "x.wav"])
    assert (without.verbosity, without.strict, without.configuration) == (0, False, [])


def test_which_files_are_read(here: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearest of the project, over that of the user; a named one alone."""
    of_user = written(own_home / ".config" / "panns" / "panns.toml", "top = 1\nwindow = 1")
    assert parse(["tag"]).configuration == [of_user]
    project = written(
        here.parent / "pyproject.toml", '[project]\nname = "x"\n[tool.panns]\ntop = 2'
    )
    given = parse(["tag"])
    assert (given.top, given.window, given.configuration) == (2, 1.0, [of_user, project])
    of_others = written(here / "pyproject.toml", "[tool.black]\nline-length = 100")
    assert parse(["tag"]).top == 2
    of_others.write_text("is no TOML")
    assert parse(["tag"]).top == 2
    nearest = written(here / "panns.toml", "top = 3")
    given = parse(["tag"])
    assert (given.top, given.configuration) == (3, [of_user, nearest])
    named = written(here.parent / "other.toml", "window = 4")
    given = parse(["tag", "--config", str(named)])
    assert (given.top, given.window, given.configuration) == (10, 4.0, [named])
    elsewhere = written(here / "xdg" / "panns" / "panns.toml", "window = 7")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(here / "xdg"))
    assert parse(["tag"]).configuration == [elsewhere, nearest]


def test_paths_start_at_the_folder_of_the_file(here: Path) -> None:
    written(here.parent / "panns.toml", 'checkpoint = "w/own.pth"\n[tag]\noutput = "-"')
    given = parse(["tag", "x.wav"])
    assert Path(given.checkpoint) == here.parent / "w" / "own.pth"
    assert given.output == "-"
    assert parse(["tag", "--checkpoint", "own.pth"]).checkpoint == "own.pth"


def test_what_a_command_needs_may_stand_in_a_file(here: Path) -> None:
    written(here / "panns.toml", '[export]\nto = "onnx"')
    assert parse(["export", "Cnn6"]).to == "onnx"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("windw = 3", "there is no option 'windw'; did you mean window,"),
        ("[tag]\ntpo = 3", "there is no option 'tpo'; did you mean top?"),
        ("[tag]\nmethod = 'boxes'", "there is no option 'method'"),
        ("[tga]\ntop = 3", "there is no command for the section [tga]; did you mean tag?"),
        ("[tag]\ntop = 'many'", "--top: 'many' is no whole number"),
        ("[tag]\nformat = 'cvs'", "did you mean csv?"),
        ("[tag]\nstrict = 'yes'", "--strict: ignored explicit argument 'yes'"),
        ("[tag]\ntop = true", "top cannot be True"),
        ("[tag]\nconfig = 'x'", "there is no option 'config'"),
        ("top = ", "is no TOML"),
    ],
)
def test_what_means_nothing_is_refused(
    text: str, message: str, here: Path, capsys: Capture
) -> None:
    path = written(here / "panns.toml", text)
    try:
        status: object = main(["tag", "x.wav"])
    except SystemExit as stopped:
        status = stopped.code
    assert status == 2
    sentence = capsys.readouterr().err.splitlines()[0]
    assert f"error: {path}" in sentence
    assert message in sentence


def test_a_named_file_that_is_not_there(here: Path, capsys: Capture) -> None:
    assert main(["tag", "--config", "none.toml", "x.wav"]) == 2
    assert "none.toml cannot be read: No such file" in capsys.readouterr().err


def test_which_were_read_is_shown(here: Path, capsys: Capture) -> None:
    path = written(here / "panns.toml", "offline = true")
    assert main(["labels", "-v", "--search", "dog"]) == 0
    assert f"panns: options from {path}\n" in capsys.readouterr().err
    assert main(["doctor", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["configuration"] == {"files": str(path)}
    assert report["cache"]["offline"] == "yes"


def test_options_are_saved(here: Path, capsys: Capture) -> None:
    written(here.parent / "all.toml", "# mine\nmodel = 'LeeNet11'\n")
    words = "detect --threshold 0,3 --classes Dog --classes Bell --no-strict -v -v --json --pad 1.5"
    target = here.parent / "all.toml"
    more = ["--checkpoint", "w.pth", "x.wav", "--save-config", str(target)]
    assert main([*words.split(), *more]) == 0
    assert "nothing else was done" in capsys.readouterr().err
    assert target.read_text().startswith("# mine\n")
    saved = tomllib.loads(target.read_text())
    assert saved["model"] == "LeeNet11"
    assert saved["detect"] == {
        "threshold": "0,3",
        "classes": ["Dog", "Bell"],
        "strict": False,
        "verbose": 2,
        "json": True,
        "pad": 1.5,
        "checkpoint": "recordings/w.pth",
    }
    again = vars(parse(["detect", "--config", str(target), "x.wav"]))
    once = vars(parse([*words.split(), "--model", "LeeNet11", *more[:-2]]))
    for own in ("configuration", "origins", "config", "checkpoint"):
        again.pop(own), once.pop(own)
    assert again == once


def test_nothing_saved_is_lost(here: Path, capsys: Capture) -> None:
    target = written(here / "mine.toml", "[tag] # by hand\ntop = 7\n")
    assert main(["tag", "--top", "3", "--save-config", str(target)]) == 2
    assert "has a section [tag] already" in capsys.readouterr().err
    assert main(["tag", "--save-config", str(here / "new.toml")]) == 2
    assert not (here / "new.toml").exists()
    assert target.read_text() == "[tag] # by hand\ntop = 7\n"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("panns.toml", 'classes = ["Dog,Dgo"]', "Dog, Gong, Goat? (classes in {})"),
        ("pyproject.toml", '[tool.panns.detect]\nexclude = "Dgo"', "(exclude in {})"),
        ("panns.toml", 'model = "Cnn41"', "(model in {})"),
    ],
)
def test_a_value_that_is_wrong_is_said_with_its_file(
    here: Path, name: str, text: str, said: str, capsys: Capture
) -> None:
    path = written(here / name, text)
    assert main(["detect", "x.wav"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said.format(path) in line
    # What stands on the command line is in no file.
    assert main(["detect", "x.wav", "--classes", "Dgo", "--exclude", "Dgo", "--model", "Cn"]) == 2
    assert name not in capsys.readouterr().err
