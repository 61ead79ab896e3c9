"""The framewise head of a network, learnt from clips: what sounds is known, and not when.

A clip is a bag of segments. Its probability of a class is the mean of those of its segments,
weighted with themselves (linear softmax; Y. Wang, J. Li and F. Metze, *A Comparison of Five
Multiple Instance Learning Pooling Functions for Sound Event Detection with Weak Labeling*, ICASSP
2019): the segments in which a class sounds learn that it does, and the others need not.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ...errors import AudioError
from ...models.mini import PannsMini
from ..data import Dataset
from ..data.cutting import in_order, waveforms_of
from .linear import Head
from .thresholds import best_thresholds
from .validation import by_others, judging_groups

LONGEST_SECONDS = 30
"""Of a clip that are looked at, from its beginning."""

MOST_SEGMENTS = 200_000
"""That are learnt from: 0.4 GB, and minutes. Of more clips, some are drawn."""

STRENGTH = 3.0
"""Of the regularisation, as of heads for clips. Ten times more or less changes no figure by more
than 0.02: neither the mAP on ESC-10 nor the F1 of events in a soundscape made of it."""

RARE = -2.0
"""Logit of a class in a segment, to begin with."""

STEPS = 100
"""Of the solver, at most."""

LEAST = 1e-6
"""The smallest probability that a logarithm is taken of."""


@dataclass(frozen=True, eq=False)
class Segments:
    """The segments of clips.

    Attributes:
        dataset: the clips.
        values: what the last layer is given for each segment, (segments, n) float32.
        owners: number of the clip that each is of, (segments,).
    """

    dataset: Dataset
    values: NDArray[np.float32]
    owners: NDArray[np.intp]

    def where(self, mask: NDArray[np.bool_]) -> Segments:
        """Return the segments of some of the clips.

        Args:
            mask: whether a clip is one of them, (clips,).
        """
        clips = tuple(itertools.compress(self.dataset.clips, mask))
        taken = mask[self.owners]
        numbers = np.cumsum(mask) - 1
        return Segments(
            replace(self.dataset, clips=clips), self.values[taken], numbers[self.owners[taken]]
        )

    def learn(self) -> tuple[Head, tuple[float, ...]]:
        """Return the head that is learnt from the clips, and a threshold for each class.

        The threshold is the one by which a class is found best somewhere in a clip, by heads that
        have not learnt from it.
        """
        targets, groups = self.dataset.targets, judging_groups(self.dataset)
        judging = groups >= 0
        found = by_others(
            groups, targets.shape, lambda held: self.where(held).largest(self.where(~held).fit())
        )
        return self.fit(), tuple(best_thresholds(targets[judging], found[judging]))

    def largest(self, head: Head) -> NDArray[np.float64]:
        """Return the largest probability of each class in a segment of each clip, (clips, classes).

        Args:
            head: that gives the probabilities.
        """
        found = np.zeros((len(self.dataset.clips), len(head.bias)))
        np.maximum.at(found, self.owners, head.probabilities(self.values))
        return found

    def fit(self) -> Head:
        """Return the head that is learnt from the clips."""
        from scipy.optimize import minimize  # as scikit-learn does

        mean, deviation = self.values.mean(axis=0), self.values.std(axis=0)
        deviation[deviation == 0] = 1
        values = torch.from_numpy((self.values - mean) / deviation)
        targets, owners = torch.from_numpy(self.dataset.targets), torch.from_numpy(self.owners)
        n_classes = targets.shape[1]

        def loss(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            rows = torch.from_numpy(point).float().view(n_classes, -1).requires_grad_()
            probabilities = functional.linear(values, rows[:, 1:], rows[:, 0]).sigmoid()
            found = pooled(probabilities, owners, len(targets)).clamp(LEAST, 1 - LEAST)
            missed = functional.binary_cross_entropy(found, targets, reduction="sum")
            lost = missed + STRENGTH / 2 * rows[:, 1:].square().sum()
            (gradient,) = torch.autograd.grad(lost, rows)
            return float(lost.detach()), gradient.double().numpy().ravel()

        start = np.zeros((n_classes, 1 + values.shape[1]))
        start[:, 0] = RARE
        steps = {"maxiter": STEPS}
        best = minimize(loss, start.ravel(), jac=True, method="L-BFGS-B", options=steps)
        rows = best.x.reshape(n_classes, -1)
        weight = rows[:, 1:] / deviation
        return Head(weight, rows[:, 0] - weight @ mean, "sigmoid")


def segments_of(network: PannsMini, dataset: Dataset) -> Segments:
    """Return the segments of clips, which are put in order.

    Args:
        network: whose framewise head is learnt.
        dataset: the clips; of too many, some are drawn, and what cannot be read has no segment.
    """
    n_segments = round(LONGEST_SECONDS * network.sample_rate / _samples_of_segment(network))
    most = max(1, MOST_SEGMENTS // n_segments)
    if len(dataset.clips) > most:
        drawn = np.sort(np.random.default_rng(0).permutation(len(dataset.clips))[:most])
        dataset = replace(dataset, clips=tuple(dataset.clips[place] for place in drawn))
    clips, most_samples = in_order(dataset.clips), LONGEST_SECONDS * network.sample_rate
    values = [
        np.empty((0, network.embedding_size), np.float32)
        if isinstance(each, AudioError)
        else _values(network, each)
        for each in waveforms_of(clips, network.sample_rate, most_samples)
    ]
    dataset = replace(dataset, clips=tuple(clips))
    owners = np.repeat(np.arange(len(values)), [*map(len, values)])
    return Segments(dataset, np.concatenate(values), owners)


def _values(network: PannsMini, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    waveform = torch.from_numpy(samples)[None]
    n_segments = -(-waveform.shape[1] // _samples_of_segment(network))
    if waveform.shape[1] < network.minimum_samples:
        waveform = functional.pad(waveform, (0, network.minimum_samples - waveform.shape[1]))
    with torch.inference_mode():
        features = network.segment_features(waveform.to(network.fc1.weight.device))
        values = network.framewise_head[:-1](features)[0, :, :n_segments]
    found: NDArray[np.float32] = values.T.float().cpu().numpy()
    return found


def _samples_of_segment(network: PannsMini) -> int:
    return network.segment_frames * network.hop_size


def pooled(probabilities: Tensor, owners: Tensor, number: int) -> Tensor:
    """Return the probabilities of clips, (clips, classes).

    Args:
        probabilities: of segments, (segments, classes).
        owners: number of the clip that each is of, (segments,).
        number: of clips.
    """
    empty = probabilities.new_zeros(number, probabilities.shape[1])
    squares = empty.index_add(0, owners, probabilities.square())
    return squares / empty.index_add(0, owners, probabilities).clamp(min=LEAST)
