"""Films made for a test: bursts of a tone at each full second, in many containers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

GREY = np.full((72, 64), 128, np.uint8)
"""A picture of 64 by 48 points in yuv420p."""

SECONDS = 6
"""Length of the sound."""

BURSTS = [float(second) for second in range(SECONDS)]
"""Seconds at which something is heard."""

CODECS: dict[str, tuple[str, str | None, int]] = {
    "mp4": ("aac", "mpeg4", 48_000),
    "m4a": ("aac", None, 48_000),
    "mkv": ("aac", "mpeg4", 48_000),
    "webm": ("libopus", "libvpx", 48_000),
    "ts": ("aac", "mpeg2video", 48_000),
    "mov": ("alac", "mpeg4", 48_000),
    "3gp": ("aac", "mpeg4", 48_000),
    "mpg": ("mp2", "mpeg2video", 48_000),
    "flv": ("aac", "flv", 44_100),
    "nut": ("aac", "mpeg4", 48_000),
}
"""Container to its codecs of sound and pictures, and its sample rate."""

Stamps = Callable[[float], float | None]
"""When a packet is heard, in seconds, by when it was recorded; None leaves it out."""


def on_time(time: float) -> float:
    """Every packet is heard when it was recorded."""
    return time


def late(time: float) -> float:
    """The sound begins three seconds after the film."""
    return time + 3


def very_late(time: float) -> float:
    """The sound begins when all that FFmpeg looks at to find its format is over."""
    return time + 20


def with_gap(time: float) -> float | None:
    """Packets from 2 to 4 s are lost."""
    return None if 2 <= time < 4 else time


def late_with_gap(time: float) -> float | None:
    """Both."""
    return None if 2 <= time < 4 else time + 3


def bursts(rate: int) -> NDArray[np.float32]:
    """The sound, (samples,)."""
    time = np.arange(SECONDS * rate) / rate
    heard = 0.5 * np.sin(2 * np.pi * 1000 * time) * (time % 1 < 0.1)
    return heard.astype(np.float32)


def onsets(waveform: NDArray[np.float32], rate: int) -> list[float]:
    """Seconds at which bursts begin."""
    loud = np.flatnonzero(np.abs(waveform) > 0.15)
    begins = np.diff(loud, prepend=-rate) > 0.3 * rate
    return [float(sample) / rate for sample in loud[begins]]


def film(path: Path, *tracks: Stamps, pictures: bool = True) -> Path:
    """A film with sound tracks whose packets have these time stamps.

    Args:
        path: of the file; its extension is one of `CODECS`.
        tracks: stamps of each sound track.
        pictures: whether there is a picture track, too, from 0 s on.
    """
    codec, picture_codec, rate = CODECS[path.suffix[1:]]
    with av.open(str(path), "w") as container:
        streams = [container.add_stream(codec, rate=rate, layout="mono") for _ in tracks]
        pictured = (
            container.add_stream(picture_codec, rate=10) if pictures and picture_codec else None
        )
        packets = [
            p for pair in zip(streams, tracks, strict=True) for p in sound_packets(*pair, rate)
        ]
        if pictured is not None:
            packets += _pictures(pictured, 10 * (SECONDS + 3))
        for packet in sorted(packets, key=lambda p: float(p.dts * p.time_base)):
            container.mux(packet)
    return path


def sound_packets(stream: Any, stamps: Stamps, rate: int) -> list[Any]:
    """The packets of the bursts, encoded for a stream."""
    frame = av.AudioFrame.from_ndarray(bursts(rate)[None], "flt", "mono")
    frame.sample_rate = rate
    queue = av.AudioFifo()
    for converted in av.AudioResampler(stream.format, "mono", rate).resample(frame):
        queue.write(converted)
    packets: list[Any] = []
    while (part := queue.read(stream.frame_size or 1024, partial=True)) is not None:
        packets += stream.encode(part)
    packets += stream.encode(None)
    stamped = []
    for packet in packets:
        time = float(packet.pts * packet.time_base)
        if (heard := stamps(time)) is not None:
            shift = round((heard - time) / packet.time_base)
            packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
            stamped.append(packet)
    return stamped


def _pictures(stream: Any, n_pictures: int) -> list[Any]:
    stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
    packets: list[Any] = []
    for number in range(n_pictures):
        picture = av.VideoFrame.from_ndarray(GREY, "yuv420p")
        picture.pts = number
        packets += stream.encode(picture)
    return packets + list(stream.encode(None))


def two_tracks(path: Path, speech: NDArray[np.float32]) -> Path:
    """A film as studios record it: silence in stereo, and a voice in a second track.

    Args:
        path: of the file; its extension is that of a container for AAC.
        speech: waveform of the second track at 16 kHz, (samples,).
    """
    silence = np.zeros((2, 3 * len(speech)), np.float32)
    with av.open(str(path), "w") as container:
        tracks = [
            (container.add_stream("aac", rate=48_000, layout="stereo"), silence),
            (container.add_stream("aac", rate=16_000, layout="mono"), speech[None]),
        ]
        for stream, samples in tracks:
            frame = av.AudioFrame.from_ndarray(samples, "fltp", stream.layout.name)
            frame.sample_rate = stream.rate
            queue = av.AudioFifo()
            queue.write(frame)
            while (part := queue.read(stream.frame_size, partial=True)) is not None:
                container.mux(stream.encode(part))
            container.mux(stream.encode(None))
    return path
