"""`panns labels`: the classes."""

from __future__ import annotations

import argparse
import json
import logging
import sys

from .. import audioset

LOG = logging.getLogger("panns_inference")


EXAMPLE = "panns labels dog"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command.

    Args:
        parser: of the command.
    """
    parser.add_argument("text", nargs="*", metavar="TEXT", help="only labels with this in them")
    parser.add_argument("--search", default="", metavar="TEXT", help="the same")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(given: argparse.Namespace) -> int:
    """Print index, mid and label of the classes; 1 if there is none.

    Args:
        given: the command line.
    """
    text = " ".join(filter(None, [given.search, *given.text]))
    found = [(i, audioset.mids[i], audioset.labels[i]) for i in audioset.search(text)]
    if given.json:
        keys = ("index", "mid", "label")
        print(json.dumps([dict(zip(keys, row, strict=True)) for row in found], indent=2))
    elif not found:
        LOG.warning("no class has %r in its label", text)
    else:
        sys.stdout.writelines(f"{index:3}  {mid:<12}  {label}\n" for index, mid, label in found)
    return 0 if found else 1
