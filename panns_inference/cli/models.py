"""`panns models`: the networks, what they cost, and the published weights of most of them."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from ..checkpoints import cached, destination, fetch, usable, verify
from ..errors import UsageError
from ..registry import CHECKPOINTS, NETWORKS, Checkpoint, Entry, Source, checkpoint_of, find
from .deletion import delete_weights
from .digest import print_digests
from .measure import seconds_of
from .weights_info import lines_on

LOG = logging.getLogger("panns_inference")


EXAMPLE = "panns models download Cnn14"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command.

    Args:
        parser: of the command.
    """
    parser.add_argument(
        "action",
        nargs="?",
        choices=ACTIONS,
        default="list",
        metavar="ACTION",
        help=f"{', '.join(ACTIONS)}; default: list",
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="networks; without any, list takes all, verify and path those that are downloaded; "
        "for digest: files of weights, to print their size, checksums and the networks they fit",
    )
    parser.add_argument("-y", "--yes", action="store_true", help="delete without a question")
    layout = parser.add_mutually_exclusive_group()
    for name in LAYOUTS:
        layout.add_argument(
            f"--{name}", action="store_const", const=name, dest="layout", help=f"list as {name}"
        )
    parser.add_argument(
        "--sort",
        choices=SORTS,
        help="list the best first: by published mAP, by multiply-adds or the time that was "
        "measured, or by the size of the file; default: the order of the table",
    )
    parser.add_argument(
        "--measure",
        action="store_true",
        help="list the seconds that this machine's CPU takes for 10 s of sound, which takes a "
        "moment for each network",
    )


def run(given: argparse.Namespace) -> int:
    """Do the action; 1 if a file is wrong or not there.

    Args:
        given: the command line.
    """
    options = {given.layout: given.layout, "sort": given.sort, "measure": given.measure}
    if given.action != "list" and (wrong := next((n for n, v in options.items() if v), None)):
        raise UsageError(f"--{wrong} is for panns models list")
    if given.action != "delete" and given.yes:
        raise UsageError("--yes is for panns models delete")
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
        "event_f1": network.event_f1,
        "parameters": network.parameters,
        "multi_adds": network.multi_adds,
        "sample_rate": network.sample_rate,
        "gives": [output.removesuffix("_output") for output in network.output_names],
        "file": published and published.file,
        "size": (published and published.size) or network.weights_bytes,
    }


def _list(given: argparse.Namespace) -> int:
    networks = [find(name) for name in given.names] or NETWORKS.values()
    rows = [row_of(network) for network in networks]
    if given.measure:
        rows = [{**row, "seconds": seconds_of(row["name"])} for row in rows]
    if given.sort:
        rows.sort(key=SORTS[given.sort])
    LAYOUTS[given.layout or "table"](rows)
    return 0


SORTS: dict[str, Callable[[dict[str, Any]], float]] = {
    "mAP": lambda row: -(row["mAP"] or 0),
    "speed": lambda row: row.get("seconds", row["multi_adds"]),
    "size": lambda row: row["size"],
}
"""Orders of the list, the best first, by the key of a row."""

HEADINGS = ("network", "mAP", "parameters", "multi-adds", "size", "10 s in", "gives")
"""What was not measured is left out."""

WORDS = ("network", "gives", "here")
"""Headings of columns that hold no numbers."""


def _headings(found: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    is_measured = any("seconds" in row for row in found)
    return tuple(heading for heading in HEADINGS if is_measured or heading != "10 s in")


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    """A row for people: millions of parameters, billions of multiply-adds for 10 s, megabytes."""
    return (
        row["name"],
        f"{row['mAP']:.3f}" if row["mAP"] else "-",
        f"{row['parameters'] / 1e6:.1f} M",
        f"{row['multi_adds'] / 1e9:.1f} G",
        f"{row['size'] / 1e6:.0f} MB",
        *((f"{row['seconds']:.3f} s",) if "seconds" in row else ()),
        ", ".join(row["gives"]),
    )


def _print_table(found: Sequence[dict[str, Any]]) -> None:
    headings = (*_headings(found), "here")
    lines = [headings, *((*_cells(row), _state(row["name"])) for row in found)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        # Numbers stand to the right, words to the left.
        cells = (
            cell.ljust(width) if heading in WORDS else cell.rjust(width)
            for heading, cell, width in zip(headings, line, widths, strict=True)
        )
        print("  ".join(cells).rstrip())
    published = [find(row["name"]).checkpoint for row in found]
    sources = dict.fromkeys(each.source for each in published if each and each.source.citation)
    for source in sources:
        print(
            f"\nThe weights from {_host(source)} are under {source.licence}. Cite {source.citation}"
        )


def _host(source: Source) -> str:
    return urlsplit(source.address).netloc


def _state(name: str) -> str:
    return "yes" if name in CHECKPOINTS and cached(CHECKPOINTS[name]) else ""


def _print_markdown(found: Sequence[dict[str, Any]]) -> None:
    headings = _headings(found)
    rules = ("---" if heading in WORDS else "---:" for heading in headings)
    for line in (headings, rules, *map(_cells, found)):
        print(f"| {' | '.join(line)} |")


def _print_json(found: Sequence[dict[str, Any]]) -> None:
    print(json.dumps(list(found), indent=2))


LAYOUTS: dict[str, Callable[[Sequence[dict[str, Any]]], None]] = {
    "table": _print_table,
    "json": _print_json,
    "markdown": _print_markdown,
}


def _info(given: argparse.Namespace) -> int:
    """Print whose weights they are, on which terms, and how good they are."""
    if not given.names:
        raise UsageError(f"name the networks: {', '.join(CHECKPOINTS)}")
    for checkpoint in [checkpoint_of(name) for name in given.names]:
        print("\n".join(lines_on(checkpoint)))
    return 0


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
    "info": _info,
    "download": _download,
    "verify": _verify,
    "path": _path,
    "delete": lambda given: delete_weights(given.names, given.yes),
    "digest": _digest,
}
