"""Loading weights onto a network, and identifying the network that weights are for."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..errors import CheckpointError, CheckpointWarning
from ..registry import NETWORKS
from ..terminal import printable
from ..warning import warn
from .cache import PACKAGED
from .check_records import Signature, record, recorded, signature
from .layout import layout, unusable
from .matching import matching_networks, mismatch, not_finite
from .state import read_state
from .verification import recognise

if TYPE_CHECKING:
    from torch import Tensor, nn

    from ..models import Network

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
            but another head.
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
    _warn_of_another_head(network, path)
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


def identify(path: str | os.PathLike[str], output: str = "clipwise_output") -> str:
    """Return the name of the network that a checkpoint is for.

    A published file is known by its name or its checksum, any other by its keys and shapes; where
    those fit several networks, the plainest that gives an output is named.

    Args:
        path: the checkpoint.
        output: name of the output, which all networks have by default.

    Raises:
        CheckpointError: if the file holds no weights, or fits no network.
    """
    path = Path(path)
    if published := recognise(path):
        return published.name
    state = read_state(path)
    names, able = itertools.tee(matching_networks(state))
    if (plainest := next(names, None)) is not None:
        return next((name for name in able if output in NETWORKS[name].output_names), plainest)
    keys = printable(", ".join([*state][:3]))
    raise CheckpointError(
        f"{path} fits no network: it holds {len(state)} tensors ({keys}, "
        "...); a network with a front-end or a head of your own has to be given with it"
    )


def _warn_of_another_head(network: nn.Module, path: Path) -> None:
    from ..models import Network, network_class

    if not isinstance(network, Network) or (published := recognise(path)) is None:
        return
    if _head(type(network)) != _head(network_class(published.name)):
        warn(
            f"{path} holds the weights of {published.name}: {type(network).__name__} has the same "
            "keys, but what it makes of them are not its probabilities",
            CheckpointWarning,
        )


def _head(network: type[Network]) -> tuple[object, ...]:
    """Return the functions that turn the features of a network into its outputs."""
    deciding = (network.segmentwise, network.conclude, getattr(network, "decide", None))
    return *deciding, network.statistics_of
