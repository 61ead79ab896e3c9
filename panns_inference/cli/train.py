"""`panns train`: a network learns labelled clips by a recipe."""

from __future__ import annotations

import argparse

EXAMPLE = "panns train recipe.toml -o run --set learn.steps=20000"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command.

    Args:
        parser: of the command.
    """
    parser.add_argument(
        "recipe",
        metavar="RECIPE",
        help="TOML file with at least clips in [data], name in [network], seed and steps in "
        "[learn]; with all else that it may say, it is written into the folder of the run",
    )
    group = parser.add_argument_group("output")
    group.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="DIR",
        help="folder of the run; one in which the recipe was begun goes on where it was",
    )
    group = parser.add_argument_group("recipe")
    group.add_argument(
        "--set",
        action="append",
        default=[],
        dest="changes",
        metavar="TABLE.KEY=VALUE",
        help="a value that stands for that of the recipe; may be given several times",
    )


def run(given: argparse.Namespace) -> int:
    """Learn, and print the path of the best network.

    Args:
        given: the command line.
    """
    from ..training import train

    print(train(given.recipe, given.output, changes=given.changes))
    return 0
