"""Files appear whole or not at all: with real signals, real limits and real permissions."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import os
import resource
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from some_results import detection, framewise_detection

from panns_inference import UsageError
from panns_inference.errors import OutputError, PannsError, PathError
from panns_inference.files import Fingerprint, atomic_write, fingerprint, open_partial
from panns_inference.formats import FORMATS

TEXT = 'Glocke, "groß"\t♪\r\n'


def write(path: Path, text: str, error: BaseException | None = None) -> None:
    with atomic_write(path) as file:
        file.write(text)
        if error is not None:
            raise error


def test_a_file_appears_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "tags.csv"
    with atomic_write(str(path)) as file:
        file.write(TEXT)
        file.flush()
        assert not path.exists()
    assert path.read_bytes() == TEXT.encode()
    assert os.listdir(tmp_path) == ["tags.csv"]


def test_bytes_are_written_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "tags.parquet"
    content = bytes(range(256)) * 1000
    with atomic_write(path, binary=True) as file:
        file.write(b"????" + content)
        file.seek(0)
        file.write(b"\r\n\0\xff")
        assert not path.exists()
    assert path.read_bytes() == b"\r\n\0\xff" + content
    assert os.listdir(tmp_path) == ["tags.parquet"]


def test_a_file_is_replaced_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "tags.csv"
    path.write_text("old")
    with path.open() as reader, atomic_write(path) as file:
        file.write("new")
        file.flush()
        assert path.read_text() == "old"
        assert reader.read() == "old"
    assert path.read_text() == "new"


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_permissions_are_those_of_any_new_file(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        write(tmp_path / "tags.csv", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "tags.csv").stat().st_mode) == 0o666 & ~mask


@pytest.mark.parametrize("error", [UsageError, KeyboardInterrupt, FileNotFoundError])
def test_an_error_leaves_everything_as_it_was(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "tags.csv"
    path.write_text("old")
    with pytest.raises(error, match="not mine") as raised:
        write(path, "new" * 100_000, error("not mine"))
    assert type(raised.value) is error
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["tags.csv"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    target = tmp_path / "there" / "tags.csv"
    link = tmp_path / "link.csv"
    link.symlink_to(target)
    for text in ("first", "second"):
        write(link, text)
        assert link.is_symlink()
        assert target.read_text() == text


def test_the_longest_name(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)
    write(path, "x")
    assert path.read_text() == "x"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "is a folder: give the name of a file"),
        ("no/such/folder.csv", "cannot be written: No such file or directory"),
        ("file/tags.csv", "cannot be written: Not a directory"),
        ("n" * 256, "cannot be written: File name too long"),
        ("pipe", "is a device or a pipe: give the name of a file"),
        ("device", "is a device or a pipe: give the name of a file"),
    ],
)
def test_what_cannot_be_written(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "file").write_text("mine")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device").symlink_to("/dev/full")
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(OutputError, match=reason) as raised:
        write(tmp_path / name, "x")
    assert str(tmp_path / name) in str(raised.value)
    assert isinstance(raised.value, PannsError)
    assert isinstance(raised.value, OSError)
    assert sorted(os.listdir(tmp_path)) == before
    assert (tmp_path / "file").read_text() == "mine"
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A folder that this process may not write to, whoever runs it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tags.csv").write_text("old")
        folder.chmod(0o555)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)  # nobody: root may write everywhere
        try:
            yield folder
        finally:
            os.seteuid(user)
            folder.chmod(0o755)


def test_a_folder_that_is_read_only(read_only: Path) -> None:
    path = read_only / "tags.csv"
    with pytest.raises(OutputError, match=r"tags\.csv cannot be written: Permission denied"):
        write(path, "new")
    assert path.read_text() == "old"


@contextlib.contextmanager
def small_files() -> Iterator[None]:
    """A limit of the system to files of 10,000 bytes, which is met like a full disk.

    No longer than is needed: what pytest prints may go into a file, too.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("length", [10_001, 1_000_000])
def test_no_space_is_left(tmp_path: Path, length: int) -> None:
    path = tmp_path / "tags.csv"
    path.write_text("old")
    with (
        pytest.raises(OutputError, match=r"tags\.csv cannot be written: File too large"),
        small_files(),
    ):
        write(path, "n" * length)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["tags.csv"]


@pytest.mark.parametrize("name", [name for name, form in FORMATS.items() if form.binary])
def test_no_space_is_left_for_a_binary_format(tmp_path: Path, name: str) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    events = [("Speech", 0, i**0.5, (i + 1) ** 0.5, 1 / (i + 1)) for i in range(1000)]
    result = dataclasses.replace(framewise_detection(), events=detection(events).events)
    with (
        pytest.raises(OutputError, match="out cannot be written: File too large"),
        small_files(),
        atomic_write(path, binary=True) as file,
    ):
        FORMATS[name].write([result], file)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["out"]


