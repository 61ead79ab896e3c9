"""`panns embed`: recordings as vectors."""

from __future__ import annotations

import argparse

from ..results import Embedding
from . import options
from .run import open_model, run_over


def add_to(commands: options.Commands) -> None:
    """Add the command.

    Args:
        commands: where it is added.
    """
    parser = options.command(
        commands, "embed", "turn recordings into vectors", "panns embed -f csv *.wav -o vectors.csv"
    )
    options.add_recordings(parser)
    options.add_network(parser)
    options.add_output(parser, Embedding)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Embed the recordings; 1 if one of them failed.

    Args:
        given: the command line.
    """
    return run_over(given, lambda: open_model(given, "embedding").embed)
