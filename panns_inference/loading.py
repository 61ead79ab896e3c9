"""A network by its name, or a module of one's own: with its weights, where it is to compute."""

from __future__ import annotations

import contextlib
import copy
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from .checkpoints import fetch, load
from .device import resolve
from .errors import UsageError
from .models import build
from .registry import checkpoint_of, find


class Loaded(NamedTuple):
    """A network that is ready.

    Attributes:
        name: of the network.
        module: the network; on 'cuda' inside `DataParallel`.
        device: where it is.
        checkpoint: file of its weights; None if nothing was loaded.
        lines: what panns-inference 0.1 printed of it.
    """

    name: str
    module: nn.Module
    device: str
    checkpoint: Path | None
    lines: tuple[str, ...]


def loaded(
    model: nn.Module | str | os.PathLike[str],
    classes_num: int,
    device: str | torch.device,
    *,
    weights: str | os.PathLike[str] | None,
    pretrained: bool,
    default: str,
    cache_folder: str | os.PathLike[str] | None,
    settings: Mapping[str, Any],
) -> Loaded:
    """Make a network, if it has only a name, and load its weights.

    Args:
        model: name of a network, or a module.
        classes_num: number of its classes.
        device: where it is to be; the CPU takes the place of what is not there.
        weights: file of weights; None is the published one, taken from the cache folder, or
            downloaded into it.
        pretrained: False loads nothing.
        default: the network whose published weights a module gets.
        cache_folder: the folder; None is the usual one.
        settings: further arguments of `models.build`, for a name.

    Raises:
        UsageError: for an unknown name, device or setting, or settings of a module.
        CheckpointError: if the file holds no weights, or they do not fit.
        DownloadError: if the weights are not there and cannot be fetched.
    """
    place = resolve(device)
    if isinstance(model, nn.Module):
        if settings:
            raise UsageError(f"a module has its own {', '.join(settings)}: leave them out")
        name, network = type(model).__name__, model
    elif isinstance(model, str):
        name = find(model).name
        with torch.device("meta") if pretrained else contextlib.nullcontext():
            network = build(name, classes_num, **settings)
    else:
        raise UsageError(f"model must be the name of a network or an nn.Module, not {model!r}")
    lines, path = [], None
    if pretrained:
        source = name if isinstance(model, str) else default
        path = Path(weights) if weights else fetch(checkpoint_of(source), folder=cache_folder)
        lines.append(f"Checkpoint path: {path}\n")
        load(network, path)
    lines.append("Using CPU.\n" if place == "cpu" else f"Using {place}.\n")
    if place == "cuda":
        lines[-1] = f"GPU number: {torch.cuda.device_count()}\n"
    return Loaded(name, placed(network, place), place, path, tuple(lines))


def placed(network: nn.Module, device: str) -> nn.Module:
    """A network where it is to compute; on 'cuda' inside `DataParallel`.

    Args:
        network: it is moved.
        device: as `resolve` gives it.
    """
    network = network.to(device)
    return nn.DataParallel(network) if device == "cuda" else network


def on_cpu(network: nn.Module) -> nn.Module:
    """The network itself if its weights are on the CPU, else a copy of it there.

    Args:
        network: it stays where it is.
    """
    tensors = [*network.parameters(), *network.buffers()]
    if all(tensor.device.type in ("cpu", "meta") for tensor in tensors):
        return network
    # What `deepcopy` finds in its memo it takes for copied.
    copies = {id(tensor): tensor.detach().cpu() for tensor in tensors}
    memo = {
        id(tensor): nn.Parameter(copies[id(tensor)], tensor.requires_grad)
        if isinstance(tensor, nn.Parameter)
        else copies[id(tensor)]
        for tensor in tensors
    }
    return copy.deepcopy(network, memo)
