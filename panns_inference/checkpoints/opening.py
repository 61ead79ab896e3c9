"""What a file of weights holds, read once: state dicts, and what it says of its network."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .check_records import Signature, signature
from .description import Description, described
from .layout import layout
from .matching import completed, matching_networks, mismatch, n_classes
from .state import loaded_from
from .unwrapping import Reading, readings, the_one

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class Opened:
    """A file of weights, after it was read.

    Attributes:
        path: the file.
        seen: its signature before it was read.
        mapped: whether the tensors are those in the file, and change with it.
        ways: of each state dict in it, the ways to read it, from the outside in.
        description: what it says of its network; None if it says nothing.
    """

    path: Path
    seen: Signature
    mapped: bool
    ways: Sequence[Sequence[Reading]]
    description: Description | None

    def reading(self, network: nn.Module | None = None) -> Reading:
        """Return the reading that is meant.

        Args:
            network: the weights are for; None is any network of `models`.

        Raises:
            CheckpointError: if several fit, and differ.
        """
        meant = [_meant(each, network) for each in self.ways]
        if len(meant) > 1:
            meant = [each for each in meant if _fits(each, network)] or meant
        return the_one(meant, self.path)

    @property
    def n_tensors(self) -> int:
        """Number of the tensors in all of its state dicts."""
        return sum(len(as_saved.state) for as_saved, *_ in self.ways)

    @property
    def classes_num(self) -> int | None:
        """Number of classes; None if the last layer is none of those of `models`."""
        return n_classes(self.reading().state)


def read(path: str | os.PathLike[str]) -> Opened:
    """Return what a file of weights holds.

    Args:
        path: the file; it is only read.

    Raises:
        CheckpointError: if there is no such file, it holds no state dict, or what it says of its
            network cannot be true.
        UsageError: if it needs a package that is not installed.
    """
    path = Path(path)
    mapped = layout(path) != "stream"  # and says what is wrong with what is no file at all
    seen, loaded = signature(path), loaded_from(path)
    return Opened(path, seen, mapped, readings(loaded, path), described(loaded, path))


def read_state(path: str | os.PathLike[str]) -> dict[str, Tensor]:
    """Return the state dict in a checkpoint, on the CPU.

    A file contains it bare or under a key such as `model` or `state_dict`; prefixes of all keys
    that wrappers leave, such as `module.`, are taken off, and the last layer of the reference's
    template for fine-tuning gets the key of the networks. Nothing is unpickled that could run code.
    A file of the zip layout is mapped, not read: copy its tensors before you write to it.

    Args:
        path: the file; it is only read.

    Raises:
        CheckpointError: if there is no such file, or it holds no state dict, or several.
        UsageError: if it needs a package that is not installed.
    """
    return read(path).reading().state


def _meant(ways: Sequence[Reading], network: nn.Module | None) -> Reading:
    """Return the first reading that has the keys of a network; else that without any prefix."""
    if network is not None:
        keys = network.state_dict().keys()
        for each in ways:
            if completed(network, each.state).keys() == keys:
                return each
    return ways[-1]


def _fits(reading: Reading, network: nn.Module | None) -> bool:
    if network is None:
        return next(iter(matching_networks(reading.state)), None) is not None
    return not mismatch(network, completed(network, reading.state))
