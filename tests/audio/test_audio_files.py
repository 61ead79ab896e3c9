"""Paths and open files: how they are named, and what is said of those that cannot be read."""

from __future__ import annotations

import gzip
import io
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

import numpy as np
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
    with pytest.raises(AudioError, match=r"recording.wav' cannot be read: .*closed file"):
        read(closed, 32_000)
    with recording.open("rb") as file:
        file.seek(0, io.SEEK_END)
        with pytest.raises(AudioError, match="is empty: there are no bytes to read"):
            read(file, 32_000)


class Stream(io.RawIOBase):
    """What a client of HTTP gives: bytes in small pieces, and no way back."""

    def __init__(self, content: bytes) -> None:
        self._rest = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._rest.read(min(len(buffer), 1000))
        buffer[: len(piece)] = piece
        return len(piece)


def piped(content: bytes) -> BinaryIO:
    end, start = os.pipe()

    def write() -> None:
        with open(start, "wb") as file:
            file.write(content)

    threading.Thread(target=write).start()
    return open(end, "rb")


STREAMS: dict[str, Callable[[bytes], BinaryIO]] = {
    "a pipe": piped,
    "no way back": Stream,
    "gzip": lambda content: gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(content))),
    "only read": lambda content: SimpleNamespace(read=io.BytesIO(content).read),
}


@pytest.mark.parametrize("kind", STREAMS)
def test_streams_are_read_to_their_end(recording: Path, kind: str) -> None:
    stream = STREAMS[kind](recording.read_bytes())
    np.testing.assert_array_equal(read(stream, 32_000), read(recording, 32_000))
    if hasattr(stream, "close"):
        stream.close()


def test_a_stream_that_fails_says_why() -> None:
    def fail(_: int) -> bytes:
        raise ConnectionResetError("the other side is gone")

    with pytest.raises(AudioError, match=r"^the open file cannot be read: the other side is gone$"):
        read(SimpleNamespace(read=fail), 32_000)
    with pytest.raises(AudioTypeError, match=r"^the open file does not give bytes"):
        read(SimpleNamespace(read=lambda _: "text"), 32_000)


def test_an_open_file_stands_where_it_stood(recording: Path) -> None:
    content = recording.read_bytes()
    with io.BytesIO(b"before" + content) as file:
        file.seek(6)
        first = read(file, 32_000)
        assert file.tell() == 6
        np.testing.assert_array_equal(read(file, 32_000), first)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_the_bytes_of_a_file_are_a_recording(recording: Path, kind: Any) -> None:
    content = recording.read_bytes()
    np.testing.assert_array_equal(read(kind(content), 32_000), read(recording, 32_000))
    with pytest.raises(AudioError, match=r"^the file in these bytes cannot be decoded"):
        read(kind(b"no sound at all"), 32_000)


@pytest.mark.parametrize(
    ("address", "advice"),
    [
        ("https://a.org/b.wav?c=d", "with urllib.request.urlopen('https://a.org/b.wav?c=d') as"),
        ("http://a.org/b.wav", "with urllib.request.urlopen("),
        ("s3://bucket/b.wav", "with fsspec.open('s3://bucket/b.wav') as file: tag(file)"),
        ("gs://bucket/b.wav", "with fsspec.open("),
        ("hf://datasets/a/b.wav", "with fsspec.open("),
        ("file:///tmp/b.wav", "is an address: give the path that stands in it"),
        (Path("https://a.org/b.wav"), "is an address, and nothing is fetched from the internet"),
    ],
)
def test_addresses_are_refused_with_what_to_do(address: str | Path, advice: str) -> None:
    with pytest.raises(AudioError, match=re.escape(advice)):
        read(address, 32_000)


def test_a_file_may_be_called_like_an_address(
    recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(recording.parent)
    Path("https:").mkdir()
    recording.rename("https:/a.wav")
    assert len(read("https://a.wav", 32_000)) > 0


def test_a_text_that_is_no_path_is_not_repeated_in_full() -> None:
    with pytest.raises(AudioError) as raised:
        read("data:audio/wav;base64," + "QUJD" * 10_000, 32_000)
    assert len(str(raised.value)) < 500
