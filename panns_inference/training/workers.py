"""What is said where one of the processes that work for another one has gone."""

from __future__ import annotations

from ..errors import PannsError
from ..wording import advice


def lost_worker() -> PannsError:
    """Return the error of a worker that has ended before its work.

    Killed for want of memory it says nothing, and in a script that does not keep to its first
    process what is for that one alone, all that Python can say is in a traceback of the worker.
    """
    guard = advice(
        '; a script that starts workers needs `if __name__ == "__main__":` before what it does, '
        "since each worker reads it, too",
        "",
    )
    return PannsError(
        "a worker was ended, perhaps because memory was short: fewer workers need less" + guard
    )
