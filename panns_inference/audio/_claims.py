"""What containers say of the size of their samples, against what is there.

    RIFF 32036 WAVE | fmt  16 ... | LIST 26 ... | data 32000 ................
                                                      ^ the claim      ^ the file may end here

libsndfile reads a cut file as a shorter one without a word, and a recorder that lost power left a
claim of 0. So the claim is read here, compared with the size of the file, and corrected. AU and
WMA have a claim too, though no chunks.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ._pieces import Unrecognised
from ._window import Window

MAX_CHUNKS = 10_000
"""Chunks that may come before the samples. A header and zeros are a chain of empty ones, in which
libsndfile would look at each."""


@dataclass(frozen=True)
class Layout:
    """How a container writes its chunks.

    Attributes:
        first: offset of the first chunk.
        id_size: bytes of a chunk's identifier, which its size follows.
        size: `struct` format of that size.
        counts_itself: whether a size counts the identifier and itself too.
        alignment: chunks begin at multiples of it.
        sound: identifiers of the chunk that holds the samples.
        sound_is_last: whether nothing that a decoder needs follows that chunk.
    """

    first: int
    id_size: int
    size: str
    counts_itself: bool
    alignment: int
    sound: tuple[bytes, ...]
    sound_is_last: bool


_ASF, _ASF_SEARCHED = b"\x30\x26\xb2\x75", 1 << 12
_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_W64_SOUND = b"data" + bytes.fromhex("f3acd3118cd100c04f8edb8a")
LAYOUTS = {
    b"RIFF": Layout(12, 4, "<I", False, 2, (b"data",), True),
    b"RIFX": Layout(12, 4, ">I", False, 2, (b"data",), True),
    b"RF64": Layout(12, 4, "<I", False, 2, (b"data",), True),
    b"BW64": Layout(12, 4, "<I", False, 2, (b"data",), True),
    b"FORM": Layout(12, 4, ">I", False, 2, (b"SSND", b"BODY"), False),
    b"riff": Layout(40, 16, "<Q", True, 8, (_W64_SOUND,), True),
    b"caff": Layout(8, 4, ">Q", False, 1, (b"data",), False),
}
"""Layouts by the first four bytes: WAV in four forms, AIFF and 8SVX, W64, CAF."""


@dataclass(frozen=True)
class Claim:
    """Where the samples begin, and how many bytes of them a header claims.

    Attributes:
        start: offset of the first byte of the samples.
        n_bytes: how many the header claims.
        field: offset of the claim itself.
        form: `struct` format of the claim.
        is_last: whether nothing that a decoder needs follows the samples.
        own: bytes that the claim counts beside the samples.
    """

    start: int
    n_bytes: int
    field: int
    form: str
    is_last: bool
    own: int = 0

    def is_open(self, container_end: int | None) -> bool:
        """Whether the claim says nothing: never filled in, or as large as can be written.

        Args:
            container_end: where the container says it ends; None if it does not say.
        """
        never_filled = container_end is not None and not self.start < container_end < 2**32
        near = 4096  # writers to a pipe put 2^31 or 2^32, less some header
        unknown = self.n_bytes >= 2**40 or any(
            abs(self.n_bytes - limit) <= near for limit in (2**31, 2**32)
        )
        return unknown or (self.n_bytes == 0 and never_filled)


def with_true_size(file: Window) -> tuple[Window, float]:
    """The file with a header that claims what is there, and the share of the claim that is.

    Where nothing needed follows the samples, the file ends with them: libsndfile takes for samples
    what stands behind those of a W64. The share is in [0, 1]; it is 1 where nothing is missing,
    where the header makes no claim, and for files that are not made of chunks.

    Raises:
        Unrecognised: for a chain of chunks that does not come to an end.
    """
    claim = _claim(file)
    if claim is None:
        return file, 1.0
    available = file.size - claim.start
    is_open = claim.is_open(_container_end(file))
    if claim.n_bytes <= available and not is_open:
        return file.part(0, claim.start + claim.n_bytes if claim.is_last else None), 1.0
    limit = 256 ** struct.calcsize(claim.form) - 1
    truth = struct.pack(claim.form, min(available + claim.own, limit))
    return file.patched(claim.field, truth), 1.0 if is_open else available / claim.n_bytes


def _claim(file: Window) -> Claim | None:
    kind = file.peek(0, 4)
    if kind in LAYOUTS:
        return _claim_of_chunk(file, LAYOUTS[kind])
    if kind == b".snd" and len(header := file.peek(4, 8)) == 8:  # AU
        start, n_bytes = struct.unpack(">II", header)
        return Claim(start, n_bytes, 8, ">I", True) if start <= file.size else None
    if kind == _ASF and (at := file.peek(0, _ASF_SEARCHED).find(_ASF_PROPERTIES)) >= 0:
        field = at + 40  # the size of the whole file
        return Claim(0, int.from_bytes(file.peek(field, 8), "little"), field, "<Q", False)
    return None


def _claim_of_chunk(file: Window, layout: Layout) -> Claim | None:
    """The claim of the chunk that holds the samples; None if there is none.

    RF64 and BW64 have room for a long claim in a chunk of its own, `ds64`, at its eighth byte.
    """
    head = layout.id_size + struct.calcsize(layout.size)
    own = head if layout.counts_itself else 0
    at, long_claim = layout.first, None
    for _ in range(MAX_CHUNKS):
        header = file.peek(at, head)
        if len(header) < head:
            return None
        (size,) = struct.unpack(layout.size, header[layout.id_size :])
        start, n_bytes = at + head, max(0, size - own)
        if header[: layout.id_size] in layout.sound:
            if long_claim and size == 2**32 - 1:
                return Claim(start, *long_claim, layout.sound_is_last)
            field = at + layout.id_size
            return Claim(start, n_bytes, field, layout.size, layout.sound_is_last, own)
        if header[:4] == b"ds64" and len(long := file.peek(start + 8, 8)) == 8:
            long_claim = int.from_bytes(long, "little"), start + 8, "<Q"
        at = -(-(start + n_bytes) // layout.alignment) * layout.alignment
    raise Unrecognised(f"a chain of {MAX_CHUNKS:,} chunks without samples")


def _container_end(file: Window) -> int | None:
    """Where RIFF, RIFX and FORM say that they end."""
    kind, size = file.peek(0, 4), file.peek(4, 4)
    if kind not in (b"RIFF", b"RIFX", b"FORM"):
        return None
    return 8 + int.from_bytes(size, "little" if kind == b"RIFF" else "big")
