"""`panns doctor`: what is installed, what can be read, what is downloaded; how a file is made."""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
from collections.abc import Callable
from typing import Any

from .. import __version__, settings
from ..checkpoints import CHECKPOINTS, cached, verify

PACKAGES = ("torch", "numpy", "soundfile", "soxr", "requests", "tqdm", "av", "resampy")
VARIABLES = ("PANNS_HOME", "PANNS_OFFLINE", "PANNS_MIRROR", "PANNS_TIMEOUT", "PANNS_MIN_SPEED")


EXAMPLE = "panns doctor film.mp4"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command.

    Args:
        parser: of the command.
    """
    parser.add_argument(
        "recordings",
        nargs="*",
        metavar="FILE",
        help="recording: print its container, codec, tracks, channels, rate, length and first time "
        "stamp, and what is wrong with it",
    )
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(given: argparse.Namespace) -> int:
    """Print the report; return 1 if a downloaded file or a recording is wrong.

    Args:
        given: the command line.
    """
    return _files(given) if given.recordings else _machine(given)


def _files(given: argparse.Namespace) -> int:
    from .file_report import report_on, text

    found = [report_on(path) for path in given.recordings]
    print(json.dumps([each.to_dict() for each in found], indent=2) if given.json else text(found))
    return 1 if any(each.fault for each in found) else 0


def _machine(given: argparse.Namespace) -> int:
    report = {title: section() for title, section in SECTIONS.items()}
    report["configuration"] = {"files": ", ".join(map(str, given.configuration)) or "none"}
    if given.json:
        print(json.dumps(report, indent=2))
    else:
        for title, lines in report.items():
            print(title)
            for name, value in lines.items():
                print(f"  {name:<24}{value}")
    return 1 if any(value.startswith("wrong") for value in report["checkpoints"].values()) else 0


def _versions() -> dict[str, str]:
    found = {"panns-inference": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def _device() -> dict[str, str]:
    import torch

    from ..engine.torch_engine import compiled_kernels

    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return {
        "platform": platform.platform(),
        "threads": str(torch.get_num_threads()),
        "kernels": compiled_kernels() or "torch's alone; a C compiler was missing at installation",
        "cuda": ", ".join(gpus) or "not there",
        "mps": "there" if torch.backends.mps.is_available() else "not there",
    }


def _decoders() -> dict[str, str]:
    import soundfile

    missing = 'not installed; for m4a, aac, webm, mp4 ...: pip install "panns-inference[codecs]"'
    found = {"libsndfile": ", ".join(sorted(soundfile.available_formats())), "PyAV": missing}
    if importlib.util.find_spec("av"):
        import av

        found["PyAV"] = f"FFmpeg {'.'.join(map(str, av.library_versions['libavcodec']))}"
    return found


def _cache() -> dict[str, str]:
    folder = settings.cache_folder()
    there = next(p for p in (folder, *folder.parents) if p.exists())
    return {
        "folder": str(folder),
        "writable": "yes" if os.access(there, os.W_OK) else "no",
        "free": f"{shutil.disk_usage(there).free / 1e9:.1f} GB",
        "offline": "yes" if settings.offline() else "no",
        **{name: os.environ[name] for name in VARIABLES if name in os.environ},
    }


def _checkpoints() -> dict[str, str]:
    found = {}
    for name, checkpoint in CHECKPOINTS.items():
        if path := cached(checkpoint):
            verification = verify(path, checkpoint)
            found[name] = f"{verification.verdict}: {verification.reason}"
    return found or {"none": "panns models download NAME fetches one"}


SECTIONS: dict[str, Callable[[], dict[str, Any]]] = {
    "versions": _versions,
    "device": _device,
    "decoders": _decoders,
    "cache": _cache,
    "checkpoints": _checkpoints,
}
