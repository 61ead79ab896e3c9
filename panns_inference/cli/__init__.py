"""The program `panns`: one file a command.

Results go to stdout, everything else to stderr. Exit status: 0; 1 if a recording or a download
failed; 2 for a wrong use.
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import io
import logging
import os
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import NoReturn

from .. import __version__
from ..errors import PannsError, UsageError
from . import detect, doctor, embed, export, labels, models, tag
from .stderr import of_python

LOG = logging.getLogger("panns_inference")

COMMANDS = (tag, detect, embed, models, export, labels, doctor)

EPILOG = """\
examples:
  panns tag street.flac              which sounds, the ten most probable
  panns detect -f srt street.flac    which sounds and when, as subtitles
  panns models                       the networks, what they cost, what is downloaded
"""


def program() -> NoReturn:
    """Run `panns`, and end its process.

    What was made is not taken apart: with torch that takes 0.3 s, a quarter of what a short
    recording needs in all.
    """
    status = main()
    # All is done: an interrupt that comes now would only tear the end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    atexit._run_exitfuncs()
    for stream in filter(None, (sys.stdout, sys.stderr)):  # what was closed is None
        stream.flush()
    os._exit(status)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        arguments: what stands behind `panns`; None takes it from the command line.

    Returns:
        The exit status.
    """
    given = _parser().parse_args(arguments)
    if given.offline:
        os.environ["PANNS_OFFLINE"] = "1"
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name that the terminal cannot show is no reason to fail.
        sys.stdout.reconfigure(errors="backslashreplace")
    with of_python(), _listening(given.verbosity):
        try:
            status: int = given.run(given)
            sys.stdout.flush()
        except UsageError as error:
            return _complain(f"error: {error}", status=2)
        except PannsError as error:
            return _complain(f"error: {error}", status=1)
        except KeyboardInterrupt:
            return _complain("interrupted", status=130)
        except BrokenPipeError:
            # The reader has gone, as `head` does.
            _give_up_stdout()
            return 1
        except OSError as error:
            _give_up_stdout()
            return _complain(f"error: {error}", status=1)
    return status


def _give_up_stdout() -> None:
    """What is left in its buffer cannot be written, and is not to be tried again at the exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="panns",
        description="Sound tagging and sound event detection with networks pretrained on AudioSet.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"panns {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_to(commands)
    return parser


@contextlib.contextmanager
def _listening(verbosity: int) -> Iterator[None]:
    """Show the package's log and the warnings that are meant for users on stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("panns: %(message)s"))
    LOG.addHandler(handler)
    level = LOG.level
    LOG.setLevel(logging.INFO - 10 * verbosity)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = _show
        try:
            yield
        finally:
            LOG.removeHandler(handler)
            LOG.setLevel(level)


def _show(message: Warning | str, *_: object, **__: object) -> None:
    LOG.warning("warning: %s", message)


def _complain(message: str, status: int) -> int:
    LOG.error("%s", message)
    return status
