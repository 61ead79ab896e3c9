"""Print the figures of PannsMini that the model card gives.

    python -m recipes.mini.evaluate --shared ../shared [--weights FILE] [--peers] [--against FILE]

Without --weights the packaged ones are judged; FILE is a released file or the state of a run. All
that is judged was held out of training, but for ESC-10 (audio trained on, labels not used).
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from panns_inference.audioset import labels
from panns_inference.checkpoints import CHECKPOINTS, cached
from panns_inference.models.mini import PannsMini
from panns_inference.registry import NETWORKS
from panns_inference.training.distillation.evaluation import average_precision, clip_probabilities
from panns_inference.training.distillation.recordings import Recordings, decode

from .collection import prepare, read_distill, read_sounds
from .comparison import compared, compared_counts
from .detection import Collection, heard, scores, summed
from .detection_figures import RULES, by_threshold, chosen, judged
from .false_events import false_events, stretches
from .folded import folded
from .peers import WEIGHTS, Tagged, peer, peers, read_tagged, tagged, tagger_of, with_ways
from .presentations import Tagger
from .release import read_weights
from .sounds import SAMPLE_RATE
from .soundscapes import indices, read_soundscape, soundscapes
from .tagging_figures import by_source, sizes, tagging
from .train import Folders
from .validation import Validation

N_SOUNDSCAPES = 50
SEED = 1
MOST_NAMED = 6
"""Classes of false events that are named."""


def main() -> None:
    """Read the command line and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, required=True, help="folder of distill/, wild/, ...")
    packaged = cached(CHECKPOINTS["PannsMini"])
    parser.add_argument("--weights", type=Path, default=packaged, help="or the state of a run")
    parser.add_argument("--cache", type=Path, help="folder of decoded recordings, and of peers")
    parser.add_argument("--peers", action="store_true", help="peers, and ways to present sounds")
    parser.add_argument("--against", type=Path, help="weights, or a peer's file, to compare with")
    parser.add_argument("--method", help="of find_events, if not its default")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.set_flush_denormal(True)
    with tempfile.TemporaryDirectory() as scratch:
        for line in figures(given, given.cache or Path(scratch)):
            print(line, flush=True)


def figures(given: argparse.Namespace, cache: Path) -> Iterator[str]:
    """All figures that are wanted.

    Args:
        given: what the command line says.
        cache: folder of decoded recordings, and of peers.
    """
    # Without norms it computes the same faster.
    network = folded(read_weights(given.weights))
    rules = {"method": given.method} if given.method else {}
    validation = read_validation(given.shared, cache)
    yield from sizes(validation)
    tagger = tagger_of(network)
    said = tagged(tagger, validation)
    if given.peers:
        said = with_ways(tagger, validation, said)
    yield from tagging("PannsMini", said, validation)
    yield from by_source(said, validation)
    yield from zero_shot(tagger, given.shared)
    yield from example(network, given.shared)
    yield from false(network, validation, rules)
    collections = read_collections(given.shared, validation)
    yield from events(network, collections, rules)
    if given.peers:
        for name, each in peers(cache / "peers", given.shared, validation).items():
            yield from tagging(name, each, validation)
        for name in WEIGHTS:
            yield f"{name}:"
            yield from zero_shot(tagger_of(peer(name, given.shared)), given.shared)
    if given.against:
        yield from against(network, said, given.against, validation, collections, rules)


def read_validation(shared: Path, cache: Path) -> Validation:
    """Return the sounds that are held out.

    Args:
        shared: folder of the recordings.
        cache: folder of the decoded ones, filled if need be.
    """
    folders = Folders(shared, None)
    windows = read_distill(folders.distill, "validation")
    unseen = read_sounds(folders.sources, held_out=True)
    prepare((windows, unseen), folders.distill, folders.sources, cache / "real")
    return Validation(Recordings(cache / "real"), windows, unseen)


def read_collections(shared: Path, validation: Validation) -> dict[str, Collection]:
    """Return the soundscapes: one half, the other half, and that of ESC-10.

    Args:
        shared: folder of the recordings.
        validation: the sounds that are held out.
    """
    sounds = (validation.recordings, validation.windows, validation.unseen)
    made = soundscapes(*sounds, N_SOUNDSCAPES, SEED)
    halves = {"first half": slice(0, None, 2), "second half": slice(1, None, 2)}
    found = {
        name: Collection(made.soundscapes[half], made.columns) for name, half in halves.items()
    }
    return found | {"soundscape_120s": read_soundscape(shared / "audio")}


