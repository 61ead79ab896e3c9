"""A trained network as a small file: half precision, without what its settings determine.

The front-end's tensors are computed when a network is built; in a file they would be larger than
the rest of a small network. `checkpoints.load` reads such a file.
"""

from __future__ import annotations

from pathlib import Path

from ...models import Network
from ..checkpoint import save


def write_weights(network: Network, path: str | Path) -> None:
    """Write a checkpoint, `{"model": state dict}`.

    Args:
        network: its weights are rounded to half precision.
        path: the file; an older one is replaced.
    """
    computed = network.computed_state()
    state = {
        name: value.half() if value.is_floating_point() else value
        for name, value in network.state_dict().items()
        if name not in computed
    }
    save({"model": state}, path)
