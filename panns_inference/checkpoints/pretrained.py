"""A network with weights and names of its classes: by its name, by a file, or by both."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..arguments import is_weights
from ..audioset import labels as audioset_labels
from ..audioset import with_mids
from ..errors import CheckpointError, UsageError
from ..registry import checkpoint_of, find
from .description import Description
from .download import fetch
from .identity import identify
from .loading import load, put
from .opening import Opened, read

if TYPE_CHECKING:
    from torch import nn

Pretrained = bool | Literal["trunk"]
"""Whether weights are loaded: all, none, or those below the last layers."""


@dataclass(frozen=True)
class Wanted:
    """What a user says of a network.

    Attributes:
        model: its name, a module, or the file of its weights; None is what a file says that it is
            for, or else `default`.
        path: file of weights; None is the published one.
        labels: names of the classes; None is those in the file, or AudioSet's.
        classes_num: number of classes; None is that of the labels, or of the file.
        pretrained: what is loaded; None is nothing for a module with classes of its own, the trunk
            for a name with another number of classes, and else all.
        settings: further arguments of `models.build`.
        default: name of a network, whose published weights a module takes.
        output: what is needed of a network that its file only fits.
        folder: where published weights are kept; None is the usual folder.
    """

    model: nn.Module | str | os.PathLike[str] | None
    path: str | os.PathLike[str] | None
    labels: Sequence[str] | None
    classes_num: int | None
    pretrained: Pretrained | None
    settings: Mapping[str, Any]
    default: str
    output: str
    folder: str | os.PathLike[str] | None

    @property
    def is_trunk(self) -> bool:
        """Whether the last layers are to be new."""
        return self.pretrained == "trunk"


@dataclass(frozen=True)
class Ready:
    """A network that is ready to use.

    Attributes:
        name: of the network.
        network: with its weights.
        labels: display names of its classes.
        thresholds: one for each class, or none.
        method: by which events are found; empty if it is not known.
        checkpoint: file of the weights; None if nothing was loaded.
    """

    name: str
    network: nn.Module
    labels: list[str]
    thresholds: tuple[float, ...]
    method: str
    checkpoint: Path | None


def ready(wanted: Wanted) -> Ready:
    """Return a network with what is wanted.

    Args:
        wanted: all that is said of it.

    Raises:
        UsageError: for an unknown name or setting, or what excludes each other.
        CheckpointError: if the file holds no weights, or they do not fit.
        DownloadError: if published weights are not there and cannot be fetched.
    """
    wanted = _settled(wanted)
    opened = read(wanted.path) if wanted.path and wanted.pretrained else None
    stated = opened.description if opened else None
    labels = _labels(wanted, opened)
    name, network = _built(wanted, len(labels), opened)
    path = None
    if opened:
        path = opened.path
        put(network, opened, new_head=wanted.is_trunk)
    elif wanted.pretrained:
        path = _published(wanted, name, network, len(labels))
    chosen = stated if stated and not wanted.is_trunk else None
    thresholds, method = (chosen.thresholds, chosen.method) if chosen else ((), "")
    return Ready(name, network, labels, thresholds, method, path)


def _settled(wanted: Wanted) -> Wanted:
    """Return what is wanted with what nobody has said, and refuse what excludes each other."""
    path, number, pretrained = wanted.path, wanted.classes_num, wanted.pretrained
    if is_weights(wanted.model):
        if path:
            raise UsageError(f"both {wanted.model} and {path} are files of weights: give one")
        path = wanted.model
    if pretrained is None:
        is_named = isinstance(wanted.model, str | os.PathLike | None)
        if path or (wanted.labels, number) == (None, None):
            pretrained = True
        elif is_named:
            pretrained = True if number in (None, len(audioset_labels)) else "trunk"
        else:
            pretrained = False
    if pretrained not in (True, False, "trunk"):
        raise UsageError(f"pretrained must be True, False or 'trunk', not {pretrained!r}")
    if path and not pretrained:
        raise UsageError("pretrained=False loads no weights: leave checkpoint_path out")
    return replace(wanted, path=path, pretrained=pretrained)


def _labels(wanted: Wanted, opened: Opened | None) -> list[str]:
    """Return the names of the classes, of which the user or the file says how many there are."""
    given, number = wanted.labels, wanted.classes_num
    if number is not None and number < 1:
        raise UsageError(f"classes_num={number} is no number of classes: give 1 or more")
    if given is not None:
        if number not in (None, len(given)):
            raise UsageError(f"classes_num={number}, but there are {len(given)} labels")
        number = len(given)
    if wanted.is_trunk and number is None:
        raise UsageError('pretrained="trunk" needs the new classes: give labels= or classes_num=')
    stated = None
    if opened and not wanted.is_trunk:
        number, stated = _classes_of(opened, number), opened.description
    if given is not None:
        return list(given)
    if stated:
        return with_mids(stated.labels, stated.mids)
    if number is None or number == len(audioset_labels):
        return audioset_labels
    return [f"class {index}" for index in range(number)]


def _classes_of(opened: Opened, wanted: int | None) -> int | None:
    """Return the number of classes of a file, or what is wanted if its last layer is none of ours.

    Raises:
        CheckpointError: if the file contradicts itself, or what is wanted.
    """
    held, stated = opened.classes_num, opened.description
    if stated and held not in (None, len(stated.labels)):
        raise CheckpointError(
            f"{opened.path} contradicts itself: it has weights for {held} classes, and "
            f"{len(stated.labels)} labels"
        )
    if held and wanted not in (None, held):
        raise CheckpointError(
            f"{opened.path} has {held} classes, not {wanted}: give {held} labels or none, or "
            'pretrained="trunk" for a new last layer'
        )
    return held or wanted


def _built(wanted: Wanted, n_classes: int, opened: Opened | None) -> tuple[str, nn.Module]:
    """Name and network; without weights of its own if all of them are loaded."""
    import torch

    from ..models import build

    if isinstance(wanted.model, torch.nn.Module):
        if wanted.settings:
            raise UsageError(f"a module has its own {', '.join(wanted.settings)}: leave them out")
        return type(wanted.model).__name__, wanted.model
    name, stated = _name(wanted, opened), opened.description if opened else None
    settings = {**(stated.settings if stated else {}), **wanted.settings}
    hidden = stated.hidden if stated else ()
    is_whole = bool(wanted.pretrained) and not wanted.is_trunk
    fits = opened is not None or n_classes == len(audioset_labels)
    with torch.device("meta") if is_whole and fits else contextlib.nullcontext():
        return name, build(name, n_classes, hidden=hidden, **settings)


def _name(wanted: Wanted, opened: Opened | None) -> str:
    stated: Description | None = opened.description if opened else None
    if wanted.model is None:
        return stated.network if stated else wanted.default
    if opened and is_weights(wanted.model):
        return identify(opened.path, wanted.output)
    if not isinstance(wanted.model, str):
        raise UsageError(
            f"model must be the name of a network or an nn.Module, not {wanted.model!r}"
        )
    name = find(wanted.model).name
    if opened and stated and stated.network != name:
        raise CheckpointError(
            f"{opened.path} is for {stated.network}, by what it says of itself, not for {name}: "
            "leave the name out"
        )
    return name


def _published(wanted: Wanted, name: str, network: nn.Module, n_classes: int) -> Path:
    """Load the published weights, or those below the last layers; return their file."""
    owner = name if wanted.model is None or isinstance(wanted.model, str) else wanted.default
    if not wanted.is_trunk and n_classes != len(audioset_labels):
        raise UsageError(
            f"{n_classes} labels do not fit the published weights of {owner}, for "
            f"{len(audioset_labels)} classes: give a checkpoint_path=, or pretrained=False, or "
            'pretrained="trunk" for a new last layer'
        )
    path = fetch(checkpoint_of(owner), folder=wanted.folder)
    load(network, path, new_head=wanted.is_trunk)
    return path
