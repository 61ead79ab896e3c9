"""The program `panns`: one file a command.

Results go to stdout, everything else to stderr. Exit status: 0; 1 if a recording or a download
failed, or the output could not be written; 2 for a wrong use; 128 and the number of the signal that
ended it: 130 for Ctrl-C, 143 for SIGTERM. Where the reader of stdout has gone, as `head` does, or
there is no stdout, it is 1, without a word.

Only what signals need is imported at first: NumPy takes a while.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from . import signals


def program() -> NoReturn:
    """Run `panns`, and end its process.

    No object is destroyed at the end: with torch that takes 0.3 s, a quarter of what a short
    recording needs in all.
    """
    signals.install()
    import atexit
    from contextlib import suppress

    from .streams import open_missing

    open_missing()
    try:
        status = main()
    except SystemExit as end:  # of the parser: help, or a wrong use
        status = end.code if isinstance(end.code, int) else 1
    signals.ignore()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # a failed write was reported before
            stream.flush()
    os._exit(status)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        arguments: what stands behind `panns`; None takes it from the command line.

    Returns:
        The exit status.
    """
    import logging

    from ..errors import UsageError
    from ..wording import of_command_line
    from .command_line import parse, run
    from .exit_status import failed, guarded
    from .streams import log_to_stderr, readable_stdout, stderr_of_python

    try:
        given = parse(sys.argv[1:] if arguments is None else arguments)
    except (OSError, UsageError) as error:  # help that cannot be written, a configuration file
        with log_to_stderr(0):
            return failed(error)
    if given.offline:
        os.environ["PANNS_OFFLINE"] = "1"
    with of_command_line(), stderr_of_python(), log_to_stderr(given.verbosity), readable_stdout():
        for path in given.configuration:
            logging.getLogger("panns_inference").debug("options from %s", path)
        return guarded(lambda: run(given))
