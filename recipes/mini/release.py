"""Write the package's weights from the state of a run: its average, calibrated, in half precision.

    python -m recipes.mini.release RUN/checkpoint.pth --shared ../shared

It is calibrated on one half of the sounds that were held out and judged on the other: an output
for which that is no better stays as it was learnt. What the registry's row says is printed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from panns_inference.audioset import labels
from panns_inference.checkpoints import CHECKPOINTS, cached, load
from panns_inference.checkpoints.verification import digest
from panns_inference.models.cost import multi_adds, parameters
from panns_inference.models.mini import PannsMini
from panns_inference.training.distillation.release import write_weights
from panns_inference.training.recipe import read_recipe

from .batches import Batches
from .calibration import fitted, observed, reliability
from .collection import Sounds, joined, read_distill, read_sounds
from .folded import folded, unfolded
from .train import HERE, TABLES, Folders

N_BATCHES = 12


def main() -> None:
    """Read the command line and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("state", type=Path, help="checkpoint.pth of a run")
    parser.add_argument("--shared", type=Path, required=True, help="folder of distill/, wild/, ...")
    parser.add_argument(
        "--cache", type=Path, help="of the run: decoded sounds (default: RUN/cache)"
    )
    packaged = cached(CHECKPOINTS["PannsMini"])
    parser.add_argument("--weights", type=Path, default=packaged, help="the file to write")
    given = parser.parse_args()
    torch.set_num_threads(1)
    network = read_weights(given.state)
    folders, recipe = Folders(given.shared, None), read_recipe(HERE / "recipe.toml", TABLES)
    cache = given.cache or given.state.parent / "cache"
    one, other = (held_out(half, folders, cache, recipe) for half in (0, 1))
    for line in calibrate(network, one, other):
        print(line, flush=True)
    write_weights(network, given.weights)
    for line in row(network, given.weights):
        print(line)


def read_weights(path: Path) -> PannsMini:
    """Return the network in a released file, or the average in the state of a run.

    Args:
        path: the file.
    """
    network = PannsMini(**asdict(PannsMini.published), classes_num=len(labels)).eval()
    held = torch.load(path, map_location="cpu", weights_only=True)
    if "average" not in held:
        return load(network, path)
    trained = folded(network)
    trained.load_state_dict(held["average"])
    return unfolded(trained)


def held_out(half: int, folders: Folders, cache: Path, recipe: dict[str, Any]) -> Batches:
    """Return batches as those of training, of one half of the sources that it never heard.

    Args:
        half: 0 or 1.
        folders: where the sounds lie.
        cache: folder of the decoded ones.
        recipe: tables of the recipe.
    """
    windows = read_distill(folders.distill, "validation")
    windows = half_of(windows, half, [window.name for window in windows.windows])
    unseen = read_sounds(folders.sources, held_out=True)
    unseen = half_of(unseen, half, [window.source for window in unseen.windows])
    return Batches(
        cache,
        folders.weights,
        joined([windows, unseen]),
        replace(recipe["chances"], made=0.0),
        recipe["placing"],
        recipe["kinds"],
        half,
    )


def half_of(sounds: Sounds, half: int, groups: list[str]) -> Sounds:
    """Return the windows of every second group.

    Args:
        sounds: the windows.
        half: 0 or 1.
        groups: of the windows.
    """
    kept = {*sorted({*groups})[half::2]}
    return sounds.chosen(k for k, group in enumerate(groups) if group in kept)


def calibrate(network: PannsMini, learnt: Batches, judge: Batches) -> Iterator[str]:
    """Calibrate both outputs, if that is better for sounds that were not used for it.

    Better means a smaller error, and that .5 is nearer to what the labels say.

    Args:
        network: its last layers change.
        learnt: what it is calibrated on.
        judge: what it is judged on.
    """
    fits, tests = (observed(network, map(each, range(N_BATCHES))) for each in (learnt, judge))
    # The tensors of the state are those of the network.
    state = network.state_dict()
    layers = {"clipwise": "fc_audioset", "framewise": "framewise_head.4"}
    for (name, layer), fit, test in zip(layers.items(), fits, tests, strict=True):
        scaling = fitted(fit)
        before = reliability(*test)
        after = reliability(scaling(test.logits), test.targets)
        yield f"{name} as learnt: {before}"
        yield f"{name} calibrated: {after}"
        if after.error < before.error and abs(after.half - 0.5) < abs(before.half - 0.5):
            scaling.into(state[f"{layer}.weight"], state[f"{layer}.bias"])
        else:
            yield f"{name} stays as learnt"


def row(network: PannsMini, path: Path) -> Iterator[str]:
    """Say what the registry's row of the network says.

    Args:
        network: the network.
        path: its file.
    """
    yield f"parameters {parameters(network)}"
    yield f"multi_adds {multi_adds(network)}"
    yield f"weights_bytes {sum(4 * each.numel() for each in network.state_dict().values())}"
    yield f"size {path.stat().st_size}"
    yield from (f"{kind} {digest(path, kind)}" for kind in ("md5", "sha256"))


if __name__ == "__main__":
    main()
