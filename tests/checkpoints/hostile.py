"""A server on the loopback interface that answers with whatever bytes a behaviour writes."""

from __future__ import annotations

import contextlib
import gzip
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

from loopback import CONTENT, TOTAL

OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = b"Content-Length: %d\r\n"
PAUSE = 0.05
"""Seconds between the bytes of a server that draws things out."""


class Connection:
    """One request and what is written back; it ends when the test does."""

    def __init__(self, accepted: socket.socket, ended: threading.Event) -> None:
        self.socket = accepted
        self.ended = ended
        self.request = b""
        while b"\r\n\r\n" not in self.request and (part := accepted.recv(4096)):
            self.request += part

    @property
    def start(self) -> int:
        """First byte that is requested."""
        _, _, behind = self.request.partition(b"Range: bytes=")
        return int(behind.split(b"-")[0]) if behind else 0

    def send(self, *parts: bytes) -> None:
        self.socket.sendall(b"".join(parts))

    def slowly(self, content: bytes, pause: float = PAUSE) -> None:
        """Byte by byte."""
        for byte in content:
            self.send(bytes([byte]))
            self.wait(pause)

    def for_ever(self, content: bytes, pause: float = PAUSE) -> None:
        while not self.ended.is_set():
            self.send(content)
            self.wait(pause)

    def wait(self, seconds: float = 60.0) -> None:
        self.ended.wait(seconds)

    def reset(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


Behaviour = Callable[[Connection], object]


@contextlib.contextmanager
def hostile(behaviour: Behaviour) -> Iterator[str]:
    """The address of a server of one behaviour."""
    ended = threading.Event()

    def answer(accepted: socket.socket) -> None:
        with accepted, contextlib.suppress(OSError):
            behaviour(Connection(accepted, ended))

    def serve() -> None:
        while True:
            try:
                accepted, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(accepted,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            ended.set()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def with_length(text: bytes) -> Behaviour:
    """Right bytes, and something else as their length."""
    return lambda c: c.send(OK, b"Content-Length: ", text, b"\r\n\r\n", CONTENT)


def redirect(location: bytes) -> Behaviour:
    """To somewhere, again and again."""
    return lambda c: c.send(
        b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: ", location, b"\r\n\r\n"
    )


def range_of(text: bytes, content: bytes = CONTENT) -> Behaviour:
    """A part that was not requested."""
    return lambda c: c.send(
        b"HTTP/1.1 206 Partial\r\nContent-Range: ", text, b"\r\n", LENGTH % len(content), b"\r\n",
        content,
    )  # fmt: skip


def reset_at(n_bytes: int) -> Behaviour:
    """The connection is reset behind some bytes."""

    def behave(c: Connection) -> None:
        c.send((OK + LENGTH % TOTAL + b"\r\n" + CONTENT)[:n_bytes])
        time.sleep(PAUSE)
        c.reset()

    return behave


def chunked(c: Connection, chunk: bytes, pause: float) -> None:
    c.send(OK, b"Transfer-Encoding: chunked\r\n\r\n")
    c.for_ever(b"%x\r\n%s\r\n" % (len(chunk), chunk), pause)


def stalling(c: Connection) -> None:
    c.send(OK, LENGTH % TOTAL, b"\r\n", CONTENT[:100_000])
    c.wait()


def zipped(c: Connection) -> None:
    body = gzip.compress(CONTENT, 1)
    c.send(OK, b"Content-Encoding: gzip\r\n", LENGTH % len(body), b"\r\n", body)


PAGE = b"<html>log in to use the network</html>"

BEHAVIOURS: dict[str, Behaviour] = {
    "nothing at all": lambda c: c.wait(),
    "closed at once": lambda c: None,
    "status line byte by byte": lambda c: c.slowly(OK * 100),
    "headers byte by byte": lambda c: (c.send(OK), c.slowly(b"X-Name: value\r\n" * 100)),
    "headers without end": lambda c: (c.send(OK), c.for_ever(b"X-Name: value\r\n", 0)),
    "a header without end": lambda c: (c.send(OK, b"X: "), c.for_ever(b"x" * 999, 0)),
    "100 Continue without end": lambda c: c.for_ever(b"HTTP/1.1 100 Continue\r\n\r\n", 0.01),
    "content byte by byte": lambda c: (
        c.send(OK, LENGTH % TOTAL, b"\r\n"),
        c.slowly(CONTENT),
    ),
    "chunks byte by byte": lambda c: chunked(c, b"x", PAUSE),
    "chunks without end": lambda c: chunked(c, b"x" * 65536, 0),
    "stalled": stalling,
    "garbage": lambda c: c.send(CONTENT[:5000]),
    "another protocol": lambda c: c.send(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "length of an exabyte": with_length(b"1000000000000000000"),
    "length below zero": with_length(b"-5"),
    "length in words": with_length(b"many"),
    "length of 5000 digits": with_length(b"9" * 5000),
    "length in other digits": with_length("\u0663\u00b2".encode()),
    "two lengths": with_length(b"%d\r\nContent-Length: 7" % TOTAL),
    "a list of lengths": with_length(b"%d, 7" % TOTAL),
    "redirects in a circle": redirect(b"/again"),
    "redirects to nowhere": redirect(b"http://[::1"),
    "redirects to a long name": redirect(b"http://" + b"a" * 70 + b".invalid/"),
    "redirects to a file": redirect(b"file:///etc/passwd"),
    "a range that is none": range_of(b"bytes 9-3/2"),
    "a range of 5000 digits": range_of(b"bytes 0-1/" + b"9" * 5000),
    "a range of other digits": range_of("bytes \u0663-4/\u0665".encode()),
    "not satisfiable": lambda c: c.send(b"HTTP/1.1 416 No\r\nContent-Length: 0\r\n\r\n"),
    "reset in the headers": reset_at(20),
    "reset in the content": reset_at(50_000),
    "compressed": zipped,
    "a login page": lambda c: c.send(OK, LENGTH % len(PAGE), b"\r\n", PAGE),
    "an empty file": lambda c: c.send(OK, LENGTH % 0, b"\r\n"),
    "a reason with colours": lambda c: c.send(
        b"HTTP/1.1 403 \x1b[31mNo\x07\xe2\x80\xae\r\nContent-Length: 0\r\n\r\n"
    ),
}
