"""Published files from the network into the cache: verified, or not at all.

    mirrors, published address -> .partial -> size and checksum -> final name
                  ^                  |                |
                  +---- cut off -----+---- wrong -----+

A file appears under its final name only when it is whole; what is there already is never
touched. What was received before a failure stays in the partial file, from where the next call
goes on.
"""

from __future__ import annotations

import errno
import logging
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from .. import settings
from ..errors import CheckpointWarning, DownloadError
from ..files import sync_folder
from ..registry import Checkpoint
from ..warning import warn
from .cache import PACKAGED, cached, checked_file, destination, problem_of_weights
from .check_records import record, signature
from .stream import DownloadLock
from .verification import verify

if TYPE_CHECKING:
    from .transfer import Transfer

LOG = logging.getLogger("panns_inference")

ATTEMPTS = 4
"""Attempts at one address."""

BACK_OFF = 1.0
"""Seconds before the second attempt; twice as many before each further one."""


def fetch(
    checkpoint: Checkpoint,
    *,
    folder: str | os.PathLike[str] | None = None,
    offline: bool | None = None,
    progress: bool | None = None,
    mirrors: Sequence[str] | None = None,
    timeout: float | None = None,
    min_speed: float | None = None,
) -> Path:
    """Return the path of a published file, which is downloaded if it is not here.

    Args:
        checkpoint: the file.
        folder: where it is looked for and downloaded to; None is the cache.
        offline: True never touches the network; None is what `PANNS_OFFLINE` says.
        progress: whether a bar is shown on stderr; None shows it on a terminal.
        mirrors: folders on the network that are tried before the published address; None are
            those of `PANNS_MIRROR`.
        timeout: seconds that the next bytes are waited for; None is what `PANNS_TIMEOUT` says.
        min_speed: bytes a second that have to come, over half a minute; None is what
            `PANNS_MIN_SPEED` says, 0 any.

    Raises:
        CheckpointError: if the file that is here is not the published one: it is set aside.
        DownloadError: if it is not here and cannot be had: the message names the addresses, what
            each of them gave, and where to put a file that came by other means.

    Warns:
        CheckpointWarning: if a file was downloaded of which no checksum is known.
    """
    if checkpoint.packaged:
        return PACKAGED / checkpoint.file
    if path := cached(checkpoint, folder):
        return checked_file(path, checkpoint)
    target = destination(checkpoint, folder)
    if settings.offline() if offline is None else offline:
        raise DownloadError(
            f"{checkpoint} is not here, and the network is not to be used: "
            f"{_by_hand(checkpoint, target)}"
        )
    bases = settings.mirrors() if mirrors is None else mirrors
    urls = [*(f"{base.rstrip('/')}/{quote(checkpoint.file)}" for base in bases), checkpoint.url]
    lock = DownloadLock(target, settings.timeout() if timeout is None else timeout)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        slowest = settings.min_speed() if min_speed is None else min_speed
        download = _Download(checkpoint, folder, target, lock, progress, slowest)
        return download.from_any(urls)
    except DownloadError:
        raise
    except OSError as error:
        raise DownloadError(
            f"cannot write {checkpoint.file} into {target.parent}: {error}; "
            "name another folder in PANNS_HOME"
        ) from error
    finally:
        lock.release()


@dataclass(frozen=True)
class _Download:
    """A file on its way from one of some addresses."""

    checkpoint: Checkpoint
    folder: str | os.PathLike[str] | None
    target: Path
    lock: DownloadLock
    progress: bool | None
    min_speed: float

    def from_any(self, urls: Sequence[str]) -> Path:
        """Return the path of the file, from the first address that has it or another process."""
        # Not at the top: requests takes a while, and is not needed for what is here.
        from .response import RefusedError
        from .transfer import Transfer

        failures = []
        for url in urls:
            partial = self.lock.partial
            transfer = Transfer(self.checkpoint, url, partial, self.progress, self.min_speed)
            try:
                return self._from(transfer)
            except RefusedError as error:
                LOG.warning("%s: %s", url, error)
                failures.append(f"  {url}: {error}")
        by_hand = _by_hand(self.checkpoint, self.target)
        raise DownloadError(f"cannot download {self.checkpoint}:", *failures, by_hand)

    def _from(self, transfer: Transfer) -> Path:
        """Return the path of the file, from one address in some attempts."""
        from .response import RefusedError, TransientError

        failure = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                self.lock.release()
                time.sleep(BACK_OFF * 2 ** (attempt - 1))
            self.lock.acquire()
            # Whoever had the lock before us may have fetched it.
            if path := cached(self.checkpoint, self.folder):
                return path
            if not attempt:
                LOG.info("downloading %s", transfer.url)
            try:
                resumed = transfer.attempt(self.lock)
            except TransientError as error:
                failure = str(error)
                continue
            if not (failure := self._finish()):
                return self.target
            transfer.partial.unlink()
            if not resumed:  # all of it is from this address: it would be the same again
                break
        raise RefusedError(failure)

    def _finish(self) -> str:
        """Give the partial file its name; if it is not the published one, return why."""
        checkpoint, partial = self.checkpoint, self.lock.partial
        verification = verify(partial, checkpoint)
        if verification.verdict == "wrong":
            return verification.reason
        is_verified = verification.verdict == "verified"
        if not is_verified and (problem := problem_of_weights(partial, checkpoint.name)):
            return problem
        if self.target.is_symlink():
            raise OSError(errno.EEXIST, "it is a link that leads nowhere", str(self.target))
        if self.target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(self.target))
        # An empty file is what panns-inference 0.1 leaves.
        is_left = self.target.is_file() and not self.target.stat().st_size
        if self.target.exists() and not is_left:
            raise OSError(errno.EEXIST, "a file of this name appeared meanwhile", str(self.target))
        os.replace(partial, self.target)
        sync_folder(self.target.parent)
        seen = signature(self.target)
        record(self.target, seen, md5=verification.md5, sha256=verification.sha256)
        _warn_if_not_verified(checkpoint, self.target)
        return ""


def _by_hand(checkpoint: Checkpoint, target: Path) -> str:
    return (
        f"fetch {checkpoint.url} by other means and save it as {target}, "
        "or name a mirror in PANNS_MIRROR"
    )


def _warn_if_not_verified(checkpoint: Checkpoint, path: Path) -> None:
    if not checkpoint.has_checksum:
        warn(
            f"{path} came whole, but could not be verified: no checksum of {checkpoint.file} is "
            "known",
            CheckpointWarning,
        )
