"""What a header says of the size of the samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Order = Literal["little", "big"]
"""Which byte of a number comes first."""


@dataclass(frozen=True)
class Number:
    """A number in a header.

    Attributes:
        at: offset of its first byte.
        width: how many bytes it has.
        order: their order.
    """

    at: int
    width: int
    order: Order

    def written(self, value: int) -> bytes:
        """Its bytes if it is to be `value`, or the largest number that has room there."""
        largest = (1 << 8 * self.width) - 1
        return min(value, largest).to_bytes(self.width, self.order)


@dataclass(frozen=True)
class Claim:
    """Where the samples begin, and how many bytes of them a header claims.

    Attributes:
        start: offset of the first byte of the samples.
        n_bytes: how many the header claims; 0 if there are none.
        was_filled: whether a 0 is meant, and not what stands there until a recording ends.
        number: the claim itself; None where libsndfile pays no heed to it.
        is_last: whether nothing that a decoder needs follows the samples.
        own: bytes that the claim counts beside the samples.
    """

    start: int
    n_bytes: int
    was_filled: bool = True
    number: Number | None = None
    is_last: bool = False
    own: int = 0

    @property
    def is_open(self) -> bool:
        """Whether the claim says nothing: never filled in, or as large as can be written."""
        near = 4096  # writers to a pipe put 2^31 or 2^32, less some header
        largest = any(abs(self.n_bytes - limit) <= near for limit in (2**31, 2**32))
        return largest or self.n_bytes >= 2**40 or (self.n_bytes == 0 and not self.was_filled)
