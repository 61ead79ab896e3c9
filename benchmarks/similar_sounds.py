"""One example finds its class: `python benchmarks/similar_sounds.py ESC10 LeeNet11.pth`.

ESC10 is a folder with a subfolder for each class, here folds 1, 2, 3 and 5 of ESC-10. Each
recording is an example once, and each hit another recording, of the same class or not. The windows
that PannsMini learnt from held these recordings: its figures say how it does with sounds that it
knows.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from report import setting, table, write_section

from panns_inference import AudioTagging
from panns_inference.similar import Block, Kept, keep
from panns_inference.similar.nearest import nearest
from panns_inference.similar.search import task_of_windows

TOP = 10

HOPS = {5.0: 5.0, 3.0: 1.5, 2.0: 1.0, 1.0: 0.5}
"""Length of windows to their hop, in seconds; a recording of ESC-10 is one of 5 s."""


def example(block: Block, number: int) -> NDArray[np.float32]:
    """The direction of a recording, as a search has it: the mean of its windows, (size,)."""
    own = block.recordings == number
    vectors = block.vectors[own]
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)  # zeros are silence
    direction: NDArray[np.float32] = (block.offsets - block.onsets)[own] @ unit
    return direction


def precisions(kept: Kept, *, centred: bool) -> dict[str, float]:
    """Precision at 10 of each class: the mean over its recordings."""
    whole = Block(*map(np.concatenate, zip(*kept.blocks(), strict=True)))
    if centred:
        sounds = whole.vectors.any(axis=1)
        whole = Block(*(column[sounds] for column in whole))
        whole = whole._replace(vectors=whole.vectors - whole.vectors.mean(axis=0))
    classes = [Path(each.filename).parent.name for each in kept.recordings]
    shares = defaultdict(list)
    for number, name in enumerate(classes):
        hits = nearest(example(whole, number), [whole], None, all_windows=True)["recording"]
        others = [each for each in dict.fromkeys(hits.tolist()) if each != number]
        shares[name].append(np.mean([classes[each] == name for each in others[:TOP]]))
    return {name: float(np.mean(each)) for name, each in shares.items()}


def main() -> None:
    """Measure, print the tables, and write them into `RESULTS.md`."""
    parser = argparse.ArgumentParser(description="Measure whether an example finds its class.")
    parser.add_argument("folder", help="with a subfolder for each class")
    parser.add_argument("checkpoints", nargs="*", help="of networks beside PannsMini")
    parser.add_argument("--embeddings", help="where embeddings are kept; default: in the folder")
    given = parser.parse_args()
    networks = [AudioTagging("PannsMini"), *map(AudioTagging, given.checkpoints)]
    by_class: dict[str, dict[str, float]] = {}
    rows = []
    for length, hop in HOPS.items():
        row = [f"{length:g} s"]
        for model in networks:
            task = task_of_windows(model, length, hop)
            kept = keep(task, [given.folder], given.embeddings, on_error="raise")
            found = precisions(kept, centred=False)
            by_class.setdefault(model.name, found)
            means = (found, precisions(kept, centred=True))
            row += [f"{np.mean([*each.values()]):.3f}" for each in means]
        rows.append(row)
    names = [model.name for model in networks]
    heading = [each for name in names for each in (name, f"{name}, less the mean of all")]
    classes = [
        [name.replace("_", " "), *(f"{by_class[network][name]:.3f}" for network in names)]
        for name in sorted(by_class[names[0]])
    ]
    means = ["mean", *(f"{np.mean([*by_class[name].values()]):.3f}" for name in names)]
    body = (
        f"{setting('numpy')} Precision at {TOP}: of the ten other recordings that are nearest to "
        "one, the share that is of its class.\n\n"
        f"{table(('windows of', *heading), rows)}\n\nWith windows of {next(iter(HOPS)):g} s:\n\n"
        f"{table(('class', *names), [*classes, means])}"
    )
    print(body)
    write_section("Similar sounds", body)


if __name__ == "__main__":
    main()
