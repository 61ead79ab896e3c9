"""Servers that give something else than the file, and those that are tried next."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from loopback import (
    CONTENT,
    CUT,
    FINAL,
    OTHER,
    PARTIAL,
    PEM,
    TOTAL,
    WEIGHTS,
    Answer,
    Server,
    kept,
    serve,
    source,
)

from panns_inference.checkpoints import Checkpoint, fetch
from panns_inference.errors import CheckpointWarning, DownloadError

pytestmark = pytest.mark.usefixtures("cache")


# Wrong answers and mirrors ---------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 503, 429, 408])
def test_an_error_that_passes_is_tried_again(status: int) -> None:
    with serve(Answer(status=status), Answer()) as server:
        fetch(server.row())
        assert len(server.seen) == 2


@pytest.mark.parametrize("status", [400, 403, 404, 410, 204, 304])
def test_an_error_that_stays_is_not_tried_again(server: Server, status: int) -> None:
    server.answers = (Answer(status=status),)
    with pytest.raises(DownloadError, match=rf"{server.url}\S*: {status}"):
        fetch(server.row())
    assert len(server.seen) == 1


def test_the_next_address_is_tried(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    with serve(Answer(status=404)) as first, serve() as second:
        fetch(server.row(), mirrors=[first.url, second.url + "/"])
        assert [len(each.seen) for each in (first, second, server)] == [1, 1, 0]
        assert second.seen[0].path == "/Tiny_mAP%3D0.500.pth"
        assert f"{first.url}/Tiny_mAP%3D0.500.pth: 404 Not Found" in caplog.text


def test_mirrors_of_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve() as mirror:
        monkeypatch.setenv("PANNS_MIRROR", f"http://127.0.0.1:1/ {mirror.url}/weights/")
        fetch(server.row())
        assert mirror.seen[0].path == "/weights/Tiny_mAP%3D0.500.pth"
    assert not server.seen


def test_what_a_mirror_began_is_ended_by_the_next(server: Server) -> None:
    with serve(Answer(until=CUT), Answer(status=404)) as mirror:
        fetch(server.row(), mirrors=[mirror.url])
    assert "Range" in server.seen[0].headers
    assert "If-Range" not in server.seen[0].headers


def test_wrong_bytes_are_deleted(server: Server, cache: Path) -> None:
    row = server.row()
    server.answers = (Answer(content=OTHER),)
    with pytest.raises(DownloadError, match="cannot download") as error:
        fetch(row)
    lines = str(error.value).splitlines()
    assert lines[0] == f"cannot download {FINAL} ({TOTAL:,} bytes, md5 {row.md5}):"
    assert lines[1].startswith(f"  {row.url}: md5 is ")
    assert f"expected {row.md5}; sha256 is " in lines[1]
    assert lines[2] == (
        f"fetch {row.url} by other means and save it as {cache / FINAL}, "
        "or name a mirror in PANNS_MIRROR"
    )
    assert len(server.seen) == 1
    assert not (cache / PARTIAL).exists()


def test_wrong_bytes_here_and_right_ones_there(server: Server) -> None:
    with serve(Answer(content=OTHER)) as mirror:
        fetch(server.row(), mirrors=[mirror.url])
        assert len(mirror.seen) == 1
    assert "Range" not in server.seen[0].headers


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"\0"], ids=["short", "long"])
def test_a_wrong_size_is_refused_before_it_is_fetched(
    server: Server, cache: Path, content: bytes
) -> None:
    server.answers = (Answer(content=content),)
    with pytest.raises(DownloadError, match=rf"{len(content):,} bytes there, expected {TOTAL:,}"):
        fetch(server.row())
    assert not (cache / PARTIAL).exists()


def test_a_size_that_is_not_announced(server: Server) -> None:
    server.answers = (Answer(length=False),)
    fetch(server.row())
    assert len(server.seen) == 1


def test_more_than_was_promised(server: Server, cache: Path) -> None:
    server.answers = (Answer(content=CONTENT * 3, length=False),)
    with pytest.raises(DownloadError, match=f"it sends more than {TOTAL:,} bytes"):
        fetch(server.row())
    assert not (cache / PARTIAL).exists()


def test_less_than_was_promised(server: Server, cache: Path) -> None:
    server.answers = (Answer(content=CONTENT[:CUT], length=False, ranges=False),)
    with pytest.raises(DownloadError, match=f"cut off after {CUT:,} of {TOTAL:,} bytes"):
        fetch(server.row())
    assert kept(cache) == CUT


def test_a_web_page(server: Server, cache: Path) -> None:
    page = b"<!DOCTYPE html><html>log in to use the network</html>"
    server.answers = (Answer(content=page, headers={"Content-Type": "text/html; charset=utf-8"}),)
    with pytest.raises(DownloadError, match="a web page came instead of the file"):
        fetch(server.row(size=None))
    server.answers = (Answer(content=page, headers={"Content-Type": "application/octet-stream"}),)
    with pytest.raises(DownloadError, match="is a web page, not weights"):
        fetch(server.row(size=None, md5=None, sha256=None))
    assert not (cache / PARTIAL).exists()


def test_nobody_listens(cache: Path) -> None:
    with pytest.raises(DownloadError, match=r"pth\?download=1: HTTPConnection\(.*refused\n"):
        fetch(Checkpoint("Tiny", FINAL, source("http://127.0.0.1:1"), size=1, md5="0" * 32))


def test_an_address_that_is_none() -> None:
    with pytest.raises(DownloadError, match="No connection adapters"):
        fetch(Checkpoint("Tiny", FINAL, source("file:///etc"), size=1, md5="0" * 32))


# Files of which no checksum is known -----------------------------------------------------------

UNKNOWN = {"size": None, "md5": None, "sha256": None}

PART = len(WEIGHTS) // 2


def test_what_could_not_be_verified_is_said(server: Server) -> None:
    server.answers = (Answer(content=WEIGHTS),)
    message = f"could not be verified: no checksum of {FINAL} is known"
    with pytest.warns(CheckpointWarning, match=message) as seen:
        fetch(server.row(**UNKNOWN))
    assert seen[0].filename == __file__


def test_without_a_checksum_the_start_of_another_run_is_not_trusted(
    server: Server, cache: Path
) -> None:
    (cache / PARTIAL).write_bytes(OTHER[:CUT])
    server.answers = (Answer(content=WEIGHTS),)
    with pytest.warns(CheckpointWarning, match="could not be verified"):
        fetch(server.row(**UNKNOWN))
    assert "Range" not in server.seen[0].headers


@pytest.mark.parametrize("etag", ['"1"', None])
def test_without_a_checksum_a_validator_is_needed_to_go_on(etag: str | None) -> None:
    whole = Answer(content=WEIGHTS, etag=etag)
    with serve(replace(whole, until=PART), whole) as server:
        with pytest.warns(CheckpointWarning, match="could not be verified"):
            fetch(server.row(**UNKNOWN))
        assert ("Range" in server.seen[1].headers) == (etag is not None)
        assert server.seen[1].headers.get("If-Range") == etag


def test_neither_size_nor_checksum(server: Server) -> None:
    server.answers = (Answer(length=False),)
    with pytest.raises(DownloadError, match="does not say its size, and no checksum is known"):
        fetch(server.row(**UNKNOWN))


# Redirects -------------------------------------------------------------------------------------


def moved(url: str) -> Answer:
    return Answer(status=302, headers={"Location": url})


def test_redirects_are_followed(server: Server) -> None:
    with serve(moved("/elsewhere"), moved(f"{server.url}/file")) as first:
        fetch(first.row())
    assert [seen.path for seen in server.seen] == ["/file"]


def test_encryption_is_not_given_up(
    server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(PEM))
    with serve(moved(f"{server.url}/file"), tls=True) as safe:
        with pytest.raises(DownloadError, match=r"redirected from https to http://127\.0\.0\.1"):
            fetch(safe.row())
        assert len(safe.seen) == 1
    assert not server.seen
    assert not (cache / PARTIAL).exists()


def test_encrypted_to_encrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(PEM))
    with serve(moved("/elsewhere"), Answer(), tls=True) as safe:
        fetch(safe.row())
        assert [seen.path for seen in safe.seen][1] == "/elsewhere"


def test_a_certificate_that_nobody_vouches_for() -> None:
    with serve(tls=True) as safe:
        with pytest.raises(DownloadError, match="CERTIFICATE_VERIFY_FAILED"):
            fetch(safe.row())
        assert not safe.seen
