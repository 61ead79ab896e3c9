"""A network with its weights and its labels, ready to be asked.

name or module, weights, labels --Model--> tag, detect, embed (`Asking`)
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .asking import Asking
from .audioset import labels as audioset_labels
from .checkpoints import CHECKPOINTS, fetch, load
from .device import resolve
from .errors import UsageError
from .models import NETWORKS, FrontEnd, build
from .names import closest
from .verbs import Tag
from .windows.whole import arrays_of

Outputs = dict[str, Tensor]


class Model(Asking):
    """A network with its weights and labels; `AudioTagging` and `SoundEventDetection` are two.

    Args:
        model: name of a network (case, '-' and '_' do not matter), or any `nn.Module` whose
            `forward(waveforms, None)` returns a dict with the outputs of those networks. None is
            the network that the class is named for.
        checkpoint_path: file of weights; None or '' is the published one, taken from the cache
            folder, or downloaded into it.
        device: 'cuda', 'cpu', 'cuda:1', 'mps', ...; the CPU takes the place of what is not there.
        labels: display names of the classes, as many as the network has; None is AudioSet's 527.
        pretrained: False loads nothing: a network given by name keeps random weights, a module
            its own.
        cache_folder: where published weights are looked for and downloaded to; None is what
            `PANNS_HOME` says, else `~/panns_data`, else the platform's cache folder.
        verbose: whether the path of the checkpoint and the device are printed, as by
            panns-inference 0.1; None prints them unless the model was chosen by its name.
        settings: further arguments of `models.build`, for a network given by name.

    Attributes:
        model: the network, an `nn.Module`; on 'cuda' inside `DataParallel`.
        name: name of the network.
        labels: display names, in the order of the network's outputs.
        classes_num: number of labels.
        device: where waveforms are moved to before they meet the network.

    Raises:
        UsageError: for an unknown name, device or setting, or arguments that exclude each other.
        CheckpointError: if the file holds no weights, or they do not fit the network.
        DownloadError: if the weights are not there and cannot be fetched.
    """

    default: ClassVar[str]
    """The network that the class is named for."""

    def __init__(
        self,
        model: nn.Module | str | None = None,
        checkpoint_path: str | os.PathLike[str] | None = None,
        device: str | torch.device = "cuda",
        *,
        labels: Sequence[str] | None = None,
        pretrained: bool = True,
        cache_folder: str | os.PathLike[str] | None = None,
        verbose: bool | None = None,
        **settings: Any,
    ) -> None:
        if checkpoint_path and not pretrained:
            raise UsageError("pretrained=False loads no weights: leave checkpoint_path out")
        self.device = resolve(device)
        self.labels = audioset_labels if labels is None else list(labels)
        self.classes_num = len(self.labels)
        if isinstance(model, nn.Module):
            if settings:
                raise UsageError(f"a module has its own {', '.join(settings)}: leave them out")
            self.name, network = type(model).__name__, model
        elif isinstance(model, str | None):
            if model and model.endswith((".pth", ".pt")):
                raise UsageError(f"a file of weights goes into checkpoint_path=, not {model!r}")
            self.name = closest(model or self.default, NETWORKS, "network")
            with torch.device("meta") if pretrained else contextlib.nullcontext():
                network = build(self.name, self.classes_num, **settings)
        else:
            raise UsageError(f"model must be the name of a network or an nn.Module, not {model!r}")
        lines = []
        if pretrained:
            name = self.name if isinstance(model, str) else self.default
            path = Path(checkpoint_path) if checkpoint_path else _published(name, cache_folder)
            lines.append(f"Checkpoint path: {path}\n")
            load(network, path)
        self.model: nn.Module = network.to(self.device)
        lines.append("Using CPU.\n" if self.device == "cpu" else f"Using {self.device}.\n")
        if self.device == "cuda":
            self.model = nn.DataParallel(self.model)
            lines[-1] = f"GPU number: {torch.cuda.device_count()}\n"
        if not isinstance(model, str) if verbose is None else verbose:
            sys.stdout.writelines(lines)

    def __repr__(self) -> str:
        kind = type(self).__name__
        return f"{kind}({self.name}, {self.device}, {self.classes_num} classes)"

    @property
    def sample_rate(self) -> int:
        """Rate of the network's waveforms in Hz: 32,000 for a module that does not say."""
        return int(self._setting("sample_rate"))

    @property
    def frames_per_second(self) -> float:
        """Frames in a second of `framewise` probabilities."""
        return self.sample_rate / self._setting("hop_size")

    def _setting(self, name: str) -> float:
        return float(getattr(self.network, name, getattr(FrontEnd(), name)))

    @property
    def network(self) -> nn.Module:
        """The network itself, on 'cuda' without `DataParallel` around it."""
        network: nn.Module = getattr(self.model, "module", self.model)
        return network

    def forward(self, waveforms: Tensor) -> Outputs:
        """Outputs of the network for a batch of waveforms, all at once.

        Args:
            waveforms: at `sample_rate`, (batch, samples).
        """
        with torch.no_grad():
            outputs: Outputs = self.model.eval()(waveforms.to(self.device), None)
        return outputs

    def _arrays(self, waveforms: Tensor, *names: str) -> list[NDArray[np.float32]]:
        """Outputs for a batch of waveforms, (batch, ...) each; long ones are heard in blocks."""
        verb = Tag(self)
        if waveforms.shape[1] > verb.block and verb.blockwise:
            rows = [self._alone(verb, waveform.cpu().numpy()) for waveform in waveforms]
            outputs = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
        else:
            outputs = arrays_of(self.forward(waveforms))
        for name in names:
            verb.require(name, outputs)
        return [outputs[name] for name in names]

    def _alone(self, verb: Tag, waveform: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        whole = verb.whole({})
        first = whole.feed(waveform)
        outputs, last = whole.finish()
        frames = [rows for rows in (first, last) if rows is not None]
        return {**outputs, **({"framewise_output": np.concatenate(frames)} if frames else {})}


def _published(name: str, folder: str | os.PathLike[str] | None) -> Path:
    """Path of the published weights of a network, which are fetched if they are not here."""
    if name not in CHECKPOINTS:
        raise UsageError(
            f"no weights of {name} are published: give checkpoint_path=, or a network that has "
            f"some: {', '.join(CHECKPOINTS)}"
        )
    return fetch(CHECKPOINTS[name], folder=folder)
