"""The classes that scripts import, with everything that panns-inference 0.1 offered.

`inference` is their method: waveforms in, arrays out. `tag`, `detect` and `embed` are new.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .arguments import FrontEndSettings
from .audio import float32_samples, is_file
from .audioset import labels
from .config import classes_num
from .engine import Waveforms
from .errors import AudioError, AudioTypeError
from .pipeline.forward import outputs_of
from .recogniser import Recogniser

if TYPE_CHECKING:
    import torch
    from torch import nn
    from typing_extensions import Unpack

    from .checkpoints.pretrained import Pretrained
    from .models import Cnn14, Cnn14_DecisionLevelMax
    from .pytorch_utils import move_data_to_device

__all__ = [
    "AudioTagging",
    "Cnn14",
    "Cnn14_DecisionLevelMax",
    "SoundEventDetection",
    "classes_num",
    "create_folder",
    "get_filename",
    "labels",
    "move_data_to_device",
]

SHORT = ("int16", "torch.int16")
"""Samples of 16 bits, as NumPy and torch call them: half as much to copy to a GPU."""

_HOMES = {
    "Cnn14": "models",
    "Cnn14_DecisionLevelMax": "models",
    "move_data_to_device": "pytorch_utils",
}
"""Where other names of the old module live; they need torch, which a file of ONNX does not."""


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __package__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def create_folder(fd: str | os.PathLike[str]) -> None:
    """Make a folder and its parents; nothing happens if it is there or has no name.

    Args:
        fd: path of the folder.
    """
    if os.fspath(fd):
        os.makedirs(fd, exist_ok=True)


def get_filename(path: str | os.PathLike[str]) -> str:
    r"""The last part of a path without its last extension: `/a/b/c.d.wav` gives `c.d`.

    Args:
        path: with `/` or `\` between its names.
    """
    return PurePath(os.fspath(path).replace("\\", "/")).stem


class AudioTagging(Recogniser):
    """Which sounds: by default with CNN14, which is downloaded when it is first used.

    Args:
        model: name of a network, an `nn.Module`, a file of weights, or a file `.onnx`; None is
            CNN14.
        checkpoint_path: file of weights; None is the published one.
        device: 'cuda', 'cpu', 'cuda:1', 'mps', ...; the CPU takes the place of what is not there.
        labels: names of the classes; None is those in the file of weights, or AudioSet's 527.
        classes_num: number of classes; None is that of labels, or of the file of weights.
        pretrained: False loads no weights, 'trunk' all but the last layers; None is False for a
            module with labels, 'trunk' for a name with another number of classes, else True.
        cache_folder: where published weights are kept; None is the usual folder.
        verbose: whether checkpoint and device are printed; None does so unless `model` is a name.
        precision: 'float32', 'bf16' or 'fp16'.
        memory: 'default', or 'small'.
        threads: cores that torch uses in this process; None leaves them as they are.
        settings: further arguments of `models.build`.
    """

    default = "Cnn14"

    def inference(self, audio: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Clipwise probabilities (batch, classes) and embeddings (batch, size) of waveforms.

        The samples are taken as they are: no resampling and no normalisation.

        Args:
            audio: waveforms at the network's rate, (batch, samples) or (samples,): NumPy or torch,
                floats nominally in [-1, 1], or integers, which are divided by their full scale.

        Raises:
            AudioError: for other shapes and types, and for no samples; a ValueError too (for
                types, a TypeError).
        """
        outputs = outputs_of(self, _batch(audio, self.device), "clipwise_output", "embedding")
        return outputs["clipwise_output"], outputs["embedding"]


class SoundEventDetection(Recogniser):
    """Which sounds and when: by default with CNN14 that decides for each 0.32 s.

    Args:
        model: as for `AudioTagging`.
        checkpoint_path: as for `AudioTagging`.
        device: as for `AudioTagging`.
        interpolate_mode: how frames follow from segments, 'nearest' or 'linear'.
        labels: as for `AudioTagging`.
        classes_num: as for `AudioTagging`.
        pretrained: as for `AudioTagging`.
        cache_folder: as for `AudioTagging`.
        verbose: as for `AudioTagging`.
        precision: as for `AudioTagging`.
        memory: as for `AudioTagging`.
        threads: as for `AudioTagging`.
        settings: as for `AudioTagging`.
    """

    default = "Cnn14_DecisionLevelMax"

    def __init__(
        self,
        model: nn.Module | str | os.PathLike[str] | None = None,
        checkpoint_path: str | os.PathLike[str] | None = None,
        device: str | torch.device = "cuda",
        interpolate_mode: str = "nearest",
        *,
        labels: Sequence[str] | None = None,
        classes_num: int | None = None,
        pretrained: Pretrained | None = None,
        cache_folder: str | os.PathLike[str] | None = None,
        verbose: bool | None = None,
        precision: str = "float32",
        memory: str = "default",
        threads: int | None = None,
        **settings: Unpack[FrontEndSettings],
    ) -> None:
        more: dict[str, Any] = {**settings}
        if interpolate_mode != "nearest":
            more["interpolate_mode"] = interpolate_mode
        super().__init__(
            model,
            checkpoint_path,
            device,
            labels=labels,
            classes_num=classes_num,
            pretrained=pretrained,
            cache_folder=cache_folder,
            verbose=verbose,
            precision=precision,
            memory=memory,
            threads=threads,
            **more,
        )

    def inference(self, audio: Any) -> NDArray[np.float32]:
        """Framewise probabilities of waveforms, (batch, 1 + samples // hop_size, classes).

        The samples are taken as they are: no resampling and no normalisation.

        Args:
            audio: waveforms at the network's rate, (batch, samples) or (samples,): NumPy or torch,
                floats nominally in [-1, 1], or integers, which are divided by their full scale.

        Raises:
            AudioError: for other shapes and types, and for no samples; a ValueError too (for
                types, a TypeError).
        """
        outputs = outputs_of(self, _batch(audio, self.device), "framewise_output")
        return outputs["framewise_output"]


def _batch(audio: Any, device: str) -> Waveforms:
    """Waveforms in float32, (batch, samples); a GPU takes int16 as it is. Tensors stay in place."""
    if is_file(audio):
        raise AudioTypeError(f"inference() takes samples, not files: tag({audio!r}) reads one")
    is_tensor = hasattr(audio, "detach")
    if is_tensor and audio.is_floating_point():
        batch = audio.detach().float()
    elif device.startswith("cuda") and str(getattr(audio, "dtype", "")) in SHORT:
        batch = audio if is_tensor else np.require(audio, requirements=["C", "W"])
    else:
        batch = float32_samples(audio)
    if batch.ndim == 1:
        batch = batch[None]
    if batch.ndim == 3 and batch.shape[1] == 1:
        batch = batch[:, 0]
    if batch.ndim != 2:
        raise AudioError(
            f"waveforms must be (batch, samples), not {tuple(batch.shape)}; mix channels first, "
            "as by audio.mean(axis=1) for (batch, channels, samples), or give a file to tag()"
        )
    if batch.shape[1] == 0:
        raise AudioError(f"there are no samples in waveforms of shape {tuple(batch.shape)}")
    return batch
