"""How many cores torch takes: a single one in a process that was forked from one that uses torch.

The threads of OpenMP, MKL and oneDNN do not exist in a forked process, but its copies of their
records say that they do: the first product that shares its work with them waits forever. With one
core nothing is shared. Processes that are spawned start anew, and take as many as they like.
"""

from __future__ import annotations

import os

import torch


class _Process:
    """What is known of this process."""

    uses_torch = False
    is_forked = False


def take(threads: int | None) -> int:
    """Set the number of cores that torch takes in this process, and return it.

    Args:
        threads: the number; None leaves it as it is. In a forked process it does not matter.
    """
    _Process.uses_torch = True
    if threads is not None and not _Process.is_forked:
        torch.set_num_threads(threads)
    return torch.get_num_threads()


def _after_fork() -> None:
    if _Process.uses_torch:
        _Process.is_forked = True
        torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):  # it is not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_after_fork)
