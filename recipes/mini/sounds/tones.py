"""Tones, signals, noises and silence, from formulas."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from . import SAMPLE_RATE

Draw = np.random.Generator
Waveform = NDArray[np.float64]

N_SAMPLES = 6 * SAMPLE_RATE
TIME: Waveform = np.arange(N_SAMPLES) / SAMPLE_RATE
SHAPES: tuple[Callable[[Waveform], Waveform], ...] = (
    np.sin,
    lambda phase: np.sign(np.sin(phase)) * 0.5,
    lambda phase: phase / np.pi % 2 - 1,
    lambda phase: np.abs(phase / np.pi % 2 - 1) * 2 - 1,
)
DTMF = ((697, 770, 852, 941), (1209, 1336, 1477))
RINGS = ((440, 480), (400, 450), (350, 440), (1400, 1850), (660, 880))


def tones(n_recordings: int, seed: int) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Six seconds each, the kinds in turn.

    Args:
        n_recordings: how many.
        seed: of what is drawn.
    """
    for number in range(n_recordings):
        kind = KINDS[number % len(KINDS)]
        waveform = kind(np.random.default_rng((seed, number)))
        level = np.abs(waveform).max() + 1e-9
        scaled = waveform / level * 0.7 if kind is not silence else waveform
        yield f"tone/{number:04d}-{kind.__name__}", scaled.astype(np.float32)


def silence(draw: Draw) -> Waveform:
    """Nothing, or noise at -90 to -50 dB."""
    return draw.standard_normal(N_SAMPLES) * draw.choice((0, 10 ** draw.uniform(-4.5, -2.5)))


def steady(draw: Draw) -> Waveform:
    """A tone of one of four shapes."""
    return _shape(draw)(2 * np.pi * _pitch(draw) * TIME)


def sweep(draw: Draw) -> Waveform:
    """A tone that glides from one pitch to another, once or again and again."""
    low, high = _pitch(draw), _pitch(draw)
    place = TIME / draw.uniform(0.2, 6) % 1
    return _shape(draw)(_phase(low * (high / low) ** place))


def beeps(draw: Draw) -> Waveform:
    """Short equal tones, as of an alarm clock or a reversing lorry."""
    period = draw.uniform(0.08, 1.2)
    return steady(draw) * (TIME % period < period * draw.uniform(0.2, 0.8))


def siren(draw: Draw) -> Waveform:
    """A pitch that goes up and down, or to and fro between two values."""
    centre, rate = draw.uniform(500, 1500), draw.uniform(0.15, 6)
    bend = np.sin(2 * np.pi * rate * TIME)
    bend = np.sign(bend) if draw.random() < 0.4 else bend
    harmonics = _phase(centre * (1 + draw.uniform(0.1, 0.4) * bend))
    return np.asarray(np.sin(harmonics) + 0.4 * np.sin(2 * harmonics) + 0.2 * np.sin(3 * harmonics))


