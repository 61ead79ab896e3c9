"""What the environment decides: where weights are kept, and where they come from.

| variable        | meaning                                                            |
|-----------------|--------------------------------------------------------------------|
| `PANNS_HOME`    | folder of the downloaded checkpoints                               |
| `PANNS_OFFLINE` | `1`, `true` or `yes`: never touch the network                      |
| `PANNS_MIRROR`  | addresses that are tried before the published one, space-separated |
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})


def cache_folder() -> Path:
    """Folder in which downloaded checkpoints lie; it need not exist yet.

    `PANNS_HOME` if set, else `~/panns_data` where panns-inference 0.1 left one,
    else `panns_inference` in the platform's folder for caches.
    """
    if chosen := os.environ.get("PANNS_HOME"):
        return Path(os.path.expanduser(chosen))
    # Not Path.is_dir, which fails in a home that cannot be read.
    if os.path.isdir(legacy := _home() / "panns_data"):
        return legacy
    return _platform_cache() / "panns_inference"


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
    """Whether `PANNS_OFFLINE` forbids the network."""
    return os.environ.get("PANNS_OFFLINE", "").strip().lower() in TRUE_WORDS


def mirrors() -> tuple[str, ...]:
    """Base addresses of `PANNS_MIRROR`, without a slash at the end."""
    return tuple(url.rstrip("/") for url in os.environ.get("PANNS_MIRROR", "").split())
