"""What taggers say of the sounds that were held out: PannsMini's, and its peers', kept in files.

    FOLDER/LeeNet11.npz   FOLDER/mn04_as.npz   FOLDER/ANYTHING.npz

A file holds probabilities, float32, (waveforms, 527): `windows` and `unseen`, and of the sounds
with a name one for each way in which they are presented. The first two files are made where they
are missing. Any other tagger becomes a peer by a file of its own, from a process in which it runs:
`tagged`, `with_ways` and `write_tagged` are all it needs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from panns_inference.checkpoints import load
from panns_inference.files import atomic_write
from panns_inference.models import Network, build
from panns_inference.training.distillation.evaluation import clip_probabilities

from .presentations import AS_IT_IS, Probabilities, Tagger, presented
from .validation import Validation

WEIGHTS = {
    "mn04_as": Path("distill/teacher/mn04_as_mAP_432.pt"),
    "LeeNet11": Path("weights/LeeNet11_mAP=0.266.pth"),
}
"""Networks whose weights are at hand: where these are in the shared folder."""

WINDOWS, UNSEEN = "windows", "unseen"
Tagged = dict[str, Probabilities]


def tagged(tagger: Tagger, validation: Validation) -> Tagged:
    """Return what a tagger says of sounds as they are.

    Args:
        tagger: waveforms to probabilities.
        validation: the sounds that are held out.
    """
    windows = tagger(validation.waveforms(validation.windows))
    unseen = tagger(validation.waveforms(validation.unseen))
    return {WINDOWS: windows, UNSEEN: unseen, AS_IT_IS: unseen[validation.named]}


def with_ways(tagger: Tagger, validation: Validation, said: Tagged) -> Tagged:
    """Return what it says of them in all other ways, too.

    Args:
        tagger: waveforms to probabilities.
        validation: the sounds that are held out.
        said: what `tagged` returned.
    """
    named = validation.unseen.chosen(validation.named)
    return {**said, **presented(tagger, validation.waveforms(named), said[AS_IT_IS])}


def peers(folder: Path, shared: Path, validation: Validation) -> dict[str, Tagged]:
    """Return what all peers say, by their names.

    Args:
        folder: of the files.
        shared: folder of their weights.
        validation: the sounds that are held out.
    """
    for name in WEIGHTS:
        if not (folder / f"{name}.npz").exists():
            tagger = tagger_of(peer(name, shared))
            said = with_ways(tagger, validation, tagged(tagger, validation))
            write_tagged(folder / f"{name}.npz", said)
    return {path.stem: read_tagged(path) for path in sorted(folder.glob("*.npz"))}


def write_tagged(path: Path, said: Tagged) -> None:
    """Write a file of a peer.

    Args:
        path: the file.
        said: what `tagged` returned.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {name: values.astype(np.float32) for name, values in said.items()}
    with atomic_write(path, binary=True) as file:
        np.savez(file, **arrays)


def read_tagged(path: Path) -> Tagged:
    """Return what a file of a peer holds.

    Args:
        path: the file.
    """
    with np.load(path) as file:
        return dict(file)


def peer(name: str, shared: Path) -> Network:
    """Return a network with its weights, in evaluation mode.

    Args:
        name: of it, in `WEIGHTS`.
        shared: folder of the weights.
    """
    return load(build(name), shared / WEIGHTS[name]).eval()


def tagger_of(network: Network) -> Tagger:
    """Return the tagger that a network is.

    Args:
        network: in evaluation mode.
    """
    return lambda waveforms: clip_probabilities(network, waveforms)
