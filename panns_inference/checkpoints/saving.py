"""Writing a network as one file, which says itself what it is for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import CheckpointError, UsageError
from ..files import atomic_write
from .description import KEY, Description, described
from .safetensors import write_safe_tensors

if TYPE_CHECKING:
    from torch import nn

    from ..models import Network


def save(
    network: Network,
    path: str | os.PathLike[str],
    *,
    labels: Sequence[str],
    mids: Sequence[str] = (),
    thresholds: Sequence[float] = (),
    method: str = "",
    overwrite: bool = False,
) -> Path:
    """Write a network with the names of its classes as one file that needs nothing else.

    `AudioTagging(path)` and `panns tag --model PATH` take it; `torch.load(path)["model"]` is its
    state dict. If the name ends in `.safetensors`, the file is one of these.

    Args:
        network: of `models`, with any front-end and any number of classes.
        path: the file; nobody ever sees half of it.
        labels: display names of its classes, in their order.
        mids: an identifier of each class, such as AudioSet's; none if there are none.
        thresholds: of each class, the probability in (0, 1] from which on `detect` finds an event;
            none for the usual one.
        method: by which `detect` finds events, 'threshold' or 'boxes'; '' is the usual one.
        overwrite: whether a file that is there is replaced.

    Returns:
        The path.

    Raises:
        UsageError: if the network is none of `models`, or what is said of it cannot be true.
        OutputError: if the file is there, or cannot be written.
    """
    import torch

    target = Path(path)
    entry = description_of(network, target, labels, mids, thresholds, method).entry()
    state = network.state_dict()
    is_safe = target.suffix == ".safetensors"
    written = write_safe_tensors(state, entry, target) if is_safe else b""
    with atomic_write(target, binary=True, replace=overwrite) as file:
        if is_safe:
            file.write(written)
        else:
            torch.save({"model": state, KEY: entry}, file)
    return target


def description_of(
    network: nn.Module,
    path: Path,
    labels: Sequence[str],
    mids: Sequence[str] = (),
    thresholds: Sequence[float] = (),
    method: str = "",
) -> Description:
    """Return what a file of a network is to say of it.

    Args:
        network: as for `save`.
        path: the file.
        labels: as for `save`.
        mids: as for `save`.
        thresholds: as for `save`.
        method: as for `save`.

    Raises:
        UsageError: if the network is none of `models`, or what is said of it cannot be true.
    """
    from ..models import Network, network_class
    from ..registry import NETWORKS

    name = type(network).__name__
    if (
        not isinstance(network, Network)
        or name not in NETWORKS
        or type(network) is not network_class(name)
    ):
        raise UsageError(
            f"a {name} is no network of panns_inference.models: only those can be saved so"
        )
    published = asdict(network.published)
    settings = {key: v for key, v in asdict(network.frontend).items() if v != published[key]}
    _, is_linear = network.interpolation
    if is_linear:
        settings["interpolate_mode"] = "linear"
    description = Description(
        name,
        tuple(map(str, labels)),
        tuple(map(str, mids)),
        tuple(map(float, thresholds)),
        method,
        settings,
        network.activation,
        network.hidden,
    )
    try:
        described({KEY: description.entry()}, path)
    except CheckpointError as error:
        raise UsageError(str(error)) from error
    if len(labels) != network.classes_num:
        raise UsageError(
            f"{len(labels)} labels do not fit a network of {network.classes_num} classes"
        )
    return description
