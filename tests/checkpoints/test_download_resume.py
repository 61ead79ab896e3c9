"""Downloads that are cut, and how they are taken up again."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from loopback import (
    CONTENT,
    CUT,
    FINAL,
    OTHER,
    PARTIAL,
    TOTAL,
    Answer,
    Server,
    kept,
    serve,
)

from panns_inference.checkpoints import download, fetch, response
from panns_inference.errors import DownloadError

pytestmark = pytest.mark.usefixtures("cache")


def test_a_cut_connection_is_taken_up_again(cache: Path) -> None:
    with serve(Answer(until=CUT), Answer()) as server:
        fetch(server.row())
        first, second = server.seen
    assert first.sent == CUT
    start = int(second.headers["Range"].removeprefix("bytes=").removesuffix("-"))
    # At most one chunk of what was sent is lost.
    assert CUT - response.CHUNK_BYTES < start <= CUT
    assert second.sent == TOTAL - start


def test_another_run_takes_it_up_again(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "ATTEMPTS", 1)
    with serve(Answer(until=CUT), Answer()) as server:
        with pytest.raises(DownloadError, match=FINAL):
            fetch(server.row())
        start = kept(cache)
        assert CUT - response.CHUNK_BYTES < start <= CUT
        fetch(server.row())
        assert server.seen[1].headers["Range"] == f"bytes={start}-"
        assert "If-Range" not in server.seen[1].headers
        assert server.seen[1].sent == TOTAL - start


def test_a_server_that_ignores_range_sends_all_of_it() -> None:
    with serve(Answer(until=CUT), Answer(ranges=False)) as server:
        fetch(server.row())
        assert "Range" in server.seen[1].headers
        assert server.seen[1].sent == TOTAL


def test_a_file_that_changed_meanwhile_is_sent_from_the_start() -> None:
    with serve(Answer(content=OTHER, until=CUT, etag='"1"'), Answer(etag='"2"')) as server:
        fetch(server.row())
        assert server.seen[1].headers["If-Range"] == '"1"'
        assert server.seen[1].sent == TOTAL


def test_a_weak_validator_is_none() -> None:
    with serve(Answer(until=CUT, etag='W/"1"'), Answer()) as server:
        fetch(server.row())
        assert "If-Range" not in server.seen[1].headers


def test_parts_of_two_files_are_found_out() -> None:
    """Without validators, and with ranges: only the checksum shows that the parts do not fit."""
    with serve(Answer(content=OTHER, until=CUT), Answer()) as server:
        fetch(server.row())
        assert [("Range" in seen.headers) for seen in server.seen] == [False, True, False]


def test_a_partial_file_that_is_whole_is_not_fetched_again(server: Server, cache: Path) -> None:
    (cache / PARTIAL).write_bytes(CONTENT)
    fetch(server.row())
    assert not server.seen


@pytest.mark.parametrize("junk", [OTHER, CONTENT + b"more"], ids=["as long", "longer"])
def test_a_partial_file_of_something_else_is_deleted(
    server: Server, cache: Path, junk: bytes
) -> None:
    (cache / PARTIAL).write_bytes(junk)
    fetch(server.row())
    assert [seen.headers.get("Range") for seen in server.seen] == [None]


@pytest.mark.parametrize("content", [CONTENT, CONTENT + b"more"], ids=["whole", "longer"])
def test_a_whole_partial_file_of_unknown_size(server: Server, cache: Path, content: bytes) -> None:
    (cache / PARTIAL).write_bytes(content)
    fetch(server.row(size=None))
    ranges = [seen.headers.get("Range") for seen in server.seen]
    requested = f"bytes={len(content)}-"
    assert ranges == ([requested] if content == CONTENT else [requested, None])


@pytest.mark.parametrize("part", ["bytes 7-300014/300015", "nonsense", ""])
def test_another_part_than_was_asked_for(cache: Path, part: str) -> None:
    wrong = Answer(status=206, headers={"Content-Range": part})
    with serve(Answer(until=CUT), wrong, Answer()) as server:
        fetch(server.row())
        assert [("Range" in seen.headers) for seen in server.seen] == [False, True, False]


def test_a_server_that_stops_sending(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANNS_TIMEOUT", "0.3")
    with serve(Answer(pause=CUT), Answer()) as server:
        began = time.monotonic()
        fetch(server.row())
        assert 0.3 < time.monotonic() - began < 10
        assert "Range" in server.seen[1].headers


def test_waits_grow_and_end(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(download, "BACK_OFF", 1.0)
    monkeypatch.setattr(download, "time", SimpleNamespace(sleep=waits.append))
    server.answers = (Answer(status=503),)
    with pytest.raises(DownloadError, match="503 Service Unavailable"):
        fetch(server.row())
    assert waits == [1.0, 2.0, 4.0]
    assert len(server.seen) == 4
