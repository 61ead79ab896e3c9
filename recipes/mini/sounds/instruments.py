"""Instruments and small pieces of music: FluidSynth with a General MIDI sound font.

A piece is a list of notes, written as a MIDI file by hand: format 0, 480 ticks a beat, 120
beats a minute, so that a second has 960 ticks.
"""

from __future__ import annotations

import struct
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from panns_inference.training.distillation.recordings import decode

from . import SAMPLE_RATE

SOUND_FONT = "/usr/share/sounds/sf2/FluidR3_GM.sf2"
DRUMS = 9
SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9), (0, 3, 5, 6, 7, 10))


class Note(NamedTuple):
    """One note of a piece; times in seconds."""

    onset: float
    duration: float
    channel: int
    pitch: int
    velocity: int


def instruments(n_songs: int, seed: int) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Each of the 128 programs alone, twice, 40 drum patterns, and songs of four parts.

    Args:
        n_songs: how many songs.
        seed: of what is drawn.
    """
    for program in range(128):
        for take, part in enumerate((_melody, _chords)):
            draw = np.random.default_rng((seed, program, take))
            yield f"instrument/{program:03d}-{take}", _rendered({0: program}, part(draw, 0))
    for number in range(40):
        draw = np.random.default_rng((seed, 200, number))
        kit = int(draw.choice((0, 8, 16, 24, 25, 32, 40, 48)))
        yield f"drums/{number:03d}", _rendered({DRUMS: kit}, _drums(draw))
    for number in range(n_songs):
        draw = np.random.default_rng((seed, 300, number))
        programs = {
            0: int(draw.integers(128)),
            1: int(draw.integers(56)),
            2: int(draw.integers(32, 40)),
            DRUMS: int(draw.choice((0, 8, 16, 24, 25, 32, 40))),
        }
        parts = (_melody(draw, 0), _chords(draw, 1), _bass(draw), _drums(draw))
        yield f"song/{number:03d}", _rendered(programs, [n for part in parts for n in part])


def _melody(draw: np.random.Generator, channel: int) -> list[Note]:
    scale, key = SCALES[draw.integers(len(SCALES))], int(draw.integers(40, 68))
    step = float(draw.choice((0.125, 0.25, 0.25, 0.5, 1.0)))
    degree, notes = 0, []
    for onset in np.arange(0, 8, step):
        degree = int(np.clip(degree + draw.integers(-2, 3), -5, 9))
        if draw.random() < 0.85:
            pitch = key + 12 * (degree // len(scale)) + scale[degree % len(scale)]
            held = step * draw.uniform(0.5, 1.2)
            notes.append(Note(onset, held, channel, pitch, int(draw.integers(50, 127))))
    return notes


def _chords(draw: np.random.Generator, channel: int) -> list[Note]:
    scale, key = SCALES[draw.integers(2)], int(draw.integers(45, 62))
    step = float(draw.choice((0.5, 1.0, 2.0)))
    notes = []
    for onset in np.arange(0, 8, step):
        root = int(draw.choice((0, 3, 4, 5)))
        for third in (0, 2, 4):
            degree = root + third
            pitch = key + 12 * (degree // 7) + scale[degree % 7]
            notes.append(Note(onset, step * 0.95, channel, pitch, int(draw.integers(50, 110))))
    return notes


def _bass(draw: np.random.Generator) -> list[Note]:
    root, pattern = int(draw.integers(28, 42)), draw.choice((0, 0, 5, 7, 12), 8)
    times = np.arange(0, 8, 0.5)
    return [Note(t, 0.45, 2, root + int(pattern[i % 8]), 100) for i, t in enumerate(times)]


def _drums(draw: np.random.Generator) -> list[Note]:
    density = draw.uniform(0.15, 0.6)
    kit = [36, 38, 42, *draw.choice(np.arange(35, 82), 4)]
    pattern = draw.random((len(kit), 16)) < density * draw.uniform(0.2, 1, (len(kit), 1))
    step = float(draw.choice((0.1, 0.125, 0.15)))
    return [
        Note(onset, 0.1, DRUMS, int(drum), int(draw.integers(60, 127)))
        for i, onset in enumerate(np.arange(0, 8, step))
        for drum, hits in zip(kit, pattern, strict=True)
        if hits[i % 16]
    ]


def _rendered(programs: dict[int, int], notes: list[Note]) -> NDArray[np.float32]:
    with tempfile.TemporaryDirectory() as folder:
        midi, wav = Path(folder) / "piece.mid", Path(folder) / "piece.wav"
        midi.write_bytes(_midi(programs, notes))
        options = ("-ni", "-q", "-r", str(SAMPLE_RATE), "-g", "0.8", "-F", str(wav))
        subprocess.run(
            ["fluidsynth", *options, SOUND_FONT, str(midi)], check=True, capture_output=True
        )
        return decode(wav, SAMPLE_RATE)


def _midi(programs: dict[int, int], notes: list[Note]) -> bytes:
    events = [(0, 0, bytes((0xC0 | channel, program))) for channel, program in programs.items()]
    for note in notes:
        on, off = round(note.onset * 960), round((note.onset + note.duration) * 960)
        events.append((on, 2, bytes((0x90 | note.channel, note.pitch, note.velocity))))
        events.append((off, 1, bytes((0x80 | note.channel, note.pitch, 0))))
    track, now = b"", 0
    for tick, _, message in sorted(events):
        track += _variable(tick - now) + message
        now = tick
    track += b"\x00\xff\x2f\x00"
    header = b"MThd" + struct.pack(">IHHH", 6, 0, 1, 480)
    return header + b"MTrk" + struct.pack(">I", len(track)) + track


def _variable(number: int) -> bytes:
    # Seven bits a byte, the highest bit set in all but the last.
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(0x80 | number & 0x7F)
    return bytes(reversed(digits))
