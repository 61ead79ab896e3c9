"""The transfer of one file from one address, which goes on where it broke off."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import requests
from tqdm import tqdm

from .. import __version__
from ..errors import DownloadError
from ..files import open_partial
from ..registry import NETWORKS, Checkpoint
from .response import (
    RefusedError,
    TransientError,
    byte_range,
    check,
    is_sendable,
    request,
    transfer_error,
)
from .stream import DownloadLock, SpeedCheck, Stream

LARGEST_FILE = 4 << 30
"""Bytes beyond which no file of a network is that is not in the table."""

EXTRA_BYTES = 200_000_000
"""Size of what a file may hold beside the weights: the state of a sampler takes 34 MB."""

NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})

Received = Stream[requests.Response | bytes]


class Transfer:
    """The transfer of a file from an address into a partial file, in one or more attempts.

    What an earlier attempt left in the partial file is kept if a checksum will show whether the
    pieces fit, or if the server says, by its validator, that it still has the same file.

    Args:
        checkpoint: the file.
        url: its address.
        partial: the partial file.
        progress: whether a bar is shown on stderr; None shows it on a terminal.
        min_speed: bytes a second that have to come.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        url: str,
        partial: Path,
        progress: bool | None,
        min_speed: float,
    ) -> None:
        self.checkpoint = checkpoint
        self.url = url
        self.partial = partial
        self.hidden = None if progress is None else not progress
        self.min_speed = min_speed
        self.validator = ""

    def attempt(self, lock: DownloadLock) -> bool:
        """Fetch what is missing; return whether bytes of an earlier attempt are in the file.

        Args:
            lock: is held; while nothing comes, it is released.

        Raises:
            TransientError: if the transfer ended early.
            RefusedError: if the server does not have the file.
            DownloadError: if there is no space for it.
            OSError: if the partial file cannot be written.
        """
        offset = self._offset()
        if offset and offset == self.checkpoint.size:
            return True
        headers = {"User-Agent": f"panns-inference/{__version__}", "Accept-Encoding": "identity"}
        if offset:
            headers["Range"] = f"bytes={offset}-"
        if offset and self.validator:
            headers["If-Range"] = self.validator
        stream = Stream(request(self.url, headers, lock.timeout))
        try:
            response = self._next(lock, stream)
            if not isinstance(response, requests.Response):
                raise TransientError("it sends nothing")
            return self._receive(response, offset, self._chunks(lock, stream))
        finally:
            stream.stop()

    def _next(self, lock: DownloadLock, stream: Received) -> requests.Response | bytes | None:
        """Return what comes next from the server; errors of all layers become one of ours."""
        try:
            return lock.next_of(stream)
        except TimeoutError as error:
            if error.errno:  # the other holder of the lock is the one that does nothing
                raise
            raise TransientError(f"nothing came for {lock.timeout:g} seconds") from error
        except (RefusedError, TransientError):
            raise
        except Exception as error:  # addresses in redirects fail in many ways
            raise transfer_error(error) from error

    def _chunks(self, lock: DownloadLock, stream: Received) -> Iterator[bytes]:
        """Yield the body, as long as it comes fast enough."""
        speed = SpeedCheck(self.min_speed)
        while isinstance(chunk := self._next(lock, stream), bytes):
            yield chunk
            if not speed.passes(len(chunk)):
                raise TransientError(f"it sends less than {self.min_speed:g} bytes a second")

    def _offset(self) -> int:
        """Return the number of bytes that are here and can be kept; others are deleted."""
        size = 0
        if os.path.lexists(self.partial):
            with open_partial(self.partial, append=True) as file:  # refuses links and pipes
                size = os.fstat(file.fileno()).st_size
        expected = self.checkpoint.size
        too_long = expected is not None and size > expected
        if too_long or not (self.checkpoint.has_checksum or self.validator):
            self.partial.unlink(missing_ok=True)
            return 0
        return size

    def _receive(self, response: requests.Response, offset: int, chunks: Iterator[bytes]) -> bool:
        start, total = byte_range(response)
        if response.status_code == 416 and offset == total:
            return True
        if response.status_code == 416 or start not in (0, offset):
            self.partial.unlink(missing_ok=True)
            raise TransientError(f"it does not go on from byte {offset:,}")
        check(response)
        expected = self.checkpoint.size
        if expected is not None and total not in (None, expected):
            raise RefusedError(f"it has {total:,} bytes there, expected {expected:,}")
        if total is not None and total > (limit := self._largest_size()):
            raise RefusedError(f"it has {total:,} bytes there, expected {limit:,} at most")
        if total is None and not self.checkpoint.has_checksum:
            raise RefusedError("it does not say its size, and no checksum is known")
        etag = response.headers.get("ETag", "")
        self.validator = "" if etag.startswith("W/") or not is_sendable(etag) else etag
        self._save(chunks, start, expected or total)
        return start > 0

    def _largest_size(self) -> int:
        """Return the largest size that the file may have."""
        if self.checkpoint.size is not None:
            return self.checkpoint.size
        network = NETWORKS.get(self.checkpoint.name)
        return network.weights_bytes + EXTRA_BYTES if network else LARGEST_FILE

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
        if received > (limit := self._largest_size() if total is None else total):
            self.partial.unlink()
            raise RefusedError(f"it sends more than {limit:,} bytes")

    def _write(self, chunks: Iterator[bytes], start: int, total: int | None) -> int:
        """Append the chunks behind `start`; return the length of the partial file."""
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
        limit = self._largest_size() if total is None else total
        with bar, open_partial(self.partial, append=bool(start)) as file:
            received = start
            for chunk in chunks:
                file.write(chunk)
                # Whoever waits for the lock sees that something comes.
                file.flush()
                bar.update(len(chunk))
                received += len(chunk)
                if received > limit:
                    break
            os.fsync(file.fileno())
        return received
