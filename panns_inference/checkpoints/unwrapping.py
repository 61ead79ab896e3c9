"""The state dict in what a file holds: under which keys it lies, and behind which prefixes.

    {"state_dict": {"model.fc1.bias": ...}}    Lightning
    {"model": {"module._orig_mod.fc1.bias": ...}}    torch.compile in DistributedDataParallel
    {"model": {"base.fc1.bias": ..., "fc_transfer.bias": ...}}    the reference's template

A state dict can often be read in several ways: with its prefixes, and without. What it is meant for
decides: a network of one's own may have a part that is called `net`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import CheckpointError
from ..terminal import printable
from .layout import unusable

if TYPE_CHECKING:
    from torch import Tensor

KEYS = ("model", "state_dict", "model_state_dict", "net", "network", "ema")
"""Under which state dicts lie in files."""

PREFIXES = ("module.", "model.", "net.", "base.", "_orig_mod.")
"""What is put in front of all keys by DataParallel, Lightning, templates, and torch.compile."""

COUNTER = "n_averaged"
"""What torch's `AveragedModel` has beside the network."""

PLAIN = ((), ("model",), ("state_dict",))
"""Keys and prefixes of which nobody needs to be note."""

BASE, TRANSFERRED = "base.", "fc_transfer."
"""In the reference's template for fine-tuning: the network, and the layer on its embedding."""

HEAD = "fc_audioset."
"""The layer of the network that the template leaves unused."""

DEPTH = 3
"""Keys behind one another under which a state dict is looked for."""

MOST_WRAPPINGS = 16
"""Keys and prefixes that are taken off: more than any program leaves."""


@dataclass(frozen=True)
class Reading:
    """One way to read a state dict.

    Attributes:
        state: the weights by key.
        wrapping: keys and prefixes that were taken off, from the outside in.
        activation: what makes probabilities of its last layer, 'sigmoid' or 'softmax'.
    """

    state: dict[str, Tensor]
    wrapping: tuple[str, ...] = ()
    activation: str = "sigmoid"

    @property
    def note(self) -> str:
        """What was taken off, in words; nothing if that is as everywhere."""
        if self.wrapping in PLAIN:
            return ""
        names = " in ".join(repr(printable(name)) for name in reversed(self.wrapping))
        softmax = "; its last layer is fc_transfer, with a softmax" * (self.activation != "sigmoid")
        return f"its weights lie in {names}{softmax}"


def readings(loaded: Any, path: Path) -> list[list[Reading]]:
    """Return the ways to read each of the state dicts in a file, from the outside in.

    Args:
        loaded: what the file holds.
        path: the file.

    Raises:
        CheckpointError: if there is none, or one with tensors whose values do not lie in memory.
    """
    found = list(_state_dicts(loaded, ()))
    if not found:
        keys = ""
        if isinstance(loaded, Mapping) and loaded:
            keys = f" with {', '.join(map(repr, list(loaded)[:6]))}"
        raise unusable(path, f"holds no state dict, but a {type(loaded).__name__}{keys}")
    for each in found:
        if odd := {key: kind for key, value in each.state.items() if (kind := _odd(value))}:
            key, kind = next(iter(odd.items()))
            more = f" and {len(odd) - 1} more" if len(odd) > 1 else ""
            raise unusable(path, f"holds {kind} in {key!r}{more}, where plain tensors belong")
    return [list(_unwrapped(each)) for each in found]


def the_one(fitting: list[Reading], path: Path) -> Reading:
    """Return the only reading, or the first if all of them hold the same values.

    Args:
        fitting: those that are possible, one of each state dict.
        path: the file.

    Raises:
        CheckpointError: if some differ.
    """
    first, *others = fitting
    if all(_equal(first.state, other.state) for other in others):
        return first
    places = ", ".join(repr(printable(".".join(each.wrapping))) for each in fitting)
    raise CheckpointError(
        f"{path} holds weights that differ in {places}: save those that are meant to a file alone"
    )


def _state_dicts(loaded: Any, keys: tuple[str, ...]) -> Iterator[Reading]:
    if not isinstance(loaded, Mapping) or not loaded:
        return
    if all(_is_entry(*item) for item in loaded.items()):
        yield Reading(dict(loaded), keys)
    elif len(keys) < DEPTH:
        for key in KEYS:
            yield from _state_dicts(loaded.get(key), (*keys, key))


def _unwrapped(reading: Reading) -> Iterator[Reading]:
    """Yield a reading, and what it is with one prefix after the other taken off."""
    yield reading
    while len(reading.wrapping) < MOST_WRAPPINGS and (shorter := _without_prefix(reading)):
        yield (reading := shorter)
    if transferred := _transferred(reading.state):
        wrapping = (*reading.wrapping, BASE)
        yield Reading(transferred, wrapping, "softmax")


def _without_prefix(reading: Reading) -> Reading | None:
    state = {key: value for key, value in reading.state.items() if key != COUNTER}
    for prefix in PREFIXES if state else ():
        if all(key.startswith(prefix) for key in state):
            shorter = {key.removeprefix(prefix): value for key, value in state.items()}
            return Reading(shorter, (*reading.wrapping, prefix))
    return None


def _transferred(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights of a network whose last layer is that of the template; else none."""
    names = {
        f"{layer}{part}" for layer in (TRANSFERRED, BASE + HEAD) for part in ("weight", "bias")
    }
    others = state.keys() - names
    if not others or not names <= state.keys() or not all(key.startswith(BASE) for key in others):
        return {}
    pairs = ((key, _place(key)) for key in state if not key.startswith(BASE + HEAD))
    return {place: state[key] for key, place in pairs}


def _place(key: str) -> str:
    return HEAD + key.removeprefix(TRANSFERRED) if key.startswith(TRANSFERRED) else key[len(BASE) :]


def _equal(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    import torch

    return first.keys() == second.keys() and all(
        torch.equal(value, second[key]) for key, value in first.items()
    )


def _is_entry(key: Any, value: Any) -> bool:
    from torch import Tensor

    return isinstance(key, str) and isinstance(value, Tensor)


def _odd(value: Tensor) -> str:
    """Return the kind of a tensor whose values do not simply lie in memory; else nothing."""
    import torch

    kinds = {
        "a nested tensor": value.is_nested,
        "a quantised tensor": value.is_quantized,
        "a tensor without values, on the meta device,": value.is_meta,
        f"a tensor of layout {value.layout}": value.layout != torch.strided,
        f"a tensor on {value.device}": value.device.type != "cpu",
    }
    return next((kind for kind, is_so in kinds.items() if is_so), "")
