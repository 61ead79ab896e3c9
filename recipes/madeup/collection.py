"""Clips of the made-up AudioSet: one sound or two on a background, many of some classes.

    train   640, 430, 288, ... 12, 8 clips in which a class is the first    the long tail
    test    as many of each class

    python -m recipes.madeup.collection FOLDER

writes the recordings, and `clips.csv`, the manifest of both splits.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from .sounds import SAMPLE_RATE, SOUNDS

Draw = np.random.Generator

LABELS = tuple(SOUNDS)
"""Classes, from the most common to the rarest."""


@dataclass(frozen=True)
class Collection:
    """How many clips there are, and what they are like.

    Attributes:
        seed: of all that is drawn.
        seconds: length of a clip.
        most: clips of the most common class to learn from.
        fewest: those of the rarest.
        judged: clips of each class to judge by.
        two: share of the clips with a second class.
    """

    seed: int = 1
    seconds: float = 2.0
    most: int = 640
    fewest: int = 8
    judged: int = 40
    two: float = 0.15

    @property
    def counts(self) -> dict[str, tuple[int, ...]]:
        """Clips of each split in which a class is the first, of each class."""
        tail = np.geomspace(self.most, self.fewest, len(LABELS)).round().astype(int)
        return {"train": tuple(tail.tolist()), "test": (self.judged,) * len(LABELS)}

    def clips(self, split: str) -> Iterator[tuple[tuple[str, ...], NDArray[np.float32]]]:
        """Yield the labels and the waveform, (samples,), of each clip.

        Args:
            split: `train` or `test`.
        """
        firsts = np.repeat(np.arange(len(LABELS)), self.counts[split])
        share = np.array(self.counts[split]) / len(firsts)
        for number, first in enumerate(firsts.tolist()):
            draw = np.random.default_rng((self.seed, split == "test", number))
            second = int(draw.choice(len(LABELS), p=share))
            chosen = {first, second} if draw.random() < self.two else {first}
            labels = tuple(LABELS[k] for k in sorted(chosen))
            yield labels, clip(labels, self.seconds, draw)


def clip(labels: tuple[str, ...], seconds: float, draw: Draw) -> NDArray[np.float32]:
    """Return a clip in which classes sound, (samples,).

    Args:
        labels: of the classes.
        seconds: length of the clip.
        draw: random generator.
    """
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    found = background(len(time), draw) * 10 ** (-draw.uniform(15, 35) / 20)
    for label in labels:
        sound = SOUNDS[label](time, draw)
        sound[~stretch(time, draw)] = 0
        power = np.square(sound).mean() + 1e-9
        found += sound * 10 ** (-draw.uniform(0, 6) / 20) / np.sqrt(power)
    level = 10 ** (-draw.uniform(1, 20) / 20)
    return (found / np.abs(found).max() * level).astype(np.float32)


def background(n_samples: int, draw: Draw) -> NDArray[np.float64]:
    """Return noise of mean power 1 whose density falls or rises with frequency, (samples,).

    Args:
        n_samples: its length.
        draw: random generator.
    """
    spectrum = np.fft.rfft(draw.standard_normal(n_samples))
    spectrum *= np.arange(1, len(spectrum) + 1) ** draw.uniform(-1.0, 0.2)
    noise = np.fft.irfft(spectrum, n_samples)
    return noise / np.sqrt(np.square(noise).mean())


def stretch(time: NDArray[np.float64], draw: Draw) -> NDArray[np.bool_]:
    """Return where a sound is, (samples,): at least 0.7 of a clip.

    Args:
        time: of the samples, in seconds.
        draw: random generator.
    """
    length = draw.uniform(0.7, 1) * time[-1]
    onset = draw.uniform(0, time[-1] - length)
    return (time >= onset) & (time <= onset + length)


def write(collection: Collection, folder: Path) -> None:
    """Write the recordings of a collection and their manifest.

    Args:
        collection: what is made.
        folder: created if necessary.
    """
    from panns_inference.training.data import Clip, dataset, write_manifest

    clips = []
    for split in collection.counts:
        (folder / split).mkdir(parents=True, exist_ok=True)
        for number, (labels, waveform) in enumerate(collection.clips(split)):
            path = folder / split / f"{number:05d}.flac"
            soundfile.write(path, waveform, SAMPLE_RATE)
            clips.append(Clip(path, labels, split=split))
    write_manifest(dataset(clips, LABELS), folder / "clips.csv")


def main() -> None:
    """Read the command line and write a collection."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    write(Collection(given.seed), given.folder)


if __name__ == "__main__":
    main()
