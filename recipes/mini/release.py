"""Write the package's weights from the state of a run: its average, in half precision.

python -m recipes.mini.release RUN/state.pt
"""

from __future__ import annotations

import argparse
from pathlib import Path

from panns_inference.checkpoints import CHECKPOINTS, cached
from panns_inference.errors import CheckpointError
from panns_inference.models.mini import PannsMini
from panns_inference.training.checkpoint import restore
from panns_inference.training.release import write_weights


def main() -> None:
    """Read the command line and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("state", type=Path, help="state.pt of a run")
    packaged = cached(CHECKPOINTS["PannsMini"])
    parser.add_argument("--weights", type=Path, default=packaged, help="the file to write")
    given = parser.parse_args()
    state = restore(given.state)
    if state is None:
        raise CheckpointError(f"{given.state}: no such file; `recipes.mini.train` writes one")
    network = PannsMini(32000, 1024, 320, 64, 50, 14000, 527)
    network.load_state_dict(state["average"])
    write_weights(network, given.weights)
    size = given.weights.stat().st_size
    print(f"{given.weights}: step {state['step']}, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
