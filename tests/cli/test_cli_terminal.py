"""Names that steer a terminal, where they are shown on one."""

from __future__ import annotations

import os
import pty
from pathlib import Path

import pytest
from program import NETWORK, start

STEERING = "a\x1b[2J\x9b31m\u202egpj\u2066\u2028.wav"
SHOWN = r"a\x1b[2J\x9b31m\u202egpj\u2066\u2028.wav"


def on_a_terminal(*arguments: object, stream: str = "stdout") -> tuple[int, str]:
    """Exit status, and what a terminal that is one of the streams shows."""
    ours, theirs = pty.openpty()
    with start(*arguments, **{stream: theirs}) as process:
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 4096):
                shown += part
        except OSError:  # how a terminal ends
            pass
        process.communicate()
    os.close(ours)
    return process.returncode, shown.decode()


def is_harmless(text: str) -> bool:
    return text.replace("\r\n", "").replace("\n", "").replace("\t", "").isprintable()


@pytest.mark.sample(2)
@pytest.mark.parametrize("form", ["table", "csv", "json", "srt", "raven"])
def test_names_of_recordings(form: str, recordings: list[Path]) -> None:
    odd = recordings[0].rename(recordings[0].with_name(STEERING))
    status, shown = on_a_terminal("tag", "--top", 2, "-f", form, odd, *NETWORK)
    assert status == 0
    assert is_harmless(shown)
    assert form == "srt" or "gpj" in shown


def test_csv_that_goes_elsewhere_is_exact(recordings: list[Path]) -> None:
    odd = recordings[0].rename(recordings[0].with_name(STEERING))
    with start("tag", "--top", 1, "-f", "csv", odd, *NETWORK) as process:
        out, _ = process.communicate()
    assert f"\n{odd}," in out


@pytest.mark.parametrize(
    "arguments",
    [
        ("tag", STEERING),
        ("tag", f"--{STEERING}"),
        ("tag", "--top", STEERING, "x.wav"),
        ("tag", "--files-from", STEERING),
        ("models", "path", STEERING),
        (STEERING,),
    ],
    ids=["recording", "option", "number", "list", "network", "command"],
)
def test_errors(arguments: tuple[str, ...]) -> None:
    with start(*arguments) as process:
        out, err = process.communicate()
    assert process.returncode in (1, 2)
    assert out == ""
    assert is_harmless(err)
    assert "gpj" in err


def test_names_of_outputs_and_line_ends(recordings: list[Path], tmp_path: Path) -> None:
    odd = tmp_path / f"x\npanns: all is well\n{STEERING}"
    odd.mkdir()
    given = ("tag", recordings[0], recordings[1], *NETWORK, "-f", "csv")
    with start(*given, "-o", odd) as process:
        _, err = process.communicate()
    assert process.returncode == 2
    assert is_harmless(err)
    assert err.count("\n") == 1
    assert "gpj" in err