def dialling(draw: Draw) -> Waveform:
    """Digits of a telephone's keypad."""
    length = draw.uniform(0.08, 0.4)
    key = (TIME // length).astype(int)
    low, high = (draw.choice(group, key[-1] + 1)[key] for group in DTMF)
    on = TIME % length < length * 0.6
    return (np.sin(2 * np.pi * low * TIME) + np.sin(2 * np.pi * high * TIME)) * on


def ringing(draw: Draw) -> Waveform:
    """A telephone: two tones, chopped quickly, in bursts."""
    first, second = RINGS[draw.integers(len(RINGS))]
    chop = np.sin(2 * np.pi * draw.uniform(10, 30) * TIME) > 0
    burst = TIME % draw.uniform(1, 4) < draw.uniform(0.4, 2)
    return _shape(draw)(2 * np.pi * np.where(chop, first, second) * TIME) * burst


def strikes(draw: Draw) -> Waveform:
    """Decaying partials, struck a few times: bells, bars, glasses."""
    partials = _pitch(draw) * np.cumsum(draw.uniform(0.3, 1.6, 6))
    out = np.zeros(N_SAMPLES)
    for onset in np.sort(draw.integers(0, N_SAMPLES, draw.integers(1, 10))):
        time = TIME[: N_SAMPLES - onset]
        for partial in partials[partials < 15000]:
            decay = np.exp(-time * draw.uniform(1, 30))
            out[onset:] += decay * np.sin(2 * np.pi * partial * time) * draw.random()
    return out


def clicks(draw: Draw) -> Waveform:
    """Impulses, regular (a clock) or at random (a crackle), through a resonance."""
    rate = 10 ** draw.uniform(0, 2.3)
    hits = draw.random(N_SAMPLES) < rate / SAMPLE_RATE
    if draw.random() < 0.5:
        hits = np.arange(N_SAMPLES) % int(SAMPLE_RATE / rate) == 0
    ring = np.exp(-TIME * draw.uniform(60, 2000)) * np.cos(2 * np.pi * _pitch(draw) * TIME)
    spectrum = np.fft.rfft(hits * draw.random(N_SAMPLES)) * np.fft.rfft(ring)
    return np.fft.irfft(spectrum, N_SAMPLES)


def noise(draw: Draw) -> Waveform:
    """Noise of any colour, steady."""
    return _coloured(draw, draw.uniform(-2, 0.5))


def gusts(draw: Draw) -> Waveform:
    """Noise that swells and falls: wind, waves, traffic, steam."""
    speed = 10 ** draw.uniform(-0.7, 1.3)
    swell = 0.5 + 0.5 * np.sin(2 * np.pi * speed * TIME + draw.uniform(0, 6))
    return _coloured(draw, draw.uniform(-2, 0.3)) * swell ** draw.uniform(0.5, 4)


def engine(draw: Draw) -> Waveform:
    """A low harmonic tone that speeds up and slows down, with noise."""
    wander = np.cumsum(draw.standard_normal(7)) * draw.uniform(0, 0.25)
    phase = _phase(10 ** draw.uniform(1.2, 2.4) * np.exp(np.interp(TIME, np.arange(7), wander)))
    tones = sum(np.sin(k * phase + draw.uniform(0, 6)) * draw.random() / k for k in range(1, 16))
    return np.asarray(tones + draw.uniform(0, 0.5) * _coloured(draw, -1))


def hum(draw: Draw) -> Waveform:
    """Mains hum and its harmonics."""
    mains = draw.choice((50, 60))
    weights = draw.random(12) ** 3
    return np.asarray(
        sum(w * np.sin(2 * np.pi * mains * k * TIME) for k, w in enumerate(weights, 1))
    )


def chirps(draw: Draw) -> Waveform:
    """Short rising or falling whistles in groups: birds, crickets, toys."""
    out, onset = np.zeros(N_SAMPLES), 0
    low, bend = draw.uniform(800, 6000), draw.uniform(-0.6, 1.2)
    length = int(draw.uniform(0.02, 0.4) * SAMPLE_RATE)
    shape = np.hanning(length) * np.sin(_phase(low * (1 + bend * np.linspace(0, 1, length) ** 2)))
    while onset + length < N_SAMPLES:
        out[onset : onset + length] += shape * draw.uniform(0.4, 1)
        pause = draw.uniform(0.2, 8) if draw.random() < 0.3 else draw.uniform(0.1, 0.6)
        onset += int(length * (1 + pause))
    return out


def _pitch(draw: Draw) -> float:
    return float(10 ** draw.uniform(1.7, 4))


def _shape(draw: Draw) -> Callable[[Waveform], Waveform]:
    return SHAPES[draw.integers(len(SHAPES))]


def _phase(hertz: Waveform) -> Waveform:
    return 2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE


def _coloured(draw: Draw, slope: float) -> Waveform:
    spectrum = np.fft.rfft(draw.standard_normal(N_SAMPLES))
    hertz = np.fft.rfftfreq(N_SAMPLES, 1 / SAMPLE_RATE) + 20
    low, high = np.sort(10 ** draw.uniform(1, 4.2, 2))
    band = 1 / (1 + (low / hertz) ** 4) / (1 + (hertz / (high * 2)) ** 4)
    noise = np.fft.irfft(spectrum * hertz**slope * band, N_SAMPLES)
    return np.asarray(noise / (noise.std() + 1e-12) * 0.2)


KINDS: tuple[Callable[[Draw], Waveform], ...] = (
    *(steady, sweep, beeps, siren, dialling, ringing, strikes, clicks),
    *(noise, gusts, engine, hum, chirps, noise, gusts, silence),
)
