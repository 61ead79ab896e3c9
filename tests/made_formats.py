"""Recordings of one second in every format that soundfile writes, and in many that PyAV writes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

NOT_TRIED = ("RAW", "SD2")
"""Formats that do not say what is in them, or say it in another file."""

RATES = {"XI": 44_100, "OGG": 16_000, "MP3": 16_000, "WAV": 16_000, "FLAC": 16_000}
"""Sample rate by format; 8 kHz for all others."""

EXTENSIONS = {"IRCAM": "sf", "MPC2K": "snd", "SVX": "iff"}
"""By format, where it is not the format's name."""

LOSSY = {
    "ULAW": 30, "ALAW": 30, "PCM_S8": 30, "PCM_U8": 30, "IMA_ADPCM": 15, "MS_ADPCM": 15,
    "GSM610": 5, "G721_32": 15, "G723_24": 8, "G723_40": 20, "NMS_ADPCM_16": 1,
    "NMS_ADPCM_24": 8, "NMS_ADPCM_32": 15, "DPCM_8": 10, "DWVW_12": 45, "VORBIS": 6, "OPUS": 3,
    "MPEG_LAYER_I": 6, "MPEG_LAYER_II": 6, "MPEG_LAYER_III": 6,
}  # fmt: skip
"""Subtype to the least ratio of signal to error, in dB; 55 for all others."""

CONTAINERS = {
    "aac.m4a": ("aac", 44_100, 15), "aac.mp4": ("aac", 48_000, 15), "aac.aac": ("aac", 44_100, 15),
    "alac.m4a": ("alac", 44_100, 70), "flac.mkv": ("flac", 32_000, 70),
    "flac.mp4": ("flac", 32_000, 70), "opus.webm": ("libopus", 48_000, 3),
    "mp2.ts": ("mp2", 48_000, 10),
    "ac3.mkv": ("ac3", 48_000, 10), "pcm.avi": ("pcm_s16le", 16_000, 70),
    "pcm.mov": ("pcm_s16be", 16_000, 70), "mp3.flv": ("libmp3lame", 44_100, 6),
    "wavpack.wv": ("wavpack", 16_000, 40), "tta.tta": ("tta", 16_000, 40),
    "wma.wma": ("wmav2", 44_100, 6),
}  # fmt: skip
"""File to its codec, its sample rate, and the least ratio of signal to error in dB. Two take the
first format of their encoder, 8 bits."""


@dataclass(frozen=True)
class Made:
    """A recording: its file, its rate, and the least ratio of signal to error in dB."""

    path: Path
    rate: int
    ratio: float

    @property
    def source(self) -> NDArray[np.float64]:
        """What it was made from."""
        return sweep(self.rate)


def sweep(rate: int) -> NDArray[np.float64]:
    """One second of three tones that rise to 2.4 kHz, faded at both ends, (samples,)."""
    time = np.arange(rate) / rate
    tones = sum(np.sin(2 * np.pi * k * (150 * time + 325 * time**2)) / k for k in (1, 2, 3))
    fade = np.minimum(1, 20 * np.minimum(time, 1 - time))
    waveform: NDArray[np.float64] = 0.4 * fade * tones
    return waveform


def by_soundfile(folder: Path) -> Iterator[Made]:
    """Yield one of each format and subtype that this libsndfile writes."""
    for form in sorted(set(soundfile.available_formats()) - set(NOT_TRIED)):
        for subtype in soundfile.available_subtypes(form):
            rate = RATES.get(form, 8_000)
            path = folder / f"{form}_{subtype}.{EXTENSIONS.get(form, form)}".lower()
            try:
                soundfile.write(path, sweep(rate), rate, format=form, subtype=subtype)
            except soundfile.LibsndfileError:  # it is in the list and cannot be written
                path.unlink(missing_ok=True)
                continue
            yield Made(path, rate, LOSSY.get(subtype, 55))


def by_pyav(folder: Path) -> Iterator[Made]:
    """Yield one of each of `CONTAINERS`."""
    for name, (codec, rate, ratio) in CONTAINERS.items():
        with av.open(str(folder / name), "w") as container:
            stream = container.add_stream(codec, rate=rate, layout="mono")
            stream.bit_rate = 96_000  # where the codec asks for one
            frame = av.AudioFrame.from_ndarray(sweep(rate)[None].astype(np.float32), "fltp", "mono")
            frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), 0
            queue = av.AudioFifo()
            for converted in av.AudioResampler(stream.format, "mono", rate).resample(frame):
                queue.write(converted)
            while (part := queue.read(stream.frame_size or 1024, partial=True)) is not None:
                container.mux(stream.encode(part))
            container.mux(stream.encode(None))
        yield Made(folder / name, rate, ratio)


def chunk(name: bytes, content: bytes, size: int | None = None) -> bytes:
    """A chunk of RIFF, whose header may state another size than it has."""
    n_bytes = len(content) if size is None else size
    return name + struct.pack("<I", n_bytes) + content + bytes(len(content) % 2)


def odd_headers(folder: Path) -> Iterator[Made]:
    """Yield WAV of 16 kHz with headers that are odd and in use."""
    plain = struct.pack("<HHIIHH", 1, 1, 16_000, 32_000, 2, 16)
    form, note = chunk(b"fmt ", plain), chunk(b"LIST", b"INFOINAM\3\0\0\0dog\0")
    pcm = np.round(sweep(16_000) * 32_767).astype("<i2").tobytes()
    data = chunk(b"data", pcm)
    parts: dict[str, tuple[bytes, int | None]] = {
        "notes": (note + form + data + note + chunk(b"zzzz", b"abc"), None),
        "junk": (chunk(b"JUNK", bytes(27)) + form + data, None),
        "longer form": (chunk(b"fmt ", plain + bytes(2)) + data, None),
        "never filled in": (form + chunk(b"data", pcm, 0), 0),
        "filled in at first": (form + chunk(b"data", pcm, 0), 36),
        "streamed": (form + chunk(b"data", pcm, 0xFFFFFFFF), 0xFFFFFFFF),
    }  # fmt: skip
    for name, (chunks, size) in parts.items():
        path = folder / f"{name}.wav"
        path.write_bytes(chunk(b"RIFF", b"WAVE" + chunks, size))
        yield Made(path, 16_000, 70)
    path = folder / "behind the end.wav"
    path.write_bytes(chunk(b"RIFF", b"WAVE" + form + data) + b"text that belongs to no chunk")
    yield Made(path, 16_000, 70)
