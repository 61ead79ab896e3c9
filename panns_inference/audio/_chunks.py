"""Claims of formats that are made of chunks, each with its size.

RIFF 32036 WAVE | fmt  16 ... | LIST 26 ... | data 32000 ................
                                                  ^ the claim      ^ the file may end here
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ._claims import Claim, Number, Order
from ._pieces import Unrecognised
from ._section import Section

MAX_CHUNKS = 10_000
"""Chunks that may come before the samples. A header and zeros are a chain of empty ones, in which
libsndfile would look at each."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a container writes its chunks.

    Attributes:
        first: offset of the first chunk.
        id_size: bytes of a chunk's identifier, which its size follows.
        width: bytes of that size.
        order: their order.
        sound: identifiers of the chunk that holds the samples, and how many bytes of its content
            stand before them.
        counts_itself: whether a size counts the identifier and itself too.
        alignment: chunks begin at multiples of it.
        sound_is_last: whether nothing that a decoder needs follows that chunk.
    """

    first: int = 12
    id_size: int = 4
    width: int = 4
    order: Order = "little"
    sound: Mapping[bytes, int] = field(default_factory=lambda: {b"data": 0})
    counts_itself: bool = False
    alignment: int = 2
    sound_is_last: bool = True

    @property
    def head(self) -> int:
        """Bytes of a chunk before its content."""
        return self.id_size + self.width

    @property
    def own(self) -> int:
        """Bytes that a size counts beside the content."""
        return self.head if self.counts_itself else 0


_WAV, _WAV_BIG = Layout(), Layout(order="big")
_AIFF = Layout(order="big", sound={b"SSND": 8, b"BODY": 0}, sound_is_last=False)
_CAF = Layout(first=8, width=8, order="big", sound={b"data": 4}, alignment=1, sound_is_last=False)
_W64 = Layout(
    first=40,
    id_size=16,
    width=8,
    sound={b"data" + bytes.fromhex("f3acd3118cd100c04f8edb8a"): 0},
    counts_itself=True,
    alignment=8,
)
_VOC = Layout(
    first=26, id_size=1, width=3, sound={b"\x01": 2, b"\x09": 12}, alignment=1, sound_is_last=False
)

LAYOUTS = {
    b"RIFF": _WAV,
    b"RIFX": _WAV_BIG,
    b"RF64": _WAV,
    b"BW64": _WAV,
    b"FORM": _AIFF,
    b"riff": _W64,
    b"caff": _CAF,
    b"Crea": _VOC,
}
"""Layouts by the first four bytes: WAV in four forms, AIFF and 8SVX, W64, CAF, VOC."""


def claim(file: Section) -> Claim | None:
    """The claim of the chunk that holds the samples; None if there is none.

    RF64 and BW64 have room for a long claim in a chunk of its own, `ds64`, at its eighth byte.

    Raises:
        Unrecognised: for a chain of chunks that does not come to an end.
    """
    layout = LAYOUTS.get(file.peek(0, 4))
    if layout is None:
        return None
    at, long_claim = layout.first, None
    for _ in range(MAX_CHUNKS):
        chunk = _chunk(file, at, layout)
        if chunk is None:
            return None
        name, size = chunk
        start = at + layout.head
        if name in layout.sound:
            before = layout.sound[name]
            number = Number(at + layout.id_size, layout.width, layout.order)
            if long_claim is not None and size == 2**32 - 1:
                number = long_claim
                size = int.from_bytes(file.peek(number.at, number.width), number.order)
            return Claim(
                start + before,
                max(0, size - before),
                was_filled=size > before or _is_followed(file, start + size, layout),
                number=number,
                is_last=layout.sound_is_last,
                own=layout.own + before,
            )
        if name == b"ds64":
            long_claim = Number(start + 8, 8, "little")
        at = -(-(start + size) // layout.alignment) * layout.alignment
    raise Unrecognised(f"a chain of {MAX_CHUNKS:,} chunks without samples")


def _chunk(file: Section, at: int, layout: Layout) -> tuple[bytes, int] | None:
    """Name and size of the content of the chunk at `at`; None where the file ends."""
    header = file.peek(at, layout.head)
    if len(header) < layout.head:
        return None
    size = int.from_bytes(header[layout.id_size :], layout.order)
    return header[: layout.id_size], max(0, size - layout.own)


def _is_followed(file: Section, at: int, layout: Layout) -> bool:
    """Whether another chunk stands at `at`, and not samples: one with a name, that fits."""
    chunk = _chunk(file, at, layout)
    if chunk is None:
        return False
    name, size = chunk
    return name[:4].isascii() and name[:4].decode().isprintable() and at + size <= file.size
