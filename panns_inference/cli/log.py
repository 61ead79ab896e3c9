"""The log of the package, and warnings meant for users, on stderr."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator

from ..terminal import printable

LOG = logging.getLogger("panns_inference")


@contextlib.contextmanager
def log_to_stderr(verbosity: int) -> Iterator[None]:
    """Show the package's log and the warnings that are meant for users on stderr.

    Args:
        verbosity: 0; less for errors alone, more for details.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_Formatter("panns: %(message)s"))
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


class _Formatter(logging.Formatter):
    """Lines in which nothing steers a terminal, whatever was named in them."""

    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(map(printable, super().format(record).split("\n")))


def _show(message: Warning | str, *_: object, **__: object) -> None:
    LOG.warning("warning: %s", message)
