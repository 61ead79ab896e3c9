"""Published files from the network into the cache: verified, or not at all.

    mirrors, published address -> .partial -> size and checksum -> final name
                  ^                  |                |
                  +---- cut off -----+---- wrong -----+

A file appears under its final name only when it is whole; what is there already is never
touched. What was received before a failure stays in the partial file, from where the next call
goes on.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from .. import settings
from ..errors import CheckpointWarning, DownloadError
from ..warning import warn
from .cache import cached, destination
from .inspection import inspected
from .lock import locked
from .registry import Checkpoint
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
) -> Path:
    """Path of a published file, which is downloaded if it is not here.

    Args:
        checkpoint: the file.
        folder: where it is looked for and downloaded to; None is the cache.
        offline: True never touches the network; None is what `PANNS_OFFLINE` says.
        progress: whether a bar is shown on stderr; None shows it on a terminal.
        mirrors: folders on the network that are tried before the published address; None are
            those of `PANNS_MIRROR`.

    Raises:
        CheckpointError: if the file that is here is not the published one: it is set aside.
        DownloadError: if it is not here and cannot be had: the message names the addresses, what
            each of them gave, and where to put a file that came by other means.

    Warns:
        CheckpointWarning: if a file was downloaded of which no checksum is known.
    """
    if path := cached(checkpoint, folder):
        return inspected(path, checkpoint)
    target = destination(checkpoint, folder)
    if settings.offline() if offline is None else offline:
        raise DownloadError(
            f"{checkpoint} is not here, and the network is not to be used: "
            f"{_by_hand(checkpoint, target)}"
        )
    bases = settings.mirrors() if mirrors is None else mirrors
    urls = [*(f"{base.rstrip('/')}/{quote(checkpoint.file)}" for base in bases), checkpoint.url]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with locked(target.with_name(f"{target.name}.lock")):
            # Whoever held the lock before us may have fetched it.
            return cached(checkpoint, folder) or _download(checkpoint, urls, target, progress)
    except DownloadError:
        raise
    except OSError as error:
        raise DownloadError(
            f"cannot write {checkpoint.file} into {target.parent}: {error}; "
            "name another folder in PANNS_HOME"
        ) from error


def _download(
    checkpoint: Checkpoint, urls: Sequence[str], target: Path, progress: bool | None
) -> Path:
    # Not at the top: requests takes a while, and is not needed for what is here.
    from .transfer import Transfer

    partial = target.with_name(f"{target.name}.partial")
    failures = []
    for url in urls:
        LOG.info("downloading %s", url)
        failure = _complete(Transfer(checkpoint, url, partial, progress))
        if failure is None:
            os.replace(partial, target)
            _say_what_was_not_verified(checkpoint, target)
            return target
        LOG.warning("%s: %s", url, failure)
        failures.append(f"  {url}: {failure}")
    raise DownloadError(
        "\n".join([f"cannot download {checkpoint}:", *failures, _by_hand(checkpoint, target)])
    )


def _complete(transfer: Transfer) -> str | None:
    """Bring a whole and right file into the partial file; why it failed, or None."""
    from .transfer import RefusedError, TransientError

    failure = None
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(BACK_OFF * 2 ** (attempt - 1))
        try:
            resumed = transfer.attempt()
        except TransientError as error:
            failure = str(error)
            continue
        except RefusedError as error:
            return str(error)
        verification = verify(transfer.partial, transfer.checkpoint)
        if verification.verdict != "wrong":
            return None
        failure = verification.reason
        transfer.partial.unlink()
        if not resumed:  # all of it is from this address: it would be the same again
            break
    return failure


def _by_hand(checkpoint: Checkpoint, target: Path) -> str:
    return (
        f"fetch {checkpoint.url} by other means and save it as {target}, "
        "or name a mirror in PANNS_MIRROR"
    )


def _say_what_was_not_verified(checkpoint: Checkpoint, path: Path) -> None:
    if not checkpoint.has_checksum:
        warn(
            f"{path} came whole, but could not be verified: no checksum of {checkpoint.file} is "
            "known",
            CheckpointWarning,
        )
