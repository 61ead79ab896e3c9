"""One file from one address, taken up again where it broke off."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests
from requests.exceptions import ChunkedEncodingError, ContentDecodingError
from tqdm import tqdm

from .. import __version__
from ..errors import DownloadError
from .registry import Checkpoint

TIMEOUT = (10.0, 60.0)
"""Seconds to wait for a connection, and for the next bytes."""

CHUNK_BYTES = 1 << 15

TRANSIENT = (
    requests.ConnectionError,
    requests.Timeout,
    ChunkedEncodingError,
    ContentDecodingError,
)
TRANSIENT_STATUS = frozenset({408, 425, 429, *range(500, 600)})
NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})


class TransientError(Exception):
    """The transfer failed in a way that may pass: trying again makes sense."""


class RefusedError(Exception):
    """The file is not to be had from this address."""


class Transfer:
    """The way of a file from an address into a partial file, in one or more attempts.

    What an earlier attempt left in the partial file is kept if a checksum will show whether the
    parts fit together, or if the server says, by its validator, that it still has the same file.

    Args:
        checkpoint: the file.
        url: its address.
        partial: where its bytes are gathered.
        progress: whether a bar is shown on stderr; None shows it on a terminal.
    """

    def __init__(
        self, checkpoint: Checkpoint, url: str, partial: Path, progress: bool | None
    ) -> None:
        self.checkpoint = checkpoint
        self.url = url
        self.partial = partial
        self.hidden = None if progress is None else not progress
        self.validator = ""

    def attempt(self) -> bool:
        """Fetch what is missing; True if bytes of an earlier attempt are part of the file.

        Raises:
            TransientError: if the transfer ended early.
            RefusedError: if the server does not have the file.
            DownloadError: if there is no space for it.
        """
        offset = self._offset()
        if offset and offset == self.checkpoint.size:
            return True
        headers = {"User-Agent": f"panns-inference/{__version__}", "Accept-Encoding": "identity"}
        if offset:
            headers["Range"] = f"bytes={offset}-"
        if offset and self.validator:
            headers["If-Range"] = self.validator
        hooks = {"response": _refuse_downgrade}
        try:
            with requests.get(
                self.url, headers=headers, stream=True, timeout=TIMEOUT, hooks=hooks
            ) as response:
                return self._receive(response, offset)
        except TRANSIENT as error:
            raise TransientError(_told(error)) from error
        except requests.RequestException as error:
            raise RefusedError(_told(error)) from error

    def _offset(self) -> int:
        """Bytes that are here and can be kept; others are deleted."""
        size = self.partial.stat().st_size if self.partial.exists() else 0
        expected = self.checkpoint.size
        too_long = expected is not None and size > expected
        if too_long or not (self.checkpoint.has_checksum or self.validator):
            self.partial.unlink(missing_ok=True)
            return 0
        return size

    def _receive(self, response: requests.Response, offset: int) -> bool:
        start, total = _extent(response)
        if response.status_code == 416 and offset == total:
            return True
        if response.status_code == 416 or start not in (0, offset):
            self.partial.unlink(missing_ok=True)
            raise TransientError(f"it does not go on from byte {offset:,}")
        _check(response)
        expected = self.checkpoint.size
        if expected is not None and total not in (None, expected):
            raise RefusedError(f"it has {total:,} bytes there, expected {expected:,}")
        if total is None and not self.checkpoint.has_checksum:
            raise RefusedError("it does not say its size, and no checksum is known")
        etag = response.headers.get("ETag", "")
        self.validator = "" if etag.startswith("W/") else etag
        self._save(response.iter_content(CHUNK_BYTES), start, expected or total)
        return start > 0

    def _save(self, chunks: Iterator[bytes], start: int, total: int | None) -> None:
        try:
            received = self._write(chunks, start, total)
        except OSError as error:
            if error.errno not in NO_SPACE:
                raise
            needed = "size not known" if total is None else f"{total - start:,} bytes more"
            raise DownloadError(
                f"no space left in {self.partial.parent} for {self.checkpoint.file} ({needed}): "
                "make room, or name another folder in PANNS_HOME"
            ) from error
        if total is not None and received < total:
            raise TransientError(f"cut off after {received:,} of {total:,} bytes")
        if total is not None and received > total:
            self.partial.unlink()
            raise RefusedError(f"it sends more than {total:,} bytes")

    def _write(self, chunks: Iterator[bytes], start: int, total: int | None) -> int:
        """Append the chunks behind `start`; the length of the partial file."""
        free = shutil.disk_usage(self.partial.parent).free
        if total is not None and free < total - start:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        bar = tqdm(
            desc=self.checkpoint.file,
            total=total,
            initial=start,
            unit="B",
            unit_scale=True,
            disable=self.hidden,
        )
        with bar, self.partial.open("ab" if start else "wb") as file:
            for chunk in chunks:
                file.write(chunk)
                bar.update(len(chunk))
                if total is not None and file.tell() > total:
                    break
            file.flush()
            os.fsync(file.fileno())
            return file.tell()


def _extent(response: requests.Response) -> tuple[int, int | None]:
    """First byte of an answer, and the length of the whole file if the server says it."""
    if response.status_code in (206, 416):
        pattern = r"bytes (?:(\d+)-\d+|\*)/(?:(\d+)|\*)"
        if found := re.fullmatch(pattern, response.headers.get("Content-Range", "")):
            start, total = found.groups()
            return int(start or 0), int(total) if total else None
        return -1, None
    length = response.headers.get("Content-Length", "")
    return 0, int(length) if length.isdigit() else None


def _check(response: requests.Response) -> None:
    status = response.status_code
    if status in TRANSIENT_STATUS:
        raise TransientError(f"{status} {response.reason}")
    if status not in (200, 206):
        raise RefusedError(f"{status} {response.reason}")
    if response.headers.get("Content-Type", "").startswith("text/html"):
        raise RefusedError("a web page came instead of the file")


def _told(error: requests.RequestException) -> str:
    """What went wrong, without the layers that urllib3 and requests wrap around it."""
    inner = error.args[0] if error.args else error
    return str(getattr(inner, "reason", inner))


def _refuse_downgrade(response: requests.Response, *_: object, **__: object) -> None:
    """Called for each answer, before a redirect in it is followed."""
    target = urljoin(response.url, response.headers.get("Location", ""))
    schemes = urlsplit(response.url).scheme, urlsplit(target).scheme
    if response.is_redirect and schemes[0] == "https" != schemes[1]:
        raise RefusedError(f"redirected from https to {target}, which is not encrypted")
