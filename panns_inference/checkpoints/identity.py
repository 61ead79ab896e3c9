"""Whose weights a file holds: by its checksum, its name, or the keys and shapes in it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import CheckpointError, CheckpointWarning
from ..registry import NETWORKS
from ..terminal import printable
from ..warning import warn
from ..wording import argument
from .matching import matching_networks, prefix_hint
from .opening import read
from .verification import recognise

FRAMES = "framewise_output"

if TYPE_CHECKING:
    from torch import nn

    from ..models import Network


def identify(path: str | os.PathLike[str], output: str = "clipwise_output") -> str:
    """Return the name of the network that a checkpoint is for.

    A published file is known by its name or its checksum, others by what they say of themselves, or
    else by their keys and shapes. Where
    those fit several networks that give the output, the name of the file decides: one of theirs in
    it, or what theirs have beyond the plainest's (`hop_15`, `DecisionLevelMax`). Else it is taken
    for the plainest.

    Args:
        path: the checkpoint.
        output: name of the output, which all networks have by default.

    Raises:
        CheckpointError: if the file holds no weights, or fits no network.

    Warns:
        CheckpointWarning: if it is taken for the plainest, and others compute something else.
    """
    path = Path(path)
    if published := recognise(path):
        return published.name
    opened = read(path)
    if opened.description:
        return opened.description.network
    reading = opened.reading()
    state = reading.state
    if names := list(matching_networks(state)):
        able = [name for name in names if output in NETWORKS[name].output_names]
        if reading.activation == "softmax":  # it is of clips, also where events are wanted
            able = [name for name in names if FRAMES not in NETWORKS[name].output_names]
        return _chosen(path, able or names)
    keys = printable(", ".join([*state][:3]))
    raise CheckpointError(
        f"{path} fits no network: it holds {len(state)} tensors ({keys}, "
        "...); a network with a front-end or a head of your own has to be given with it"
        f"{prefix_hint(state)}"
    )


def _chosen(path: Path, names: Sequence[str]) -> str:
    """Return which of the networks that a file fits it is for."""
    from ..models import network_class

    if named := named_by(path.stem, names):
        return named
    plainest, *others = names
    kind = _computed(network_class(plainest))
    if different := [name for name in others if _computed(network_class(name)) != kind]:
        warn(
            f"{path} fits {', '.join(different)} as well as {plainest}, for which it is taken: "
            f"if it is another one's, name that: {argument('model')}",
            CheckpointWarning,
        )
    return plainest


def named_by(stem: str, names: Sequence[str]) -> str | None:
    """Return the network that the name of a file means; None if it means none.

    Args:
        stem: the name, without its ending.
        names: of the networks, the plainest first.
    """
    plainest, *others = names
    hints = {name: _words(name.removeprefix(plainest)) for name in others}
    words = _words(stem)
    # The longest first: hop_15 is in none of the others, but no_im_pre could be.
    for name in sorted(hints, key=lambda name: len(name), reverse=True):
        if _is_in(hints[name], words):
            return name
    return plainest if _is_in(_words(plainest), words) else None


def _words(name: str) -> list[str]:
    """Runs of letters and numbers, so that `hop_15`, `hop15` and `Hop-15` are the same."""
    return [word.casefold() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+", name)]


def _is_in(wanted: Sequence[str], words: Sequence[str]) -> bool:
    starts = range(len(words) - len(wanted) + 1)
    return any(words[k : k + len(wanted)] == wanted for k in starts)


def warn_of_another_network(network: nn.Module, path: Path) -> None:
    """Warn if a file is the published one of a network that makes something else of its weights.

    Args:
        network: whose keys and shapes are those of the file.
        path: the checkpoint.
    """
    from ..models import Network, network_class

    if not isinstance(network, Network) or (published := recognise(path)) is None:
        return
    if _computed(type(network)) != _computed(network_class(published.name)):
        warn(
            f"{path} holds the weights of {published.name}: {type(network).__name__} has the same "
            "keys, but what it makes of them are not its probabilities",
            CheckpointWarning,
        )


def _computed(network: type[Network]) -> tuple[object, ...]:
    """Return what a network makes of its weights: its front-end, and the functions of its head."""
    deciding = (network.segmentwise, network.conclude, getattr(network, "decide", None))
    return network.published, *deciding, network.statistics_of
