"""A real HTTP server on the loopback interface that fails in ways that a test chooses."""

from __future__ import annotations

import contextlib
import hashlib
import io
import ssl
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import torch

from panns_inference.checkpoints import Checkpoint
from panns_inference.registry import Source

PEM = Path(__file__).with_name("loopback.pem")
"""Certificate and key of the servers that speak TLS."""

# What every file of torch's older layout begins with, then noise.
CONTENT = (
    bytes.fromhex("80028a0a6cfc9c46f9206aa850192e")
    + np.random.PCG64(0).random_raw(37_500).astype("<u8").tobytes()
)
OTHER = CONTENT[::-1]


def weights() -> bytes:
    """Weights of a network that is not of this package, larger than some chunks."""
    file = io.BytesIO()
    torch.save({"a": torch.ones(1 << 16)}, file, _use_new_zipfile_serialization=False)
    return file.getvalue()


WEIGHTS = weights()
TOTAL = len(CONTENT)
CUT = TOTAL * 2 // 5

MINE = "mine.pth"
FINAL = "Tiny_mAP=0.500.pth"
PARTIAL = f"{FINAL}.partial"


@contextlib.contextmanager
def guarded(folder: Path) -> Iterator[Path]:
    """A cache folder with a file of the user's, and what must hold whatever happens in it.

    The user's file stays as it is; under the final name there are the right bytes or nothing; and
    nothing else is left behind but a partial file.
    """
    folder.mkdir()
    mine = folder / MINE
    mine.write_bytes(b"weights of my own")
    before = mine.stat().st_mtime_ns
    yield folder
    assert mine.read_bytes() == b"weights of my own"
    assert mine.stat().st_mtime_ns == before
    assert {path.name for path in folder.iterdir()} <= {MINE, FINAL, PARTIAL}
    if (folder / FINAL).exists():
        assert (folder / FINAL).read_bytes() in (CONTENT, WEIGHTS)
        assert not (folder / PARTIAL).exists()


def kept(folder: Path) -> int:
    """Bytes in the partial file."""
    return (folder / PARTIAL).stat().st_size if (folder / PARTIAL).exists() else 0


@dataclass(frozen=True)
class Answer:
    """How a request is answered.

    `until` is the byte of the file behind which the connection is closed, `pause` the one at which
    the server waits for `Server.go_on`; `length=False` leaves the length out.
    """

    status: int = 200
    content: bytes = CONTENT
    until: int | None = None
    pause: int | None = None
    ranges: bool = True
    length: bool = True
    etag: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Seen:
    """A request, and how many bytes of the file it was given."""

    path: str
    headers: Mapping[str, str]
    sent: int = 0


class Server(ThreadingHTTPServer):
    """Gives the answers in their order; the last one to all further requests."""

    def __init__(self, *answers: Answer, tls: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = answers or (Answer(),)
        self.seen: list[Seen] = []
        self.go_on = threading.Event()
        self.scheme = "https" if tls else "http"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(PEM)
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that goes away between two requests is no error of a server.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_port}"

    def row(
        self, content: bytes = CONTENT, address: str | None = None, **changes: Any
    ) -> Checkpoint:
        """What the registry would say of a file of this server."""
        known = {
            "size": len(content),
            "md5": hashlib.md5(content).hexdigest(),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        return Checkpoint("Tiny", FINAL, source(address or self.url), **{**known, **changes})


def source(address: str) -> Source:
    """A folder on the network."""
    return Source(f"{address}/{{file}}?download=1", "none")


@contextlib.contextmanager
def serve(*answers: Answer, tls: bool = False) -> Iterator[Server]:
    server = Server(*answers, tls=tls)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.go_on.set()
        server.shutdown()
        thread.join()
        server.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        seen = Seen(self.path, dict(self.headers))
        self.server.seen.append(seen)
        number = min(len(self.server.seen), len(self.server.answers)) - 1
        answer = self.server.answers[number]
        with contextlib.suppress(ConnectionError):  # the client may go away at any time
            self.answer(answer, seen)

    def answer(self, answer: Answer, seen: Seen) -> None:
        total, start, status = len(answer.content), 0, answer.status
        if answer.ranges and status == 200 and self.may_go_on(answer):
            start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
            status = 206 if start < total else 416
        body = answer.content[start:] if status in (200, 206) else b""
        self.send_response(status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.etag:
            self.send_header("ETag", answer.etag)
        if status == 206 and "Content-Range" not in answer.headers:
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        if status == 416:
            self.send_header("Content-Range", f"bytes */{total}")
        if answer.length:
            self.send_header("Content-Length", str(len(body)))
        else:
            self.close_connection = True
        self.end_headers()
        self.send_body(body, start, answer, seen)

    def may_go_on(self, answer: Answer) -> bool:
        condition = self.headers.get("If-Range")
        return "Range" in self.headers and condition in (None, answer.etag)

    def send_body(self, body: bytes, start: int, answer: Answer, seen: Seen) -> None:
        end = len(body) if answer.until is None else answer.until - start
        held = end if answer.pause is None else answer.pause - start
        for part in (body[:held], body[held:end]):
            self.wfile.write(part)
            seen.sent += len(part)
            if answer.pause is not None and part:
                self.server.go_on.wait(30)
        self.close_connection = self.close_connection or end < len(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the tests look at `Server.seen`."""
