"""The state of what takes a recording block by block: all that it needs to go on later.

Arrays by name and no objects, as `numpy.savez` holds them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

State = dict[str, NDArray[np.generic]]
"""What an accumulator returns."""

SavedState = Mapping[str, NDArray[np.generic]]
"""The same, read from a file; an empty one, or none, stands for the beginning of a recording."""


def nested(states: Mapping[str, SavedState]) -> State:
    """Return one state that holds several.

    Args:
        states: by name.
    """
    return {f"{key}/{name}": v for key, state in states.items() for name, v in state.items()}


def inner(state: SavedState, key: str) -> State:
    """Return one of the states that `nested` combined; empty if there is none of that name.

    Args:
        state: what `nested` returned.
        key: its name.
    """
    prefix = f"{key}/"
    return {name.removeprefix(prefix): v for name, v in state.items() if name.startswith(prefix)}
