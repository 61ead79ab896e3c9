"""`panns models`: the networks, what they cost, and the published weights of 22 of them."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..checkpoints import cached, destination, fetch, usable, verify
from ..errors import UsageError
from ..registry import CHECKPOINTS, NETWORKS, SOURCES, Checkpoint, Entry, checkpoint_of, find
from .digest import print_digests

LOG = logging.getLogger("panns_inference")


EXAMPLE = "panns models download Cnn14"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command.

    Args:
        parser: of the command.
    """
    parser.add_argument(
        "action", nargs="?", choices=ACTIONS, default="list", help="default: %(default)s"
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="networks; without any, list takes all, verify and path those that are downloaded; "
        "for digest: files of weights, to print their size, checksums and the networks they fit",
    )
    layout = parser.add_mutually_exclusive_group()
    for name in LAYOUTS:
        layout.add_argument(
            f"--{name}", action="store_const", const=name, dest="layout", help=f"list as {name}"
        )


def run(given: argparse.Namespace) -> int:
    """Do the action; 1 if a file is wrong or not there.

    Args:
        given: the command line.
    """
    if given.layout and given.action != "list":
        raise UsageError(f"--{given.layout} is for panns models list")
    return ACTIONS[given.action](given)


def row_of(network: Entry) -> dict[str, Any]:
    """Return what the list shows of a network.

    The size is that of the published file in bytes; where it is not known, that of the weights.

    Args:
        network: its entry in the registry.
    """
    published = network.checkpoint
    return {
        "name": network.name,
        "mAP": published and published.mean_average_precision,
        "parameters": network.parameters,
        "multi_adds": network.multi_adds,
        "sample_rate": network.sample_rate,
        "gives": [output.removesuffix("_output") for output in network.output_names],
        "file": published and published.file,
        "size": (published and published.size) or network.weights_bytes,
    }


def _list(given: argparse.Namespace) -> int:
    networks = [find(name) for name in given.names] or NETWORKS.values()
    LAYOUTS[given.layout or "table"]([row_of(network) for network in networks])
    return 0


HEADINGS = ("network", "mAP", "parameters", "multi-adds", "size", "gives")


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    """A row for people: millions of parameters, billions of multiply-adds for 10 s, megabytes."""
    return (
        row["name"],
        f"{row['mAP']:.3f}" if row["mAP"] else "-",
        f"{row['parameters'] / 1e6:.1f} M",
        f"{row['multi_adds'] / 1e9:.1f} G",
        f"{row['size'] / 1e6:.0f} MB",
        ", ".join(row["gives"]),
    )


def _print_table(found: Sequence[dict[str, Any]]) -> None:
    lines = [(*HEADINGS, "here"), *((*_cells(row), _state(row["name"])) for row in found)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        # Numbers stand to the right, words to the left.
        cells = (
            cell.rjust(width) if 1 <= column <= 4 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        print("  ".join(cells).rstrip())
    published = SOURCES["zenodo"]
    print(f"\nThe weights are under {published.licence}. Cite {published.citation}")


def _state(name: str) -> str:
    return "yes" if name in CHECKPOINTS and cached(CHECKPOINTS[name]) else ""


def _print_markdown(found: Sequence[dict[str, Any]]) -> None:
    for line in (HEADINGS, ("---", *["---:"] * 4, "---"), *map(_cells, found)):
        print(f"| {' | '.join(line)} |")


def _print_json(found: Sequence[dict[str, Any]]) -> None:
    print(json.dumps(list(found), indent=2))


LAYOUTS: dict[str, Callable[[Sequence[dict[str, Any]]], None]] = {
    "table": _print_table,
    "json": _print_json,
    "markdown": _print_markdown,
}


def _download(given: argparse.Namespace) -> int:
    if not given.names:
        raise UsageError(f"name what to download: {', '.join(CHECKPOINTS)}")
    for checkpoint in [checkpoint_of(name) for name in given.names]:
        usable(checkpoint)  # what is here and is something else makes way
        print(fetch(checkpoint))
    return 0


def _verify(given: argparse.Namespace) -> int:
    status = 0
    for checkpoint in _chosen(given.names):
        if (path := cached(checkpoint)) is None:
            print(f"{checkpoint.name}: not downloaded")
            status = 1
            continue
        verification = verify(path, checkpoint)
        print(f"{checkpoint.name}: {verification.verdict}: {verification.reason} ({path})")
        status = 1 if verification.verdict == "wrong" else status
    return status


def _path(given: argparse.Namespace) -> int:
    """Print the paths of files; 1 if one is not here, of which the path is where it belongs."""
    paths = [(checkpoint, cached(checkpoint)) for checkpoint in _chosen(given.names)]
    for checkpoint, path in paths:
        if path is None:
            LOG.warning("%s is not here: this is where it belongs", checkpoint.file)
        print(path or destination(checkpoint))
    return 0 if all(path for _, path in paths) else 1


def _digest(given: argparse.Namespace) -> int:
    if not given.names:
        raise UsageError("name the files whose checksums are wanted")
    return print_digests(given.names)


def _chosen(names: Iterable[str]) -> list[Checkpoint]:
    return [checkpoint_of(name) for name in names] or [c for c in CHECKPOINTS.values() if cached(c)]


ACTIONS: dict[str, Callable[[argparse.Namespace], int]] = {
    "list": _list,
    "download": _download,
    "verify": _verify,
    "path": _path,
    "digest": _digest,
}
