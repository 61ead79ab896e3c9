"""Arguments that go on to a network, and what is said of those that nothing takes."""

from __future__ import annotations

import difflib
import inspect
import os
import reprlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypedDict, TypeGuard

from .errors import ArgumentError, UsageError
from .wording import either

WEIGHTS = (".pth", ".pt", ".ckpt", ".safetensors")
"""What names of files of weights end in."""


class FrontEndSettings(TypedDict, total=False):
    """Settings of the front-end of a network; without them it has its published ones."""

    sample_rate: int
    window_size: int
    hop_size: int
    mel_bins: int
    fmin: float
    fmax: float


class NetworkSettings(FrontEndSettings, total=False):
    """Settings of networks; the last one is of those that decide for each segment."""

    interpolate_mode: str


def unknown_argument(
    given: Iterable[str], call: Callable[..., Any], *others: Callable[..., Any]
) -> ArgumentError:
    """Return the error for arguments that a call does not have.

    Args:
        given: their names.
        call: what was called.
        others: calls whose arguments may be meant; of two that have one, the later counts.
    """
    name = next(iter(given))
    known = arguments_of(call)
    meant = difflib.get_close_matches(name, known)
    if not meant:
        owners = {each: other.__name__ for other in others for each in arguments_of(other)}
        nearest = difflib.get_close_matches(name, owners, n=1, cutoff=0.7)
        meant = [f"{each}= of {owners[each]}()" for each in nearest]
    advice = f"did you mean {either(meant)}?" if meant else f"it has {', '.join(known)}"
    return ArgumentError(f"{call.__name__}() has no argument {name!r}; {advice}")


def arguments_of(call: Callable[..., Any]) -> list[str]:
    """Return the names of the arguments of a call.

    Args:
        call: function, method or class.
    """
    names: list[str] = []
    for each in inspect.signature(call).parameters.values():
        if each.kind is not inspect.Parameter.VAR_KEYWORD:
            names.append(each.name)
        elif each.name == "settings":
            names += NetworkSettings.__annotations__
    return [*dict.fromkeys(name for name in names if name != "self")]


def labels_of(given: Any) -> list[str] | None:
    """Return names of classes that were given as an argument; None for none.

    Args:
        given: names in the order of the classes.

    Raises:
        UsageError: for anything else.
    """
    if given is None:
        return None
    if isinstance(given, (str, os.PathLike, Mapping)) or not isinstance(given, Iterable):
        values = ": give list(labels.values())" if isinstance(given, Mapping) else ""
        raise UsageError(
            "labels are the names of the classes in their order, such as ['speech', 'music'], not "
            f"{type(given).__name__} {reprlib.repr(given)}{values}"
        )
    labels = list(given)
    if not labels or not all(isinstance(label, str) for label in labels):
        raise UsageError(f"labels are names of one class or more, not {reprlib.repr(labels)}")
    return labels


def is_weights(model: object) -> TypeGuard[str | os.PathLike[str]]:
    """Return whether what is given for a network is the name of a file of weights.

    Args:
        model: anything.
    """
    return isinstance(model, str | os.PathLike) and os.fspath(model).endswith(WEIGHTS)
