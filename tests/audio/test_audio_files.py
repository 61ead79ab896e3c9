"""Paths and open files: how they are named, and what is said of those that cannot be read."""

from __future__ import annotations

import io
import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_recordings import NOISE, written

from panns_inference.audio import name_of, read
from panns_inference.errors import AudioError, AudioTypeError


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "recording.wav"
    path.write_bytes(written("WAV", "PCM_16"))
    return path


def test_names_are_those_that_were_given(recording: Path) -> None:
    assert name_of(recording) == str(recording)
    assert name_of("a/b c.wav") == "a/b c.wav"
    with recording.open("rb") as file:
        assert name_of(file) == str(recording)
    with open(os.dup(0), "rb") as file:
        assert name_of(file) is None  # the name of that file is a number
    assert name_of(io.BytesIO()) is None
    assert name_of(NOISE) is None
    assert name_of([0.0, 1.0]) is None


@pytest.fixture
def odd_paths(tmp_path: Path) -> Iterator[dict[str, Path]]:
    """Paths at which there is no regular file."""
    found = {kind: tmp_path / f"{kind}.wav" for kind in ("directory", "dangling", "loop", "pipe")}
    found["directory"].mkdir()
    found["dangling"].symlink_to(tmp_path / "gone.wav")
    found["loop"].symlink_to(found["loop"])
    os.mkfifo(found["pipe"])
    found["missing"] = tmp_path / "missing.wav"
    found["socket"] = tmp_path / "socket.wav"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(found["socket"]))
        yield found


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("directory", " is a directory; expected a file that holds a recording"),
        ("dangling", ": a link to a file that does not exist"),
        ("loop", " cannot be opened: Too many levels of symbolic links"),
        ("pipe", " is a pipe; expected a file that holds a recording"),
        ("socket", " is a socket; expected a file that holds a recording"),
        ("missing", ": no such file"),
    ],
)
def test_what_is_no_regular_file_is_named_without_waiting(
    odd_paths: dict[str, Path], kind: str, message: str
) -> None:
    whole = re.escape(f"{str(odd_paths[kind])!r}{message}")
    with pytest.raises(AudioError, match=f"^{whole}$"):
        read(odd_paths[kind], 32_000)


def test_devices_and_impossible_names_are_refused() -> None:
    with pytest.raises(AudioError, match=r"^'/dev/zero' is a device; expected"):
        read("/dev/zero", 32_000)
    with pytest.raises(AudioError, match=r"cannot be opened: .*embedded null"):
        read("a\0b.wav", 32_000)
    with pytest.raises(AudioError, match=r"cannot be opened: File name too long"):
        read("a" * 5000, 32_000)


def test_a_file_that_may_not_be_read_is_named(recording: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        path = Path(folder, "secret.wav")
        path.write_bytes(recording.read_bytes())
        path.chmod(0)
        program = (
            "import os, sys\n"
            "from panns_inference.audio import read\n"
            "from panns_inference.errors import AudioError\n"
            "import soundfile, soxr\n"
            "os.geteuid() or os.seteuid(65534)\n"  # root may read everything: be nobody
            "try: read(sys.argv[1], 32000)\n"
            "except AudioError as error: print(error)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, path], capture_output=True, text=True, check=True
        )
    assert done.stdout == f"'{path}': not permitted to read this file\n"


@pytest.mark.parametrize("content", [b"", b"ID3\x04\0\0\0\0\0\x05hello"], ids=["nothing", "a tag"])
def test_a_file_with_nothing_in_it_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.mp3").write_bytes(content)
    with pytest.raises(
        AudioError, match=r"a.mp3' (is empty: there are no bytes|cannot be decoded)"
    ):
        read(tmp_path / "a.mp3", 32_000)


def test_open_files_that_cannot_be_used_say_why(recording: Path) -> None:
    with (
        recording.open(encoding="latin-1") as text,
        pytest.raises(AudioTypeError, match="mode 'rb'"),
    ):
        read(text, 32_000)  # type: ignore[arg-type]
    with recording.open("rb") as closed:
        pass
    with pytest.raises(AudioError, match=r"recording.wav' cannot be read \(.*closed file"):
        read(closed, 32_000)
    end, start = os.pipe()
    with (
        open(end, "rb") as stream,
        open(start, "wb"),
        pytest.raises(AudioError, match=r"cannot be rewound, read it into memory first: io.Bytes"),
    ):
        read(stream, 32_000)
    with recording.open("rb") as file:
        file.seek(0, io.SEEK_END)
        with pytest.raises(AudioError, match="is empty: there are no bytes to read"):
            read(file, 32_000)
