"""Which device a name means, and what is there."""

from __future__ import annotations

import torch

from .errors import UsageError
from .warning import warn


def resolve(device: str | torch.device) -> str:
    """The device to compute on: the one asked for if it is there, else the CPU.

    'cuda' without a GPU is the CPU without a word, as in panns-inference 0.1, whose default it
    was; a device that was asked for by number, or of another kind, is missed with a warning.

    Args:
        device: 'cpu', 'cuda', 'cuda:1', 'mps', or a `torch.device`.

    Raises:
        UsageError: for what is no device, and for a GPU in a process that was forked from one that
            uses it.
    """
    try:
        wanted = torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise UsageError(
            f"device must be 'cpu', 'cuda', 'cuda:0', 'mps' or the like, not {device!r}"
        ) from error
    if _is_there(wanted):
        return str(wanted)
    if str(wanted) != "cuda":
        warn(f"device {str(wanted)!r} is not there: using the CPU")
    return "cpu"


def _is_there(device: torch.device) -> bool:
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # the second: torch is built without that kind
        if "forked" in str(error):
            raise UsageError(
                f"{device} cannot be used in a process that was forked from one that uses it: "
                "start processes with multiprocessing.get_context('spawn'), or give device='cpu'"
            ) from error
        return False
    return True
