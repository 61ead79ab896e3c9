"""`panns completion`: what makes a shell complete command lines of this program.

The scripts hold no option: each time they call the program, which takes a tenth of a second, and so
know what it knows. argcomplete does it that way too, as one more dependency; shtab writes all
options into a script, has none for fish, and no way to quote a label with a comma.
"""

from __future__ import annotations

import argparse
from importlib.resources import files

from . import candidates

EXAMPLE = "panns completion bash > ~/.local/share/bash-completion/completions/panns"

SHELLS = ("bash", "zsh", "fish")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command.

    Args:
        parser: of the command.
    """
    parser.add_argument(
        "shell",
        choices=SHELLS,
        metavar="SHELL",
        help=f"{', '.join(SHELLS)}: the script goes where that shell looks for completions, which "
        "its first lines say",
    )
    parser.add_argument("words", nargs="*", default=[], help=argparse.SUPPRESS)


def run(given: argparse.Namespace) -> int:
    """Print the script, or what may follow the words of a command line.

    Args:
        given: the command line; the words end with the one that is not whole yet.
    """
    if not given.words:
        script = files("panns_inference") / "data" / "completion" / f"panns.{given.shell}"
        print(script.read_text("utf-8"), end="")
        return 0
    found = (
        candidates.of_line(given.words[0]) if given.shell == "bash" else candidates.of(given.words)
    )
    for each in found:
        print("\t".join(each))
    return 0
