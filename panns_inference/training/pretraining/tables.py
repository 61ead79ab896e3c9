"""The tables of a recipe of pretraining: its clips, its network, and how that learns."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...arguments import FrontEndSettings
from ...checkpoints import load
from ...models import Network, build, network_class
from ...names import check_one_of
from ..recipe import read_recipe
from ..samplers import SAMPLERS
from ..settings import Settings, check_least
from ..supervised import LOSSES, MIXUPS
from ..waveforms import WaveformAugmentation


@dataclass(frozen=True)
class Data:
    """What is learnt from, and what is judged by.

    Attributes:
        clips: folder or address of a pack, or what `read_dataset` reads, which is then packed into
            the folder of the run; relative to the recipe.
        evaluation: the same, to judge by; empty for clips of `clips`.
        split: of the clips that are learnt from, where clips have one.
        evaluation_split: of those to judge by, where clips have one.
        seconds: length of a clip, where clips are yet to be packed.
        black_list: file with the names of recordings that are left out then; empty for none;
            relative to the recipe.
    """

    clips: str
    evaluation: str = ""
    split: str = "train"
    evaluation_split: str = "test"
    seconds: float = 10.0
    black_list: str = ""


@dataclass(frozen=True)
class Architecture:
    """The network that learns; a setting of its front-end that is None is the published one.

    Attributes:
        name: of a network.
        sample_rate: rate of the waveforms in Hz.
        window_size: STFT window in samples.
        hop_size: step between frames in samples.
        mel_bins: number of mel bins.
        fmin: lowest frequency of the mel filters in Hz.
        fmax: highest frequency of the mel filters in Hz.
        activation: 'sigmoid', or 'softmax' where each clip has exactly one class.
        weights: file of weights to begin with; empty for random ones; relative to the recipe.
    """

    name: str
    sample_rate: int | None = None
    window_size: int | None = None
    hop_size: int | None = None
    mel_bins: int | None = None
    fmin: float | None = None
    fmax: float | None = None
    activation: str = "sigmoid"
    weights: str = ""

    def __post_init__(self) -> None:
        check_one_of(self.activation, LOSSES, "activation")

    @property
    def needed_rate(self) -> int:
        """Sample rate of the waveforms that the network takes, in Hz."""
        return self.sample_rate or network_class(self.name).published.sample_rate

    def build(self, classes_num: int) -> Network:
        """Return the network with the weights it begins with.

        Args:
            classes_num: number of classes.
        """
        given = {name: getattr(self, name) for name in FrontEndSettings.__annotations__}
        settings: Any = {name: value for name, value in given.items() if value is not None}
        network = build(self.name, classes_num, **settings)
        network.activation = self.activation
        return load(network, self.weights) if self.weights else network


@dataclass(frozen=True)
class Augmentation:
    """What is done to clips in training; as in the paper, unless it is said otherwise.

    Attributes:
        mixup: 'logmel', 'waveform' or 'none', see `Supervised`.
        stripes: of SpecAugment in time, and in frequency; 0 for none.
        time_width: widest stripe in time plus one, in frames.
        mel_width: widest stripe in frequency plus one, in mel bins.
        crop: seconds of a clip that the network is given, from anywhere in it; 0 for all.
        shift: seconds by which a clip is moved at most, see `WaveformAugmentation`.
        gain: largest change of the level of a clip, in decibels.
    """

    mixup: str = "logmel"
    stripes: int = 2
    time_width: int = 64
    mel_width: int = 8
    crop: float = 0.0
    shift: float = 0.0
    gain: float = 0.0

    def __post_init__(self) -> None:
        check_one_of(self.mixup, MIXUPS, "mixup")
        check_least(self, 0, "stripes", "crop", "shift", "gain")
        check_least(self, 1, "time_width", "mel_width")

    def of_waveforms(self, sample_rate: int) -> WaveformAugmentation:
        """Return what is done to waveforms.

        Args:
            sample_rate: of them, in Hz.
        """
        crop, shift = (round(seconds * sample_rate) for seconds in (self.crop, self.shift))
        return WaveformAugmentation(crop, shift, self.gain)


@dataclass(frozen=True)
class Sampling:
    """Which clips are in a batch.

    Attributes:
        kind: one of `SAMPLERS`.
        batch_size: rows of a batch; of clips that are mixed, twice as many are drawn.
    """

    kind: str = "balanced"
    batch_size: int = 32

    def __post_init__(self) -> None:
        check_one_of(self.kind, SAMPLERS, "kind of sampler")
        check_least(self, 1, "batch_size")


@dataclass(frozen=True)
class Machine:
    """Where it is computed: this changes nothing but rounding, and may differ when a run goes on.

    Attributes:
        device: 'cuda', which is the CPU where there is no GPU, or 'cpu'.
        workers: processes that read clips for each process that learns.
        threads: of torch on a CPU; None leaves that to torch.
    """

    device: str = "cuda"
    workers: int = 1
    threads: int | None = None

    def __post_init__(self) -> None:
        check_least(self, 0, "workers")
        check_least(self, 1, "threads")


TABLES = {
    "data": Data,
    "network": Architecture,
    "augment": Augmentation,
    "sampler": Sampling,
    "learn": Settings,
    "machine": Machine,
}
"""The tables of a recipe."""

PATHS = {"data": ("clips", "evaluation", "black_list"), "network": ("weights",)}
"""Keys of a recipe that are relative to it."""


def read_training(path: str | os.PathLike[str], changes: Iterable[str] = ()) -> dict[str, Any]:
    """Return the tables of a recipe, with absolute paths.

    Args:
        path: the TOML file.
        changes: values that stand for those of the file, as `learn.steps=1000`; paths among them
            are relative to the present folder.

    Raises:
        UsageError: if it is no such recipe.
    """
    changes = [*changes]
    recipe = read_recipe(Path(path), TABLES, changes)
    changed = {change.partition("=")[0].strip() for change in changes}
    for name, keys in PATHS.items():
        given = {key: value for key in keys if (value := getattr(recipe[name], key))}
        absolute = {
            key: os.path.abspath(value if f"{name}.{key}" in changed else Path(path, "..", value))
            for key, value in given.items()
            if "://" not in value
        }
        recipe[name] = replace(recipe[name], **absolute)
    return recipe
