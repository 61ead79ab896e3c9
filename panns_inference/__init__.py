"""Sound tagging and sound event detection with PANNs, networks pretrained on AudioSet."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import config, inference, models, pytorch_utils
    from .audio import recording_start
    from .audioset import labels
    from .errors import (
        AudioError,
        CheckpointError,
        DownloadError,
        OutputError,
        PannsError,
        UsageError,
    )
    from .inference import AudioTagging, SoundEventDetection
    from .ranking import Tag
    from .results import Detection, Embedding, Tagging

__version__ = "0.2.0"

# Where each public name lives; a module is imported when a name of it is first
# touched (PEP 562), so that `import panns_inference` costs nothing.
_HOMES = {
    "AudioError": "errors",
    "AudioTagging": "inference",
    "CheckpointError": "errors",
    "Detection": "results",
    "DownloadError": "errors",
    "Embedding": "results",
    "OutputError": "errors",
    "PannsError": "errors",
    "SoundEventDetection": "inference",
    "Tag": "ranking",
    "Tagging": "results",
    "UsageError": "errors",
    "labels": "audioset",
    "recording_start": "audio",
}
_SUBMODULES = ("config", "inference", "models", "pytorch_utils")

__all__ = [
    "AudioError",
    "AudioTagging",
    "CheckpointError",
    "Detection",
    "DownloadError",
    "Embedding",
    "OutputError",
    "PannsError",
    "SoundEventDetection",
    "Tag",
    "Tagging",
    "UsageError",
    "config",
    "inference",
    "labels",
    "models",
    "pytorch_utils",
    "recording_start",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
        globals()[name] = value
        return value
    if name in _SUBMODULES:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
