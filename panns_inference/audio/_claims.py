"""What a header says of the size of the samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ._section import Section

Order = Literal["little", "big"]
"""Which byte of a number comes first."""

Patches = tuple[tuple[int, bytes], ...]
"""Offsets in a file, and the bytes that are to stand there."""


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

    @property
    def limit(self) -> int:
        """The smallest value that has no room there."""
        return int(1 << 8 * self.width)

    def read(self, file: Section) -> int:
        """Its value in a file."""
        return int.from_bytes(file.peek(self.at, self.width), self.order)

    def written(self, value: int) -> bytes:
        """Its bytes if it is to be `value`, or the largest number that has room there."""
        return min(value, self.limit - 1).to_bytes(self.width, self.order)


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
        to_the_end: patches by which libsndfile takes all that follows for samples, also more than
            the number could state.
        is_bound: whether libsndfile stops where the claim ends.
    """

    start: int
    n_bytes: int
    was_filled: bool = True
    number: Number | None = None
    is_last: bool = False
    own: int = 0
    to_the_end: Patches = ()
    is_bound: bool = False

    @property
    def end(self) -> int:
        """Offset of the byte after the samples."""
        return self.start + self.n_bytes

    @property
    def is_open(self) -> bool:
        """Whether the claim says nothing: never filled in, or as large as can be written."""
        near = 4096  # writers to a pipe put 2^31 or 2^32, less some header
        largest = any(abs(self.n_bytes - limit) <= near for limit in (2**31, 2**32))
        return largest or self.n_bytes >= 2**40 or (self.n_bytes == 0 and not self.was_filled)

    def has_room_for(self, n_bytes: int) -> bool:
        """Whether the header can state so many bytes of samples."""
        return self.number is None or n_bytes + self.own < self.number.limit

    def made_true(self, file: Section, n_bytes: int) -> Section:
        """The file with a header that states `n_bytes` of samples."""
        if self.number is None:
            return file
        patches: Patches = ((self.number.at, self.number.written(n_bytes + self.own)),)
        if not self.has_room_for(n_bytes):
            patches = self.to_the_end or patches
        for at, replacement in patches:
            file = file.patched(at, replacement)
        return file