def zero_shot(tagger: Tagger, shared: Path) -> Iterator[str]:
    """ESC-10, each class scored by the largest probability of its labels.

    Args:
        tagger: waveforms to probabilities.
        shared: folder of the recordings.
    """
    esc10 = shared / "audio" / "esc10"
    with (esc10 / "esc10.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = {row["class"]: indices(row["audioset_indices"]) for row in rows}
    found = tagger([decode(esc10 / row["path"], SAMPLE_RATE) for row in rows])
    scored = np.stack([found[:, k].max(axis=1) for k in columns.values()], axis=1)
    truth = np.asarray([[row["class"] == name for name in columns] for row in rows])
    right = truth[np.arange(len(rows)), scored.argmax(axis=1)].mean()
    precision = np.mean([average_precision(truth[:, k], scored[:, k]) for k in range(len(columns))])
    yield (
        f"ESC-10 zero-shot: {len(rows)} clips (audio trained on), "
        f"top-1 {right:.3f}, mAP {precision:.3f}"
    )


def example(network: PannsMini, shared: Path) -> Iterator[str]:
    """The reference's example.

    Args:
        network: in evaluation mode.
        shared: folder of the recordings.
    """
    waveform = decode(shared / "audio" / "R9_ZSCveAHg_7s.wav", SAMPLE_RATE)
    [probabilities] = clip_probabilities(network, [waveform])
    first = np.argsort(-probabilities)[:5]
    tags = ", ".join(f"{labels[k]} {probabilities[k]:.3f}" for k in first)
    yield f"R9_ZSCveAHg_7s.wav: {tags}"


def events(
    network: PannsMini, collections: dict[str, Collection], rules: dict[str, Any]
) -> Iterator[str]:
    """Events of soundscapes: by threshold, and with rules that the first half of them chose.

    Args:
        network: in evaluation mode.
        collections: the first one chooses.
        rules: those of `find_events` that are given.
    """
    found = {name: (heard(network, each), [*each.columns]) for name, each in collections.items()}
    first, *others = found
    for name, (probabilities, of) in found.items():
        yield f"{name}: {sum(len(each.soundscape.sounds) for each in probabilities)} sounds"
        yield from by_threshold(probabilities, of, **rules)
    # The other rules are those of the default method.
    names = [*RULES][:1] if rules else [*RULES]
    for choice in [chosen(*found[first], name, **rules) for name in names]:
        for name in (first, *others):
            yield judged(name, choice, summed(scores(*found[name], **choice.rules)))


def false(network: PannsMini, validation: Validation, rules: dict[str, Any]) -> Iterator[str]:
    """False events in five minutes, at the default threshold of `detect`.

    Args:
        network: in evaluation mode.
        validation: the sounds that are held out.
        rules: those of `find_events` that are given.
    """
    threshold = NETWORKS["PannsMini"].threshold
    of_kinds = stretches(validation.recordings, validation.windows, validation.unseen)
    for kind, stretch in of_kinds.items():
        found = false_events(network, stretch, threshold=threshold, **rules)
        most = ", ".join(f"{label} {count}" for label, count in found.most_common(MOST_NAMED))
        yield f"false events in 300 s of {kind}: {found.total()} {f'({most})' if most else ''}"


def against(
    network: PannsMini,
    said: Tagged,
    other: Path,
    validation: Validation,
    collections: dict[str, Collection],
    rules: dict[str, Any],
) -> Iterator[str]:
    """What is better or worse than another by more than chance.

    Args:
        network: in evaluation mode.
        said: what it says.
        other: weights, or the file of a peer.
        validation: the sounds that are held out.
        collections: the soundscapes, if the other detects.
        rules: those of `find_events` that are given.
    """
    yield f"against {other.name}, with an interval of 95 %:"
    if other.suffix == ".npz":
        yield from compared(said, read_tagged(other), validation)
        return
    rival = folded(read_weights(other))
    yield from compared(said, tagged(tagger_of(rival), validation), validation)
    for name, each in collections.items():
        ours, theirs = (
            [one.events for one in scores(heard(net, each), [*each.columns], **rules)]
            for net in (network, rival)
        )
        yield compared_counts(f"{name}, event F1", ours, theirs)


if __name__ == "__main__":
    main()
