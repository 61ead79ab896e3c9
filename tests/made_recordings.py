"""Recordings made for a test: noise in any format that soundfile or PyAV writes."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile
from made_films import GREY
from numpy.typing import NDArray

from panns_inference.audio import read

RATE = 8_000
NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, 4 * RATE).astype(np.float32)
MISSING = re.compile(r"is cut off or damaged: ([\d.]+) s are missing; what it holds is used")


def written(format_: str, subtype: str, samples: Any = NOISE, **more: Any) -> bytes:
    """The bytes of a file with these samples at `RATE`."""
    file = io.BytesIO()
    soundfile.write(file, samples, RATE, format=format_, subtype=subtype, **more)
    return file.getvalue()


def without_length(flac: bytes) -> bytes:
    """A FLAC that does not count its samples, as one written into a pipe."""
    word = int.from_bytes(flac[18:26], "big")
    return flac[:18] + (word >> 36 << 36).to_bytes(8, "big") + flac[26:]


def read_bytes(content: bytes, rate: int = RATE, **more: Any) -> NDArray[np.float32]:
    """The waveform that the bytes of a file hold."""
    return read(io.BytesIO(content), rate, **more)


def muxed(folder: Path, name: str, codec: str, video: bool = False, **options: Any) -> bytes:
    """Twenty seconds of noise in a container that only PyAV reads."""
    with av.open(str(folder / name), "w", **options) as container:
        stream = container.add_stream(codec, rate=RATE, layout="mono")
        stream.bit_rate = 32_000
        if video:
            picture = container.add_stream("mpeg4", rate=10)
            picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
            for number in range(300):
                image = av.VideoFrame.from_ndarray(GREY, "yuv420p")
                image.pts = number
                container.mux(picture.encode(image))
            container.mux(picture.encode(None))
        frame = av.AudioFrame.from_ndarray(np.tile(NOISE, 5)[None], format="flt", layout="mono")
        frame.sample_rate = RATE
        queue = av.AudioFifo()
        for converted in av.AudioResampler(stream.format, "mono", RATE).resample(frame):
            queue.write(converted)
        while (part := queue.read(1024, partial=True)) is not None:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return (folder / name).read_bytes()
