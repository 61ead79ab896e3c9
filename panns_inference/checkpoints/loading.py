"""Loading weights onto a network."""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..errors import CheckpointError, CheckpointWarning, UsageError
from ..warning import warn
from .cache import PACKAGED
from .check_records import record, recorded
from .identity import warn_of_another_network
from .layout import unusable
from .matching import completed, head_keys, mismatch, not_finite
from .opening import Opened, read
from .unwrapping import Reading

if TYPE_CHECKING:
    from torch import Tensor, nn

N = TypeVar("N", bound="nn.Module")

LOG = logging.getLogger("panns_inference")


def load(network: N, path: str | os.PathLike[str], *, new_head: bool = False) -> N:
    """Put the weights of a file onto a network, all of them or none.

    Args:
        network: any module. One that was built on the meta device gets memory, on the CPU;
            another one keeps its device and the type of its parameters.
        path: the checkpoint, as `read_state` takes it; it is only read, and may be replaced
            afterwards. It may leave out the tensors of the front-end, all of them: they follow
            from the network's settings.
        new_head: whether the layers whose shape follows from the number of classes keep the values
            that they have: the file may then be for other classes, to be trained further.

    Returns:
        The same network.

    Raises:
        CheckpointError: if the file holds no weights, their keys, shapes or types are not those
            of the network, or a value is not finite: then the network is as it was.
        UsageError: if the file needs a package that is not installed, or a network on the meta
            device is to keep its last layers.

    Warns:
        CheckpointWarning: if the file is a published one of a network that has the same keys,
            but another head or front-end; and with `new_head`, of what keeps its values.
    """
    path = Path(path)
    if not new_head and (own := _packaged(network, path)):
        network.load_state_dict(own, assign=_on_meta(network))
        return network
    return put(network, read(path), new_head=new_head)


def put(network: N, opened: Opened, *, new_head: bool = False) -> N:
    """Put weights that were read onto a network, as `load` does.

    Args:
        network: as there.
        opened: of a file.
        new_head: as there.
    """
    reading = opened.reading(network)
    state = completed(network, reading.state)
    if new_head:
        state = _with_head_of(network, state, opened.path)
    on_meta = _on_meta(network)
    if problems := mismatch(network, state):
        name = type(network).__name__
        raise CheckpointError(f"{opened.path} does not fit {name}:", *problems)
    activation = None if new_head else _activation(network, opened, reading)
    is_whole = not new_head and opened.n_tensors == len(reading.state)
    own = _finite(network, state, opened, is_whole)
    network.load_state_dict(own, assign=on_meta)
    if activation:
        network.activation = activation  # type: ignore[assignment]
    if reading.note:
        LOG.info("%s: %s", opened.path, reading.note)
    return network


def _on_meta(network: nn.Module) -> bool:
    return any(tensor.is_meta for tensor in network.state_dict().values())


def _packaged(network: nn.Module, path: Path) -> dict[str, Tensor] | None:
    """Return weights that come with the package, for the network that they are for; else None.

    Nobody writes to such a file. Where it does not fit, all that is checked of others says why.
    """
    import torch

    from ..models import network_class

    if path.parent != PACKAGED or type(network) is not network_class(path.stem):
        return None
    expected = network.state_dict()
    with contextlib.suppress(Exception):  # a damaged file fails anywhere in the unpickler
        state = torch.load(path, map_location="cpu", weights_only=True)["model"]
        state = {**network.computed_state(), **state}
        if {k: v.shape for k, v in state.items()} == {k: v.shape for k, v in expected.items()}:
            return {key: value.to(expected[key].dtype) for key, value in state.items()}
    return None


def _with_head_of(network: nn.Module, state: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    """Return the weights, with those of the network's own last layers."""
    own = network.state_dict()
    new = head_keys(own)
    if any(own[key].is_meta for key in new):
        raise UsageError("a network on the meta device has no last layer to keep: build it outside")
    warn(
        f"new in {type(network).__name__}, to be trained before its probabilities mean anything: "
        f"{', '.join(new)}; all else is from {path}",
        CheckpointWarning,
    )
    trunk = {key: value for key, value in state.items() if key not in new}
    return {**trunk, **{key: own[key].detach().cpu() for key in new}}


def _activation(network: nn.Module, opened: Opened, reading: Reading) -> str | None:
    """Return what makes probabilities of the last layer; None for a module of somebody's own."""
    from ..models import Network

    if not isinstance(network, Network):
        return None
    stated = opened.description
    activation = stated.activation if stated else reading.activation
    if activation != "sigmoid" and "framewise_output" in network.output_names:
        raise CheckpointError(
            f"{opened.path} has a last layer with a {activation} over a clip, and "
            f"{type(network).__name__} decides for each segment: give a network that tags clips"
        )
    return activation


def _finite(
    network: nn.Module, state: dict[str, Tensor], opened: Opened, is_whole: bool
) -> dict[str, Tensor]:
    """Return weights in the network's own types; refuse NaN and infinity.

    The values of a file are looked at once, if all of them are taken.
    """
    path, expected = opened.path, network.state_dict()
    warn_of_another_network(network, path)
    # Mapped memory is copied: a network must not hang on a file that may be written anew.
    copied = _on_meta(network) and opened.mapped
    # In the network's own types: what is finite in float64 may not be in float32.
    # Detached: a file may hold parameters where the network has buffers.
    plain = ((key, tensor.detach()) for key, tensor in state.items())
    entries = ((key, tensor.to(expected[key].dtype, copy=copied)) for key, tensor in plain)
    types = " ".join(sorted({str(value.dtype) for value in expected.values()}))
    if recorded(path).get("finite") == types:
        return dict(entries)
    converted: dict[str, Tensor] = {}
    # Each is checked as soon as it is converted, while the processor's caches still hold it.
    if problem := not_finite((key, converted.setdefault(key, value)) for key, value in entries):
        raise unusable(path, problem)
    if is_whole:
        record(path, opened.seen, finite=types)
    return converted
