"""The request for a file, and what the response of the server says."""

from __future__ import annotations

import re
import time
from collections.abc import Generator
from urllib.parse import urljoin, urlsplit

import requests
from requests.exceptions import ChunkedEncodingError, ContentDecodingError
from urllib3.exceptions import HTTPError, LocationValueError

SMALLEST_CHUNK, CHUNK_BYTES = 1 << 10, 1 << 15
"""Bytes that are read at a time: few where they come slowly, so that their speed is seen."""

QUICK_SECONDS = 0.05
"""A chunk that came in this time is followed by one twice as large."""

CONNECT_SECONDS = 10.0
"""Longest wait for a connection."""

TRANSIENT = (
    requests.ConnectionError,
    requests.Timeout,
    ChunkedEncodingError,
    ContentDecodingError,
    HTTPError,  # of urllib3, from which the body is read
    ConnectionError,
    InterruptedError,
    TimeoutError,
)
PERMANENT = "CERTIFICATE_VERIFY_FAILED"
"""Part of the message of connection errors that will be the same again."""

TRANSIENT_STATUS = frozenset({408, 425, 429, *range(500, 600)})
NUMBER = "[0-9]{1,19}"
"""A number of bytes as servers write it; longer ones are none, and int() refuses some of them."""


class TransientError(Exception):
    """The transfer failed in a way that may pass: trying again makes sense."""


class RefusedError(Exception):
    """The file is not to be had from this address."""


def request(
    url: str, headers: dict[str, str], seconds: float
) -> Generator[requests.Response | bytes, None, None]:
    """Yield the response of a server, then its body in chunks, as the server has it.

    Args:
        url: the address of the file.
        headers: of the request.
        seconds: how long the next bytes are waited for.
    """
    timeout = (min(CONNECT_SECONDS, seconds), seconds)
    hooks = {"response": _refuse_downgrade}
    with requests.get(url, headers=headers, stream=True, timeout=timeout, hooks=hooks) as response:
        yield response
        size, began = SMALLEST_CHUNK, time.monotonic()
        while chunk := response.raw.read(size, decode_content=False):
            yield chunk
            is_quick = time.monotonic() - began < QUICK_SECONDS
            size = min(2 * size, CHUNK_BYTES) if is_quick else SMALLEST_CHUNK
            began = time.monotonic()


def byte_range(response: requests.Response) -> tuple[int, int | None]:
    """Return the number of the body's first byte, and the length of the file if the server says it.

    The first byte is -1 if the server says nothing that makes sense.

    Args:
        response: with its headers.

    Raises:
        RefusedError: for a length that is none.
    """
    if response.status_code in (206, 416):
        pattern = rf"bytes (?:({NUMBER})-{NUMBER}|\*)/(?:({NUMBER})|\*)"
        if found := re.fullmatch(pattern, response.headers.get("Content-Range", "")):
            start, total = found.groups()
            return int(start or 0), int(total) if total else None
        return -1, None
    length = response.headers.get("Content-Length")
    if length is not None and not re.fullmatch(NUMBER, length):
        raise RefusedError(f"it says that its length is {length[:40]!r}")
    return 0, None if length is None else int(length)


def check(response: requests.Response) -> None:
    """Refuse a response that does not bring the file.

    Args:
        response: with its headers.

    Raises:
        TransientError: if it may do so later.
        RefusedError: if it will not.
    """
    status, reason = response.status_code, response.reason or ""
    if status in TRANSIENT_STATUS:
        raise TransientError(f"{status} {reason}".rstrip())
    if status not in (200, 206):
        raise RefusedError(f"{status} {reason}".rstrip())
    if response.headers.get("Content-Type", "").startswith("text/html"):
        raise RefusedError("a web page came instead of the file")
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise RefusedError(f"it sends the file in encoding {encoding!r}, which was not requested")


def is_sendable(header: str) -> bool:
    """Return whether a header can be sent back.

    Args:
        header: its value.
    """
    return header.isascii() and header.isprintable()


def transfer_error(error: Exception) -> TransientError | RefusedError:
    """Return an error of any layer below as one of ours, in a few words.

    Args:
        error: of requests, urllib3, the sockets or the parsing of addresses.
    """
    inner = error.args[0] if error.args else error
    words = str(getattr(inner, "reason", inner)) or type(error).__name__
    may_pass = isinstance(error, TRANSIENT) and not isinstance(error, LocationValueError)
    return TransientError(words) if may_pass and PERMANENT not in words else RefusedError(words)


def _refuse_downgrade(response: requests.Response, *_: object, **__: object) -> None:
    """Refuse a redirect to an address without encryption; called before one is followed."""
    if not response.is_redirect:
        return
    location, reason = response.headers.get("Location", ""), ""
    try:
        target = urljoin(response.url, location)
        schemes = urlsplit(response.url).scheme, urlsplit(target).scheme
        if schemes[0] == "https" != schemes[1]:
            reason = f"redirected from https to {target}, which is not encrypted"
    except ValueError:
        reason = f"redirected to {location!r}, which is no address"
    if reason:
        response.close()
        raise RefusedError(reason)
