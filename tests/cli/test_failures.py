"""What is said of recordings that failed, and the list to run them again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import soundfile
from program import NETWORK

from panns_inference.batch import Failure
from panns_inference.cli import main
from panns_inference.cli.failures import causes

Capture = pytest.CaptureFixture[str]


def failures(*found: tuple[str, str]) -> list[Failure]:
    return [Failure(name, cause.format(repr(name))) for name, cause in found]


def test_causes_are_grouped() -> None:
    found = failures(
        ("x.wav", "{}: no such file"),
        ("a.wav", "{} is cut off or damaged: 3.00 s are missing"),
        ("b 2.wav", "{} is cut off or damaged: 12.50 s are missing"),
        ("y.wav", "{} holds no samples"),
        ("c\n.wav", "{} is cut off or damaged: 0.10 s are missing"),
        ("z.wav", "{} holds no samples"),
    )
    assert list(causes(found)) == [
        r"3 recordings are cut off or damaged: a.wav, b 2.wav, c\n.wav",
        "2 recordings hold no samples: y.wav, z.wav",
        "'x.wav': no such file",
    ]
    missing = failures(*((f"{number}.wav", "{}: no such file") for number in range(14)))
    (line,) = causes(missing)
    shown = ", ".join(f"{number}.wav" for number in range(10))
    assert line == f"14 recordings: no such file: {shown} and 4 more"


@pytest.fixture
def damaged(recordings: list[Path], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One whole recording, two that are cut, and one that is not there; in the working folder."""
    monkeypatch.chdir(recordings[0].parent)
    for path in recordings[1:]:
        path.write_bytes(path.read_bytes()[:9000])
    return [*(path.name for path in recordings), "none.wav"]


@pytest.mark.parametrize("place", [(), ("-o", "t.csv")], ids=["stdout", "file"])
def test_failures_are_run_again(
    damaged: list[str], place: tuple[str, ...], capsys: Capture
) -> None:
    given = ("tag", "-f", "csv", "--strict", *NETWORK, *place, "--failed", "failed.txt")
    assert main([*given, *damaged]) == 1
    err = capsys.readouterr().err
    assert "panns: 3 of 4 recordings failed:\n" in err
    assert "  2 recordings are cut off or damaged: " in err
    assert "b.wav, c.wav\n" in err
    assert err.count("b.wav") == err.count("none.wav") == 1
    assert Path("failed.txt").read_text() == "b.wav\nc.wav\nnone.wav\n"
    samples, rate = soundfile.read("a.wav")
    soundfile.write("b.wav", samples, rate)
    again = ("tag", "-f", "csv", "--strict", *NETWORK, "--files-from", "failed.txt")
    assert main([*again, "--failed", "failed.txt"]) == 1
    out, err = capsys.readouterr()
    assert {line.split(",")[0] for line in out.splitlines()[1:]} == {"b.wav"}
    assert Path("failed.txt").read_text() == "c.wav\nnone.wav\n"
    for name in damaged:
        soundfile.write(name, samples, rate)
    assert main([*given, *damaged]) == 0  # the list of before may be replaced
    assert Path("failed.txt").read_text() == ""


def test_names_with_line_ends(recordings: list[Path], tmp_path: Path, capsys: Capture) -> None:
    names = [f"{tmp_path}/a\nb.wav", f"{tmp_path}/c.wav\r"]
    given = ["tag", *map(str, recordings), *names, *NETWORK, "--failed", f"{tmp_path}/f"]
    assert main(given) == 1
    assert "read it with --null" in capsys.readouterr().err
    assert (tmp_path / "f").read_bytes() == b"".join(os.fsencode(n) + b"\0" for n in names)
    assert main(["tag", "--null", "--files-from", f"{tmp_path}/f", *NETWORK]) == 1
    assert "2 of 2 recordings failed" in capsys.readouterr().err


def test_nothing_else_is_replaced(recordings: list[Path], capsys: Capture) -> None:
    """A recording, a text, and a list of all recordings, which somebody else may have made."""
    names = [str(path) for path in recordings]
    folder = recordings[0].parent
    (folder / "mine.txt").write_text("mine\n")
    (folder / "all.txt").write_text("".join(f"{name}\n" for name in names))
    for there in (recordings[1], folder / "mine.txt", folder / "all.txt"):
        before = there.read_bytes()
        assert main(["tag", *names, *NETWORK, "--failed", str(there)]) == 2
        assert "give another name for --failed" in capsys.readouterr().err
        assert there.read_bytes() == before
    assert main(["tag", *names, *NETWORK, "-o", "x.csv", "--failed", "./x.csv"]) == 2
    assert "x.csv is where results go" in capsys.readouterr().err
    assert main(["tag", *names, *NETWORK, "--failed", str(folder)]) == 1
    assert "is a folder" in capsys.readouterr().err