def test_the_disk_fails_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)
    path = tmp_path / "tags.csv"
    path.write_text("old")
    with pytest.raises(OutputError, match=r"tags\.csv cannot be written: No space left on device"):
        write(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["tags.csv"]


WRITER = """
import sys, time
from panns_inference.files import atomic_write
with atomic_write(sys.argv[1]) as file:
    file.write("new" * 100_000)
    file.flush()
    print("half", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_writer_that_is_stopped(tmp_path: Path, number: signal.Signals) -> None:
    path = tmp_path / "tags.csv"
    path.write_text("old")
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        process.send_signal(number)
        process.communicate(timeout=30)
    assert process.returncode == -number
    assert path.read_text() == "old"
    left = [name for name in os.listdir(tmp_path) if name != "tags.csv"]
    if number == signal.SIGINT:
        assert left == []
    else:
        assert len(left) == 1
        assert left[0].startswith(".panns-")
        write(path, "new")
        assert path.read_text() == "new"


def test_what_is_there_stays_without_leave(tmp_path: Path) -> None:
    path = tmp_path / "tags.csv"
    path.write_text("mine")
    before = path.stat()
    with (
        pytest.raises(PathError, match=r"tags\.csv is there already, and is not replaced"),
        atomic_write(path, replace=False) as file,
    ):
        file.write("new")
    assert (path.read_text(), path.stat().st_mtime_ns) == ("mine", before.st_mtime_ns)
    # What has the same content is in nobody's way, and stays as it is.
    with atomic_write(path, replace=False) as file:
        file.write("mine")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert os.listdir(tmp_path) == ["tags.csv"]


def test_leave_by_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "tags.csv"
    announced: list[Fingerprint] = []

    def known(there: Fingerprint) -> bool:
        return there in announced

    for text in ("first", "second"):
        with atomic_write(path, replace=known, announce=announced.append) as file:
            file.write(text)
        assert path.read_text() == text
        assert announced[-1] == fingerprint(path)
    path.write_text("edited")
    with (
        pytest.raises(PathError, match=r"tags\.csv is there already"),
        atomic_write(path, replace=known, announce=announced.append) as file,
    ):
        file.write("third")
    assert path.read_text() == "edited"
    assert len(announced) == 2
    assert os.listdir(tmp_path) == ["tags.csv"]


def test_a_fingerprint_is_that_of_other_programs(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(3_000_000))
    told = subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True).stdout
    assert fingerprint(path) == Fingerprint(3_000_000, path.stat().st_mtime_ns, told.split()[0])


def test_a_file_that_appears_while_another_is_written(tmp_path: Path) -> None:
    path = tmp_path / "tags.csv"
    # As it is asked for and not there, by a program that is as fast as it can be.
    with (
        pytest.raises(PathError, match=r"tags\.csv appeared a moment ago"),
        atomic_write(path, replace=False, announce=lambda _: path.write_text("mine")) as file,
    ):
        file.write("new")
    assert path.read_text() == "mine"
    assert os.listdir(tmp_path) == ["tags.csv"]


def test_a_name_that_just_fits(tmp_path: Path) -> None:
    longest = os.pathconf(tmp_path, "PC_NAME_MAX")
    write(tmp_path / ("n" * longest), "new")
    assert (tmp_path / ("n" * longest)).read_text() == "new"
    with pytest.raises(PathError, match="cannot be written: File name too long"):
        write(tmp_path / ("n" * (longest + 1)), "new")


@pytest.mark.parametrize("path", ["a\0b", "tags.csv/b", "pipe", "folder"])
def test_paths_that_are_none_for_a_file(tmp_path: Path, path: str) -> None:
    (tmp_path / "tags.csv").write_text("mine")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(PathError):
        write(tmp_path / path, "new")
    assert sorted(os.listdir(tmp_path)) == ["folder", "pipe", "tags.csv"]


def test_a_partial_file_grows(tmp_path: Path) -> None:
    path = tmp_path / "a.partial"
    for append, content in ((False, b"one"), (True, b"onetwo"), (False, b"three")):
        with open_partial(path, append=append) as file:
            file.write(content[3:] if append else content)
        assert path.read_bytes() == content


@pytest.mark.parametrize("append", [False, True])
@pytest.mark.parametrize("kind", ["symbolic", "dangling", "hard", "pipe"])
def test_a_partial_file_is_no_link(tmp_path: Path, kind: str, append: bool) -> None:
    mine, path = tmp_path / "mine", tmp_path / "a.partial"
    mine.write_text("mine")
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "hard":
        path.hardlink_to(mine)
    else:
        path.symlink_to(mine if kind == "symbolic" else tmp_path / "nothing")
    with pytest.raises(PathError, match=r"a\.partial is a link or no regular file"):
        open_partial(path, append=append)
    assert mine.read_text() == "mine"
    assert sorted(os.listdir(tmp_path)) == ["a.partial", "mine"]
