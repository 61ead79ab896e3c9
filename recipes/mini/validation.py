"""Figures on what training never heard: windows, sounds of other sources, sounds with a name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from panns_inference.models.mini import PannsMini
from panns_inference.training.distillation.evaluation import clip_probabilities, soft_label_figures
from panns_inference.training.distillation.recordings import Recordings

from .collection import Sounds, waveform_of
from .presentations import Probabilities, Tagger, Waveform


class Ranks(NamedTuple):
    """How high the class that a name says stands."""

    first: float
    """Share of sounds where it is the most probable one."""

    five: float
    """Share of sounds where it is among the five most probable."""

    reciprocal: float
    """Mean of the reciprocal rank."""


def ranks(probabilities: Probabilities, named: Sequence[tuple[int, ...]]) -> NDArray[np.int64]:
    """Return the rank of each sound's class, from 1; classes above it are right too: not counted.

    Args:
        probabilities: (sounds, 527).
        named: class of each sound, and the classes above it.
    """
    found = []
    for row, (wanted, *above) in zip(probabilities, named, strict=True):
        higher = row > row[wanted]
        higher[above] = False
        found.append(1 + int(higher.sum()))
    return np.asarray(found)


def summarised(found: NDArray[np.int64]) -> Ranks:
    """Return the figures of some ranks.

    Args:
        found: what `ranks` returned.
    """
    return Ranks(float((found == 1).mean()), float((found <= 5).mean()), float((1 / found).mean()))


class Validation:
    """Figures of a tagger.

    Args:
        recordings: the decoded recordings.
        windows: validation windows of `distill`.
        unseen: windows of sources that training never heard.
    """

    columns: ClassVar[tuple[str, ...]] = (
        "cross_entropy",
        "mAP",
        "unseen_cross_entropy",
        "unseen_mAP",
        "unseen_top1",
    )
    columns += ("first", "five", "reciprocal")

    def __init__(self, recordings: Recordings, windows: Sounds, unseen: Sounds) -> None:
        self.recordings, self.windows, self.unseen = recordings, windows, unseen
        self.named = [k for k, classes in enumerate(unseen.named) if classes]

    def __call__(self, network: PannsMini) -> dict[str, float]:
        return self.figures(lambda waveforms: clip_probabilities(network, waveforms))

    def figures(self, tagger: Tagger) -> dict[str, float]:
        """Return all figures of a tagger, by the names in `columns`.

        Args:
            tagger: waveforms to probabilities.
        """
        windows, unseen = (tagger(self.waveforms(part)) for part in (self.windows, self.unseen))
        old = soft_label_figures(teacher_of(self.windows), windows)
        new = soft_label_figures(teacher_of(self.unseen), unseen)
        names = summarised(self.ranks(unseen[self.named]))
        both = {**old, **{f"unseen_{name}": value for name, value in new.items()}}
        both |= names._asdict()
        return {name: both[name] for name in self.columns}

    def ranks(self, probabilities: Probabilities) -> NDArray[np.int64]:
        """Return the ranks of the classes of the sounds that have a name.

        Args:
            probabilities: of these sounds, (sounds, 527).
        """
        return ranks(probabilities, [self.unseen.named[k] for k in self.named])

    def waveforms(self, sounds: Sounds) -> list[Waveform]:
        """Return the samples of all windows.

        Args:
            sounds: the windows.
        """
        return [waveform_of(self.recordings, window) for window in sounds.windows]


def teacher_of(sounds: Sounds) -> NDArray[np.float64]:
    """Return the teacher's probabilities for windows in silence, (windows, 527).

    Args:
        sounds: the windows.
    """
    return sigmoid(sounds.in_silence)


def sigmoid(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return probabilities.

    Args:
        logits: of any shape.
    """
    return np.asarray(0.5 + 0.5 * np.tanh(logits.astype(np.float64) / 2))
