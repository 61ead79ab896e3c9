"""Which device a name means, what is there, and networks on it."""

from __future__ import annotations

import copy

import torch
from torch import nn

from .errors import UsageError
from .warning import warn


def resolve(device: str | torch.device) -> str:
    """Return the device to compute on: the one wanted if it is there, else the CPU.

    'cuda' without a GPU is the CPU without a word, as in panns-inference 0.1, whose default it
    was; a device that was given by number, or of another kind, is missed with a warning.

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


def placed(network: nn.Module, device: str) -> nn.Module:
    """Return a network where it is to compute; on 'cuda' inside `DataParallel`.

    Args:
        network: it is moved.
        device: as `resolve` gives it.
    """
    network = network.to(device)
    return nn.DataParallel(network) if device == "cuda" else network


def on_cpu(network: nn.Module) -> nn.Module:
    """Return the network itself if its weights are on the CPU, else a copy of it there.

    Args:
        network: it stays where it is.
    """
    tensors = [*network.parameters(), *network.buffers()]
    if all(tensor.device.type in ("cpu", "meta") for tensor in tensors):
        return network
    # What `deepcopy` finds in its memo it takes for copied.
    copies = {id(tensor): tensor.detach().cpu() for tensor in tensors}
    memo = {
        id(tensor): nn.Parameter(copies[id(tensor)], tensor.requires_grad)
        if isinstance(tensor, nn.Parameter)
        else copies[id(tensor)]
        for tensor in tensors
    }
    return copy.deepcopy(network, memo)


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
