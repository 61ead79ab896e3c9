"""Samples that wait until they are needed, numbered from the beginning of the recording."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Waveform = NDArray[np.float32]
State = dict[str, NDArray[np.generic]]
"""What is needed to go on: arrays by name, no objects, as `numpy.savez` holds them."""


def nested(parts: Mapping[str, Mapping[str, NDArray[np.generic]]]) -> State:
    """One state of several.

    Args:
        parts: states by name.
    """
    return {f"{part}/{name}": v for part, state in parts.items() for name, v in state.items()}


def part_of(state: Mapping[str, NDArray[np.generic]], part: str) -> State:
    """One of the states of which a state was made; empty if there is none.

    Args:
        state: what `nested` returned.
        part: its name.
    """
    prefix = f"{part}/"
    return {name.removeprefix(prefix): v for name, v in state.items() if name.startswith(prefix)}


class Waiting:
    """The end of what was heard of a recording.

    Args:
        state: of another one, to go on where it stood.
    """

    def __init__(self, state: Mapping[str, NDArray[np.generic]] | None = None) -> None:
        state = state or {"samples": np.zeros(0, np.float32), "first": np.asarray(0)}
        self.pieces: list[Waveform] = [np.asarray(state["samples"], np.float32)]
        self.first = int(state["first"])
        self.end = self.first + len(self.pieces[0])

    def add(self, samples: Waveform) -> None:
        """Take what follows.

        Args:
            samples: (n,).
        """
        self.pieces.append(samples)
        self.end += len(samples)

    def between(self, first: int, end: int) -> Waveform:
        """The samples from `first` up to, not including, `end`, as far as there are any.

        Args:
            first: at least that of the samples that wait.
            end: any.
        """
        if len(self.pieces) > 1:
            self.pieces = [np.concatenate(self.pieces)]
        return self.pieces[0][first - self.first : max(0, end - self.first)]

    def drop_before(self, first: int) -> None:
        """Forget what is not needed any more.

        Args:
            first: the first sample that is.
        """
        if first > self.first:
            # A copy: a view would hold all that it was cut from.
            self.pieces = [self.between(first, self.end).copy()]
            self.first = first

    def state(self) -> State:
        """The samples that wait, and the number of the first."""
        samples = self.between(self.first, self.end)
        return {"samples": samples, "first": np.asarray(self.first)}
