"""A network with its weights and its labels, ready to be asked.

file / array --audio.read--> waveform --network--> probabilities --> Tagging, Detection, ...
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .audio import Source, float32_samples, is_file, name_of, read
from .audioset import labels as audioset_labels
from .checkpoints import CHECKPOINTS, fetch, load
from .device import resolve
from .errors import UsageError
from .events import Rules, find_events
from .models import NETWORKS, FrontEnd, build
from .names import closest
from .results import Detection, Embedding, Tagging

Outputs = dict[str, Tensor]


class Model:
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
        return float(getattr(self._network, name, getattr(FrontEnd(), name)))

    @property
    def _network(self) -> nn.Module:
        return getattr(self.model, "module", self.model)

    def tag(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        resampler: str = "soxr",
        strict: bool = False,
    ) -> Tagging:
        """Which sounds a recording holds.

        The whole recording goes through the network at once: memory grows with its length, by
        0.3 GB a minute for the networks of the CNN14 family, by 0.5 GB for LeeNet11.

        Args:
            audio: path or binary file of any format and rate, or samples in memory: (samples,) or
                (channels, samples), NumPy or torch, floats nominally in [-1, 1] or integers, which
                are divided by their full scale. Channels are mixed by their mean.
            sample_rate: of samples in memory, in Hz, which need it; a file knows its own.
            resampler: 'soxr', or 'resampy' (extra `resampy`).
            strict: raise for a file that is cut or damaged, instead of warning.

        Raises:
            AudioError: if the recording cannot be read, is empty, or holds samples that are not
                finite.
            UsageError: if samples in memory come without their rate, or the labels are not as
                many as the network's classes.
        """
        given, outputs = self._ask(audio, sample_rate, resampler, strict)
        embedding = self._output(outputs, "embedding")[0] if "embedding" in outputs else None
        return Tagging(
            **given,
            clipwise=self._output(outputs, "clipwise_output")[0],
            embedding=embedding,
            labels=tuple(self.labels),
        )

    def detect(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        resampler: str = "soxr",
        strict: bool = False,
        **rules: Any,
    ) -> Detection:
        """Which sounds a recording holds, and when.

        Args:
            audio: as for `tag`.
            sample_rate: as for `tag`.
            resampler: as for `tag`.
            strict: as for `tag`.
            rules: how events follow from probabilities: `threshold`, `threshold_off`, `smooth`,
                `min_duration`, `merge_gap`, `pad`, `classes`, `exclude` of `events.find_events`.

        Raises:
            AudioError: as `tag`.
            UsageError: if the network has no framewise output, or a rule makes no sense.
        """
        chosen = Rules(**rules)
        # What makes no sense is said before the network runs.
        chosen.columns(self.labels)
        chosen.thresholds(self.labels)
        self._require("framewise_output", getattr(self._network, "output_names", None))
        given, outputs = self._ask(audio, sample_rate, resampler, strict)
        framewise = self._output(outputs, "framewise_output")[0]
        fps = self.frames_per_second
        events = find_events(
            framewise, fps, duration=given["duration"], labels=self.labels, **rules
        )
        return Detection(
            **given,
            clipwise=self._output(outputs, "clipwise_output")[0],
            framewise=framewise,
            frames_per_second=fps,
            n_frames=len(framewise),
            labels=tuple(self.labels),
            events=tuple(events),
        )

    def embed(
        self,
        audio: Source,
        sample_rate: int | None = None,
        *,
        resampler: str = "soxr",
        strict: bool = False,
    ) -> Embedding:
        """A recording as a vector, for search, clustering, or a classifier of one's own.

        Args:
            audio: as for `tag`.
            sample_rate: as for `tag`.
            resampler: as for `tag`.
            strict: as for `tag`.

        Raises:
            AudioError: as `tag`.
            UsageError: if the network has no embedding of a whole recording.
        """
        self._require("embedding", getattr(self._network, "output_names", None))
        given, outputs = self._ask(audio, sample_rate, resampler, strict)
        return Embedding(**given, vector=self._output(outputs, "embedding")[0])

    def _ask(
        self, audio: Source, sample_rate: int | None, resampler: str, strict: bool
    ) -> tuple[dict[str, Any], Outputs]:
        """What a result knows of the recording, and the outputs for it, a batch of one."""
        if sample_rate is None and not is_file(audio):
            float32_samples(audio)  # what holds no samples at all is told so
            raise UsageError("samples in memory do not know their rate: give sample_rate= in Hz")
        waveform = read(
            audio, self.sample_rate, sample_rate=sample_rate, resampler=resampler, strict=strict
        )
        outputs = self._forward(torch.from_numpy(waveform)[None])
        n_classes = self._output(outputs, "clipwise_output").shape[1]
        if n_classes != self.classes_num:
            raise UsageError(
                f"{self.name} has {n_classes} classes, but there are {self.classes_num} labels: "
                "give the names of its classes as labels=[...]"
            )
        given = {
            "source": name_of(audio),
            "duration": len(waveform) / self.sample_rate,
            "model": self.name,
        }
        return given, outputs

    def _forward(self, waveforms: Tensor) -> Outputs:
        """Outputs of the network for a batch of waveforms, (batch, samples)."""
        with torch.no_grad():
            outputs: Outputs = self.model.eval()(waveforms.to(self.device), None)
        return outputs

    def _output(self, outputs: Outputs, name: str) -> NDArray[np.float32]:
        """One of the outputs as an array, (batch, ...)."""
        self._require(name, outputs)
        array: NDArray[np.float32] = outputs[name].float().cpu().numpy()
        return array

    def _require(self, output: str, given: Iterable[str] | None) -> None:
        """Refuse what the network does not give; None is a network that does not say."""
        if given is not None and output not in given:
            able = [name for name, network in NETWORKS.items() if output in network.output_names]
            raise UsageError(f"{self.name} has no {output}; these have one: {', '.join(able)}")


def _published(name: str, folder: str | os.PathLike[str] | None) -> Path:
    """Path of the published weights of a network, which are fetched if they are not here."""
    if name not in CHECKPOINTS:
        raise UsageError(
            f"no weights of {name} are published: give checkpoint_path=, or a network that has "
            f"some: {', '.join(CHECKPOINTS)}"
        )
    return fetch(CHECKPOINTS[name], folder=folder)
