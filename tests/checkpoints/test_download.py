"""Downloads that go well, that are not allowed, and that find no place."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
from loopback import (
    CONTENT,
    FINAL,
    MINE,
    PARTIAL,
    TOTAL,
    Answer,
    Server,
)

from panns_inference import __version__
from panns_inference.checkpoints import fetch, transfer
from panns_inference.errors import CheckpointError, DownloadError

pytestmark = pytest.mark.usefixtures("cache")


# A download that goes well ---------------------------------------------------------------------


def test_a_file_comes_whole_and_only_once(server: Server, cache: Path) -> None:
    row = server.row()
    assert fetch(row) == cache / FINAL
    assert (cache / FINAL).read_bytes() == CONTENT
    assert fetch(row) == cache / FINAL
    assert len(server.seen) == 1


def test_what_the_server_is_asked_for(server: Server) -> None:
    fetch(server.row())
    (seen,) = server.seen
    assert seen.path == "/Tiny_mAP%3D0.500.pth?download=1"
    assert seen.headers["User-Agent"] == f"panns-inference/{__version__}"
    assert seen.headers["Accept-Encoding"] == "identity"
    assert "Range" not in seen.headers


def test_the_file_has_the_mode_of_any_new_file(server: Server, cache: Path) -> None:
    before = os.umask(0o027)
    try:
        fetch(server.row())
    finally:
        os.umask(before)
    assert (cache / FINAL).stat().st_mode & 0o777 == 0o640


def test_the_folder_is_made(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANNS_HOME", str(tmp_path / "a" / "b"))
    assert fetch(server.row()) == tmp_path / "a" / "b" / FINAL


def test_the_empty_file_of_a_failed_download_gives_way(server: Server, cache: Path) -> None:
    (cache / FINAL).touch()
    fetch(server.row())
    assert len(server.seen) == 1


def test_a_file_that_is_here_is_used_without_a_word(
    server: Server, own_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old = own_home / "panns_data" / FINAL
    old.parent.mkdir()
    old.write_bytes(CONTENT)
    assert fetch(server.row(), offline=True) == old
    assert fetch(server.row()) == old
    assert not server.seen
    assert not caplog.records


def test_a_file_of_another_size_is_set_aside(server: Server, own_home: Path) -> None:
    old = own_home / "panns_data" / FINAL
    old.parent.mkdir()
    old.write_bytes(b"weights that the user trained")
    with pytest.raises(CheckpointError, match=f"it has 29 bytes, expected {TOTAL:,}; it was set"):
        fetch(server.row())
    assert not old.exists()
    assert old.with_name(f"{FINAL}.wrong").read_bytes() == b"weights that the user trained"
    assert not server.seen


@pytest.mark.parametrize("progress", [True, False, None])
def test_the_bar_is_on_stderr(
    server: Server, progress: bool | None, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch(server.row(), progress=progress)
    out, err = capsys.readouterr()
    assert out == ""
    # None: what pytest captures is no terminal.
    assert ("100%" in err and FINAL in err) if progress else err == ""


def test_a_proxy_of_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", server.url)
    fetch(server.row(address="http://files.invalid/folder"))
    assert server.seen[0].path == "http://files.invalid/folder/Tiny_mAP%3D0.500.pth?download=1"


# Offline ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["argument", "environment"])
def test_offline_says_all_that_is_needed(
    server: Server, cache: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = server.row()
    if how == "environment":
        monkeypatch.setenv("PANNS_OFFLINE", "1")
    with pytest.raises(DownloadError, match="not here, and the network is not to be used") as error:
        fetch(row, offline=True if how == "argument" else None)
    for part in (FINAL, f"{TOTAL:,} bytes", row.md5, row.url, str(cache / FINAL), "PANNS_MIRROR"):
        assert part in str(error.value)
    assert not server.seen
    assert [path.name for path in cache.iterdir()] == [MINE]


def test_an_argument_overrules_the_environment(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANNS_OFFLINE", "1")
    fetch(server.row(), offline=False)
    assert len(server.seen) == 1


# The disk --------------------------------------------------------------------------------------


def test_too_little_space_is_known_beforehand(server: Server, cache: Path) -> None:
    server.answers = (Answer(length=False),)
    message = "no space left in .*cache for Tiny.*1,152,921,504,606,846,976 bytes more.*PANNS_HOME"
    with pytest.raises(DownloadError, match=message):
        fetch(server.row(size=2**60))
    assert len(server.seen) == 1
    assert not (cache / PARTIAL).exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize(
    ("length", "needed"), [(True, f"{TOTAL:,} bytes more"), (False, "not known")]
)
def test_the_disk_fills_while_writing(
    server: Server, cache: Path, length: bool, needed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel's own error: what is written to this device finds no space."""
    server.answers = (Answer(length=length),)
    full = Path("/dev/full")
    monkeypatch.setattr(transfer, "open_partial", lambda *_, append: full.open("ab"))
    with pytest.raises(DownloadError, match=f"no space left in .*{needed}"):
        fetch(server.row(size=None))
    assert len(server.seen) == 1


def test_a_folder_that_cannot_be_made(
    server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANNS_HOME", str(cache / MINE / "folder"))
    with pytest.raises(DownloadError, match=r"cannot write Tiny.*PANNS_HOME"):
        fetch(server.row())
    assert not server.seen


def test_a_folder_in_the_place_of_the_file(server: Server, cache: Path) -> None:
    (cache / FINAL).mkdir()
    with pytest.raises(DownloadError, match=r"cannot write Tiny.*Is a directory"):
        fetch(server.row())
    (cache / FINAL).rmdir()


def test_a_file_system_without_locks(
    server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("panns_inference.lock._lock", refuse)
    with pytest.raises(DownloadError, match="No locks available; name another folder"):
        fetch(server.row())
    assert not server.seen
    (cache / f"{FINAL}.lock").unlink()


def test_failures_are_logged_as_they_come(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="panns_inference")
    fetch(server.row())
    assert caplog.messages == [f"downloading {server.url}/Tiny_mAP%3D0.500.pth?download=1"]
