"""The registry: what each network is, what it costs and gives, and the file of its weights.

One more network is its class in `models` and its row in `registry.csv`, which is all that
other modules know of it. Nothing here imports torch: listing the networks takes no second.

| column                                    | meaning                                            |
|-------------------------------------------|----------------------------------------------------|
| `name`, `module`                          | of its class, and where in `models` that is        |
| `sample_rate`, `output_names`             | of its waveforms in Hz; what it gives              |
| `min_clip`                                | seconds to which shorter clips are padded for tags |
| `threshold`                               | probability from which on there is an event        |
| `parameters`, `multi_adds`                | trained ones; multiply-adds for 10 s               |
| `weights_bytes`                           | size of its weights in float32                     |
| `source`                                  | key of `SOURCES`; empty if no weights are published |
| `file`, `size`, `md5`, `sha256`           | of the published weights, as far as they are known |
| `mean_average_precision`                  | published, on the evaluation set of AudioSet       |
| `legacy_file`                             | name that panns-inference 0.1 gave the file        |
| `slide_window`, `slide_hop`               | seconds for `detect`, where they were measured     |
| `event_f1`                                | of `detect`, where it was measured                 |
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from .errors import UsageError
from .names import closest

__all__ = [
    "CHECKPOINTS",
    "NETWORKS",
    "SOURCES",
    "Checkpoint",
    "Entry",
    "Source",
    "checkpoint_named",
    "checkpoint_of",
    "find",
]

TABLE = Path(__file__).with_suffix(".csv")

DEFAULT_THRESHOLD = 0.5
"""Probability from which on there is an event, for networks of which nothing is known."""

METHODS = ("threshold", "boxes")
"""How events are found; the first, for networks of which nothing is known."""


@dataclass(frozen=True)
class Source:
    """A source of files of weights, and its terms.

    Attributes:
        address: of a file, with `{file}` for its name; empty for files in the package.
        licence: of the weights.
        citation: whom to name when they are used.
    """

    address: str
    licence: str
    citation: str = ""


SOURCES: dict[str, Source] = {
    "package": Source("", "MIT"),
    "zenodo": Source(
        "https://zenodo.org/record/3987831/files/{file}?download=1",
        "CC BY 4.0",
        "Q. Kong, Y. Cao, T. Iqbal, Y. Wang, W. Wang, M. D. Plumbley: PANNs: Large-Scale "
        "Pretrained Audio Neural Networks for Audio Pattern Recognition. IEEE/ACM Transactions on "
        "Audio, Speech, and Language Processing 28 (2020), 2880-2894.",
    ),
    "efficientat": Source(
        "https://github.com/fschmid56/EfficientAT/releases/download/v0.0.1/{file}",
        "MIT",
        "F. Schmid, K. Koutini, G. Widmer: Efficient Large-Scale Audio Tagging via "
        "Transformer-to-CNN Knowledge Distillation. ICASSP 2023.",
    ),
}
"""The sources of the files, by the name that the table gives them."""


@dataclass(frozen=True)
class Checkpoint:
    """A file of weights that was published. What is not known of it is None, never guessed.

    Attributes:
        name: of the network.
        file: name of the file.
        source: where it comes from.
        mean_average_precision: published mAP on the evaluation set of AudioSet, in [0, 1].
        size: length of the file in bytes.
        md5: checksum, 32 hexadecimal digits.
        sha256: checksum, 64 hexadecimal digits.
        legacy_file: name under which panns-inference 0.1 saved it, if that is another.
    """

    name: str
    file: str
    source: Source
    mean_average_precision: float | None = None
    size: int | None = None
    md5: str | None = None
    sha256: str | None = None
    legacy_file: str | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """Names under which the file may lie on disk."""
        return (self.file, self.legacy_file) if self.legacy_file else (self.file,)

    @property
    def packaged(self) -> bool:
        """True if the file comes with the package, not from the internet."""
        return not self.source.address

    @property
    def url(self) -> str:
        """Published address of the file."""
        return self.source.address.replace("{file}", quote(self.file))

    @property
    def has_checksum(self) -> bool:
        """True if the file can be verified."""
        return (self.md5 or self.sha256) is not None

    def __str__(self) -> str:
        size = "size not known" if self.size is None else f"{self.size:,} bytes"
        return f"{self.file} ({size}, md5 {self.md5 or 'not known'})"


@dataclass(frozen=True)
class Entry:
    """A network with its published settings.

    Attributes:
        name: of its class.
        module: of `models` that holds the class.
        sample_rate: of its waveforms in Hz.
        min_clip: seconds to which a shorter clip is padded for its tags, as they are then better by
            more than chance; 0 where that is not so, or was not measured.
        threshold: probability from which on there is an event, chosen from data; 0.5 where that was
            not done.
        output_names: keys of what it returns.
        parameters: number of those that are trained.
        multi_adds: multiply-adds for 10 s, counted as in the paper.
        weights_bytes: size of its weights in float32.
        checkpoint: its published weights; None if there are none.
        slide_window: seconds of the windows in which it finds events best, if it has no framewise
            probabilities and that was measured; else 0.
        slide_hop: seconds from one of these to the next.
        event_f1: how good its events are, in [0, 1], on soundscapes at a threshold that others
            chose; None where that was not measured. See `docs/networks.md`.
    """

    name: str
    module: str
    sample_rate: int
    min_clip: float
    threshold: float
    output_names: tuple[str, ...]
    parameters: int
    multi_adds: int
    weights_bytes: int
    checkpoint: Checkpoint | None
    slide_window: float
    slide_hop: float
    event_f1: float | None


def _entry(row: dict[str, str]) -> Entry:
    return Entry(
        name=row["name"],
        module=row["module"],
        sample_rate=int(row["sample_rate"]),
        min_clip=float(row["min_clip"] or 0),
        threshold=float(row["threshold"] or DEFAULT_THRESHOLD),
        output_names=tuple(row["output_names"].split()),
        parameters=int(row["parameters"]),
        multi_adds=int(row["multi_adds"]),
        weights_bytes=int(row["weights_bytes"]),
        checkpoint=_checkpoint(row) if row["source"] else None,
        slide_window=float(row["slide_window"] or 0),
        slide_hop=float(row["slide_hop"] or 0),
        event_f1=float(row["event_f1"]) if row["event_f1"] else None,
    )


def _checkpoint(row: dict[str, str]) -> Checkpoint:
    precision, size = row["mean_average_precision"], row["size"]
    return Checkpoint(
        name=row["name"],
        file=row["file"],
        source=SOURCES[row["source"]],
        mean_average_precision=float(precision) if precision else None,
        size=int(size) if size else None,
        md5=row["md5"] or None,
        sha256=row["sha256"] or None,
        legacy_file=row["legacy_file"] or None,
    )


with TABLE.open(encoding="utf-8", newline="") as _file:
    _entries = [_entry(row) for row in csv.DictReader(_file)]

NETWORKS: dict[str, Entry] = {entry.name: entry for entry in _entries}
"""The networks by name, in the order of the table."""

CHECKPOINTS: dict[str, Checkpoint] = {
    entry.name: entry.checkpoint for entry in _entries if entry.checkpoint
}
"""The published weights, by the name of their network."""


def find(name: str) -> Entry:
    """Return the network that a name means.

    Args:
        name: as people write it: case, '-', '_' and spaces do not matter.

    Raises:
        UsageError: if there is none; the message lists the nearest ones.
    """
    return NETWORKS[closest(name, NETWORKS, "network")]


def checkpoint_of(name: str) -> Checkpoint:
    """Return the published weights of a network.

    Args:
        name: of the network, as `find` takes it.

    Raises:
        UsageError: if there is no such network, or none of its weights are published.
    """
    entry = find(name)
    if entry.checkpoint is None:
        raise UsageError(
            f"no weights of {entry.name} are published: give a file of your own, or a network "
            f"that has some: {', '.join(CHECKPOINTS)}"
        )
    return entry.checkpoint


def checkpoint_named(file: str) -> Checkpoint | None:
    """Return the published weights that the name of a file means; None for any other name.

    Args:
        file: name of a file, without its folder.
    """
    return next((each for each in CHECKPOINTS.values() if file in each.files), None)
