"""Settings in environment variables: where weights are kept, and where they come from.

| variable          | meaning                                                            |
|-------------------|--------------------------------------------------------------------|
| `PANNS_HOME`      | folder of the downloaded checkpoints                               |
| `PANNS_OFFLINE`   | `1`, `true` or `yes`: never touch the network                      |
| `PANNS_MIRROR`    | addresses that are tried before the published one, space-separated |
| `PANNS_TIMEOUT`   | seconds that a download waits for the next bytes; 60 by default    |
| `PANNS_MIN_SPEED` | bytes a second that a download needs to go on; 1000 by default     |
"""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path

from .errors import UsageError

TIMEOUT = 60.0
"""Seconds that a download waits for the next bytes."""

MIN_SPEED = 1000.0
"""Bytes a second, over half a minute, below which another address is tried."""

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})


def cache_folder() -> Path:
    """Return the folder in which downloaded checkpoints lie; it need not exist yet.

    `PANNS_HOME` if set, else `~/panns_data` where panns-inference 0.1 left one,
    else `panns_inference` in the platform's folder for caches.
    """
    if chosen := os.environ.get("PANNS_HOME"):
        return Path(os.path.expanduser(chosen))
    # Not Path.is_dir, which fails in a home that cannot be read.
    if os.path.isdir(legacy := _legacy_cache()):
        return legacy
    return _platform_cache() / "panns_inference"


def cache_folders() -> tuple[Path, ...]:
    """Return the folders in which published files are looked for.

    The cache, and the folder of panns-inference 0.1, whose files are used wherever the cache is.
    """
    return cache_folder(), _legacy_cache()


def _legacy_cache() -> Path:
    return _home() / "panns_data"


def _home() -> Path:
    # Not Path.home, which fails for a user without a home.
    return Path(os.path.expanduser("~"))


def _platform_cache() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or _home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return _home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or _home() / ".cache")


def offline() -> bool:
    """Return whether `PANNS_OFFLINE` forbids the network."""
    return os.environ.get("PANNS_OFFLINE", "").strip().lower() in TRUE_WORDS


def mirrors() -> tuple[str, ...]:
    """Return the base addresses of `PANNS_MIRROR`, without a slash at the end."""
    return tuple(url.rstrip("/") for url in os.environ.get("PANNS_MIRROR", "").split())


def timeout() -> float:
    """Return the seconds that a download waits for the next bytes: `PANNS_TIMEOUT`, above 0.

    Raises:
        UsageError: if that is no such number.
    """
    return _number("PANNS_TIMEOUT", TIMEOUT, "seconds above 0", least=1e-3)


def min_speed() -> float:
    """Return the bytes a second that a download needs to go on: `PANNS_MIN_SPEED`; 0 for any speed.

    Raises:
        UsageError: if that is no such number.
    """
    return _number("PANNS_MIN_SPEED", MIN_SPEED, "bytes a second, 0 or more", least=0.0)


def _number(variable: str, default: float, kind: str, least: float) -> float:
    text = os.environ.get(variable, "").strip()
    try:
        number = float(text) if text else default
    except ValueError:
        number = math.nan
    if not least <= number < math.inf:
        raise UsageError(f"{variable}={text} is no number of {kind}")
    return number
