"""All outputs of a network in one piece of memory, which comes back from a GPU in one copy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..contract import Outputs


class Packed(NamedTuple):
    """Values of some outputs, one behind the other.

    Attributes:
        values: (values,) float32.
        shapes: shape of each output, in the order of the values.
    """

    values: Tensor
    shapes: dict[str, tuple[int, ...]]


def packed(found: Mapping[str, Tensor]) -> Packed:
    """Return outputs in one piece of memory.

    Args:
        found: values of any shape, by name.
    """
    values = torch.cat([value.float().reshape(-1) for value in found.values()])
    return Packed(values, {name: tuple(value.shape) for name, value in found.items()})


def unpacked(given: Packed) -> Outputs:
    """The outputs as arrays, when they are there.

    Args:
        given: from `packed`.
    """
    ends = list(accumulate(math.prod(shape) for shape in given.shapes.values()))
    flat = np.split(given.values.cpu().numpy(), ends[:-1])
    shapes = given.shapes.items()
    return {name: values.reshape(shape) for (name, shape), values in zip(shapes, flat, strict=True)}


def joined(batches: Sequence[Outputs]) -> Outputs:
    """Return the outputs of a batch from those of smaller ones.

    Args:
        batches: one or more.
    """
    if len(batches) == 1:
        return batches[0]
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}
