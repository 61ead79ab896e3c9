"""`panns embed`: recordings as vectors."""

from __future__ import annotations

import argparse

from ..results import Embedding
from . import options
from .run import run_task

EXAMPLE = "panns embed recordings/ -f csv -o vectors.csv"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command.

    Args:
        parser: of the command.
    """
    options.add_task(parser, Embedding, processing=options.CLIPWISE)


def run(given: argparse.Namespace) -> int:
    """Embed the recordings; return 1 if one of them failed.

    Args:
        given: the command line.
    """
    from ..pipeline import EmbeddingTask

    settings = options.clipwise(given)
    return run_task(given, "embedding", lambda model: EmbeddingTask(model, **settings))
