"""What stands before the sound of an MP3 file: tags, and the number of its frames.

The decoder inside libsndfile writes to the terminal when it does not like a tag, or when the size
in the header is not that of the file. So tags are left out, and the size is made true.
"""

from __future__ import annotations

from ._pieces import Part
from ._window import Window

_SEARCHED = 64  # the marker stands at most 38 bytes after the first frame begins
_HAS_FRAMES, _HAS_BYTES = 1, 2  # bits of the word after the marker


def without_tags(file: Window) -> Window:
    """The file behind the ID3v2 tags at its start."""
    while (header := file.peek(0, 10))[:3] == b"ID3" and len(header) == 10:
        size = 0
        for byte in header[6:]:  # seven bits in each
            size = size << 7 | byte & 0x7F
        footer = 10 if header[5] & 0x10 else 0
        file = file.part(10 + size + footer)
    return file


def with_true_size(file: Window) -> Part:
    """The file with a true size in its first frame, if it is MP3.

    Where that frame does not count the others, the length that a decoder reports is an estimate.
    """
    head = file.peek(0, _SEARCHED)
    if head[:1] != b"\xff":
        return Part(file)
    at = max(head.find(b"Xing"), head.find(b"Info"))
    if at < 0 or len(head) < at + 8:
        return Part(file, counted=False)
    has_frames, has_bytes = head[at + 7] & _HAS_FRAMES, head[at + 7] & _HAS_BYTES
    if has_bytes:
        size = min(file.size, 2**32 - 1).to_bytes(4, "big")
        file = file.patched(at + (12 if has_frames else 8), size)
    return Part(file, counted=bool(has_frames))
