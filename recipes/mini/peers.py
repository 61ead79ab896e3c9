"""What taggers say of the sounds that were held out: PannsMini's, and its peers', kept in files.

    FOLDER/LeeNet11.npz   FOLDER/teacher.npz   FOLDER/ANYTHING.npz

A file holds probabilities, float32, (waveforms, 527): `windows` and `unseen`, and of the sounds
with a name one for each way in which they are presented. The first two files are made where they
are missing. Any other tagger becomes a peer by a file of its own, from a process in which it runs:
`tagged`, `with_ways` and `write_tagged` are all it needs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from panns_inference.checkpoints import load
from panns_inference.files import atomic_write
from panns_inference.models import Network, build
from panns_inference.training.evaluation import clip_probabilities

from .presentations import AS_IT_IS, Probabilities, Tagger, Waveform, presented
from .teacher import Teacher, read_teacher
from .validation import Validation, sigmoid

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
        shared: folder of the weights of LeeNet11 and of the teacher.
        validation: the sounds that are held out.
    """
    for name, made in (("LeeNet11", _leenet11), ("teacher", _teacher)):
        if not (folder / f"{name}.npz").exists():
            write_tagged(folder / f"{name}.npz", made(shared, validation))
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


def tagger_of(network: Network) -> Tagger:
    """Return the tagger that a network is.

    Args:
        network: in evaluation mode.
    """
    return lambda waveforms: clip_probabilities(network, waveforms)


def _leenet11(shared: Path, validation: Validation) -> Tagged:
    weights = shared / "weights" / "LeeNet11_mAP=0.266.pth"
    tagger = tagger_of(load(build("LeeNet11"), weights).eval())
    return with_ways(tagger, validation, tagged(tagger, validation))


def _teacher(shared: Path, validation: Validation) -> Tagged:
    teacher = read_teacher(shared / "distill" / "teacher" / "mn04_as_mAP_432.pt").fused()
    # What it says of windows as they are is stored.
    windows, unseen = (sigmoid(each.logits) for each in (validation.windows, validation.unseen))
    said: Tagged = {WINDOWS: windows, UNSEEN: unseen, AS_IT_IS: unseen[validation.named]}
    return with_ways(
        lambda waveforms: np.stack([_of_teacher(teacher, each) for each in waveforms]),
        validation,
        said,
    )


def _of_teacher(teacher: Teacher, waveform: Waveform) -> NDArray[np.float32]:
    with torch.inference_mode():
        return np.asarray(teacher(torch.from_numpy(waveform)[None]).logits[0].sigmoid().numpy())
