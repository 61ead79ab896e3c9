"""Servers that draw things out, lie, or speak nonsense: a download ends, and soon enough."""

from __future__ import annotations

import gc
import math
import time
from pathlib import Path

import pytest
from hostile import BEHAVIOURS, hostile
from loopback import CONTENT, FINAL, PARTIAL, TOTAL, Server

from panns_inference import settings
from panns_inference.checkpoints import fetch, stream
from panns_inference.errors import DownloadError, UsageError

QUICK = (
    "nothing at all",
    "headers byte by byte",
    "content byte by byte",
    "100 Continue without end",
    "length of an exabyte",
    "length below zero",
    "length of 5000 digits",
    "two lengths",
    "redirects to nowhere",
    "redirects to a long name",
    "a range of other digits",
    "compressed",
)
"""Behaviours that are tried each time; the others take a minute."""


@pytest.fixture(autouse=True)
def little_patience(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANNS_TIMEOUT", "1")
    monkeypatch.setattr(stream, "SPEED_SECONDS", 0.5)
    monkeypatch.setattr(stream, "GRACE_SECONDS", 0.3)


def goes_on_to_the_next_address(server: Server, behaviour: str, known: bool) -> None:
    row = server.row() if known else server.row(size=None)
    began = time.monotonic()
    with hostile(BEHAVIOURS[behaviour]) as url:
        path = fetch(row, mirrors=[url])
        assert time.monotonic() - began < 30
        assert path.read_bytes() == CONTENT
        path.unlink()
        with pytest.raises(DownloadError, match=f"^cannot download {FINAL}"):
            fetch(server.row(address=url, size=row.size), mirrors=[])
    gc.collect()  # here, where what it finds may be left


# Of an answer whose headers urllib3 refuses, it leaves the socket to the garbage collector.
left_sockets = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.mark.sample(6)
@left_sockets
@pytest.mark.parametrize("behaviour", QUICK)
def test_the_next_address_is_tried(server: Server, behaviour: str) -> None:
    goes_on_to_the_next_address(server, behaviour, known=True)


ENDLESS = "chunks without end"
"""Of a file of unknown size, gigabytes come before it is known to be wrong."""


@left_sockets
@pytest.mark.slow
@pytest.mark.parametrize(
    ("behaviour", "known"),
    [(b, known) for b in BEHAVIOURS for known in (True, False) if known or b != ENDLESS],
)
def test_all_behaviours(server: Server, behaviour: str, known: bool) -> None:
    goes_on_to_the_next_address(server, behaviour, known)


def test_a_length_beyond_all_networks_is_no_full_disk(server: Server) -> None:
    with (
        hostile(BEHAVIOURS["length of an exabyte"]) as url,
        pytest.raises(DownloadError, match=r"1,000,000,000,000,000,000 bytes there, expected") as e,
    ):
        fetch(server.row(size=None, address=url))
    assert "no space" not in str(e.value)


def test_a_slow_address_is_left(server: Server) -> None:
    with (
        hostile(BEHAVIOURS["content byte by byte"]) as url,
        pytest.raises(
            DownloadError, match=r"nothing came for 1 seconds|less than 1000 bytes a sec"
        ),
    ):
        fetch(server.row(address=url))
    with (
        hostile(BEHAVIOURS["stalled"]) as url,
        pytest.raises(DownloadError, match=r"nothing came for 0\.2 s|Read timed out"),
    ):
        fetch(server.row(address=url), timeout=0.2)


def test_limits_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PANNS_TIMEOUT")
    assert (settings.timeout(), settings.min_speed()) == (60, 1000)
    monkeypatch.setenv("PANNS_TIMEOUT", "2.5")
    monkeypatch.setenv("PANNS_MIN_SPEED", "0")
    assert (settings.timeout(), settings.min_speed()) == (2.5, 0)
    for wrong in ("0", "-1", "nan", "inf", "soon"):
        monkeypatch.setenv("PANNS_TIMEOUT", wrong)
        with pytest.raises(UsageError, match=f"PANNS_TIMEOUT={wrong} is no number of seconds"):
            settings.timeout()
    assert math.isfinite(settings.min_speed())


# The partial file --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["link", "hard link", "dangling", "folder"])
def test_nothing_is_written_through_a_link(server: Server, cache: Path, kind: str) -> None:
    mine, partial = cache.parent / "mine", cache / PARTIAL
    mine.write_bytes(b"mine")
    if kind == "folder":
        partial.mkdir()
    elif kind == "hard link":
        partial.hardlink_to(mine)
    else:
        partial.symlink_to(mine if kind == "link" else cache.parent / "new")
    with pytest.raises(DownloadError, match=f"cannot write .*{PARTIAL}"):
        fetch(server.row())
    assert mine.read_bytes() == b"mine"
    assert not (cache.parent / "new").exists()
    assert partial.lstat()
    partial.rmdir() if kind == "folder" else partial.unlink()
    assert fetch(server.row()).stat().st_size == TOTAL


def test_a_link_that_leads_nowhere_is_not_replaced(server: Server, cache: Path) -> None:
    (cache / FINAL).symlink_to(cache.parent / "elsewhere")
    with pytest.raises(DownloadError, match="it is a link that leads nowhere"):
        fetch(server.row())
    assert (cache / FINAL).is_symlink()
    (cache / FINAL).unlink()
    (cache / PARTIAL).unlink()
