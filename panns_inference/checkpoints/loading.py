"""Loading weights onto a network."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..errors import CheckpointError
from .cache import PACKAGED
from .check_records import Signature, record, recorded, signature
from .identity import warn_of_another_network
from .layout import layout, unusable
from .matching import mismatch, not_finite
from .state import read_state

if TYPE_CHECKING:
    from torch import Tensor, nn

N = TypeVar("N", bound="nn.Module")


def load(network: N, path: str | os.PathLike[str]) -> N:
    """Put the weights of a file onto a network, all of them or none.

    Args:
        network: any module. One that was built on the meta device gets memory, on the CPU;
            another one keeps its device and the type of its parameters.
        path: the checkpoint; it is only read, and may be replaced afterwards. It may leave out
            the tensors of the front-end, all of them: they follow from the network's settings.

    Returns:
        The same network.

    Raises:
        CheckpointError: if the file holds no weights, their keys, shapes or types are not those
            of the network, or a value is not finite: then the network is as it was.

    Warns:
        CheckpointWarning: if the file is a published one of a network that has the same keys,
            but another head or front-end.
    """
    path = Path(path)
    on_meta = any(tensor.is_meta for tensor in network.state_dict().values())
    own = _packaged(network, path) or _checked(network, path, on_meta)
    network.load_state_dict(own, assign=on_meta)
    return network


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


def _checked(network: nn.Module, path: Path, on_meta: bool) -> dict[str, Tensor]:
    """Return the weights of a file in the network's own types, if they fit it."""
    mapped = layout(path) == "zip"  # and says what is wrong with what is no file at all
    seen = signature(path)
    state = _completed(network, read_state(path))
    if problems := mismatch(network, state):
        raise CheckpointError(f"{path} does not fit {type(network).__name__}:", *problems)
    warn_of_another_network(network, path)
    expected = network.state_dict()
    # Mapped memory is copied: a network must not hang on a file that may be written anew.
    copied = on_meta and mapped
    # In the network's own types: what is finite in float64 may not be in float32.
    # Detached: a file may hold parameters where the network has buffers.
    plain = ((key, tensor.detach()) for key, tensor in state.items())
    entries = ((key, tensor.to(expected[key].dtype, copy=copied)) for key, tensor in plain)
    types = " ".join(sorted({str(value.dtype) for value in expected.values()}))
    return _finite(entries, types, path, seen)


def _finite(
    entries: Iterator[tuple[str, Tensor]], types: str, path: Path, seen: Signature
) -> dict[str, Tensor]:
    """Return the weights; refuse NaN and infinity, of which a file is checked once."""
    if recorded(path).get("finite") == types:
        return dict(entries)
    state: dict[str, Tensor] = {}
    # Each is checked as soon as it is converted, while the processor's caches still hold it.
    if problem := not_finite((key, state.setdefault(key, value)) for key, value in entries):
        raise unusable(path, problem)
    record(path, seen, finite=types)
    return state


def _completed(network: nn.Module, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights, with what follows from the settings if the file leaves just that out."""
    from ..models import Network

    missing = network.state_dict().keys() - state.keys()
    if not missing or not isinstance(network, Network):
        return state
    computed = network.computed_state()
    return {**computed, **state} if missing == computed.keys() else state
