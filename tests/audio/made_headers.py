"""WAV files whose headers state when they began, byte by byte as makers of recorders describe."""

from __future__ import annotations

import struct
from pathlib import Path

RATE = 8000
SAMPLES = bytes(2 * RATE)


def chunk(name: bytes, content: bytes, order: str = "<") -> bytes:
    return name + struct.pack(f"{order}I", len(content)) + content + b"\0" * (len(content) % 2)


def wav(
    path: Path, *before: bytes, behind: bytes = b"", form: bytes = b"RIFF", samples: bytes = SAMPLES
) -> Path:
    """One second of silence, with chunks before and behind the samples."""
    order = ">" if form == b"RIFX" else "<"
    fmt = struct.pack(f"{order}HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)
    chunks = b"".join([chunk(b"fmt ", fmt, order), *before, chunk(b"data", samples, order), behind])
    path.write_bytes(form + struct.pack(f"{order}I", 4 + len(chunks)) + b"WAVE" + chunks)
    return path


def comment(text: str) -> bytes:
    return chunk(b"LIST", b"INFO" + chunk(b"ICMT", text.encode() + b"\0"))


def guano(text: str) -> bytes:
    return chunk(b"guan", f"GUANO|Version: 1.0\nMake: Test\nTimestamp: {text}\nNote: a\n".encode())


def wamd(text: str) -> bytes:
    fields = [
        (0, struct.pack("<H", 1)),
        (1, b"SM4"),
        (4, b"S4A"),
        (5, text.encode()),
        (6, b"WGS84"),
    ]
    return chunk(b"wamd", b"".join(struct.pack("<HI", n, len(v)) + v for n, v in fields))


def bext(day: str, time: str, n_samples: int = 0, order: str = "<") -> bytes:
    origin = day.encode().ljust(10, b"\0") + time.encode().ljust(8, b"\0")
    rest = struct.pack(f"{order}QH", n_samples, 1) + bytes(254)
    return chunk(b"bext", bytes(256 + 32 + 32) + origin + rest, order)
