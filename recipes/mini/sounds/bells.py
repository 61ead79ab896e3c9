"""Bells, telephones, alarms and horns, from formulas: things that ring.

A bell is a set of inharmonic partials that die away; what strikes it makes it a telephone, an
alarm, a church or a bicycle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from . import SAMPLE_RATE

Draw = np.random.Generator
Waveform = NDArray[np.float64]

N_SAMPLES = 8 * SAMPLE_RATE
TIME: Waveform = np.arange(N_SAMPLES) / SAMPLE_RATE
# Frequencies of partials by that of the strongest.
GONG = (1.0, 1.52, 2.05, 2.76, 3.41, 4.28, 5.4, 6.7)
CHURCH = (0.5, 1.0, 1.19, 1.5, 2.0, 2.51, 2.66, 3.01, 4.1, 5.4)
BAR = (1.0, 2.76, 5.4, 8.93)
# Seconds on, off, on, off.
CADENCES = ((2, 4, 2, 4), (0.4, 0.2, 0.4, 2), (1, 3, 1, 3), (1.5, 1.5, 1.5, 1.5), (8, 0, 0, 0))
# Hertz of the tones in a telephone's receiver, and their cadence.
RECEIVER = (
    ((440, 480), (2, 4, 2, 4)),
    ((400, 450), (0.4, 0.2, 0.4, 2)),
    ((425, 425), (1, 4, 1, 4)),
    ((480, 620), (0.5, 0.5, 0.5, 0.5)),
    ((425, 425), (0.25, 0.25, 0.25, 0.25)),
    ((350, 440), (8, 0, 0, 0)),
)


def bells(n_recordings: int, seed: int) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Eight seconds each, the kinds in turn.

    Args:
        n_recordings: how many.
        seed: of what is drawn.
    """
    for number in range(n_recordings):
        kind = KINDS[number % len(KINDS)]
        waveform = kind(np.random.default_rng((seed, number)))
        scaled = waveform / (np.abs(waveform).max() + 1e-9) * 0.7
        yield f"bell/{number:04d}-{kind.__name__}", scaled.astype(np.float32)


def telephone(draw: Draw) -> Waveform:
    """Two gongs, struck in turn some twenty times a second, in bursts; a body that resounds."""
    hertz = draw.uniform(700, 1900)
    rate = draw.uniform(18, 27)
    burst = _cadence(draw, CADENCES[draw.integers(len(CADENCES))])
    out = np.zeros(N_SAMPLES)
    for gong, ratio in enumerate((1.0, draw.uniform(1.05, 1.35))):
        struck = _strikes(draw, rate / 2, gong / rate, 0.15) * burst
        out += _rung(struck, _bell(draw, hertz * ratio, GONG, draw.uniform(0.15, 0.7)))
    clapper = _rung(_strikes(draw, rate, 0, 0.3) * burst, _knock(draw))
    return _small_speaker(out + draw.uniform(0, 0.4) * clapper * np.abs(out).max(), draw, 0.3)


def warble(draw: Draw) -> Waveform:
    """An electronic ringer: two or three tones in quick turns, in bursts."""
    hertz = draw.uniform(500, 1600) * np.array((1, draw.uniform(1.1, 1.4), draw.uniform(1.2, 1.7)))
    turn = (TIME * draw.uniform(12, 50)).astype(int) % draw.integers(2, 4)
    phase = np.cumsum(hertz[turn]) / SAMPLE_RATE
    harmonics = sum(np.sin(2 * np.pi * k * phase) / k ** draw.uniform(0.8, 2) for k in (1, 2, 3, 5))
    burst = _cadence(draw, CADENCES[draw.integers(len(CADENCES))])
    return _small_speaker(harmonics * burst, draw, 1.0)


def melody(draw: Draw) -> Waveform:
    """A mobile telephone: a motif of quick notes, again and again, with pauses."""
    scale = np.array((0, 2, 4, 5, 7, 9, 11, 12, 14, 16))
    length = draw.uniform(0.07, 0.2)
    motif = scale[draw.integers(len(scale), size=draw.integers(4, 17))]
    cycle = len(motif) + int(draw.integers(0, 9))
    place = (TIME / length).astype(int) % cycle
    sounds = place < len(motif)
    pitch = draw.uniform(500, 1400) * 2 ** (motif[np.minimum(place, len(motif) - 1)] / 12)
    decay = np.exp(-(TIME % length) * draw.uniform(0, 25))
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    tone = np.sin(phase + draw.uniform(0, 3) * np.sin(phase * draw.integers(1, 4)))
    return _small_speaker(tone * decay * sounds, draw, 0.8)


def receiver(draw: Draw) -> Waveform:
    """What one hears when one calls: ringing, engaged, the dialling tone."""
    tones, cadence = RECEIVER[draw.integers(len(RECEIVER))]
    tone = sum(np.sin(2 * np.pi * hertz * TIME) for hertz in tones)
    noise = draw.standard_normal(N_SAMPLES) * 10 ** draw.uniform(-4, -1.5)
    return _band(tone * _cadence(draw, cadence) + noise, 300, 3400)


def alarm(draw: Draw) -> Waveform:
    """A bell that is struck without a pause: fire, school, an alarm clock."""
    hertz, rate = 10 ** draw.uniform(2.6, 3.5), draw.uniform(8, 30)
    response = _bell(draw, hertz, GONG, draw.uniform(0.1, 1.0))
    length = draw.choice((2.0, 4.0, 8.0))
    start = draw.uniform(0, 8 - length + 0.01)
    struck = _strikes(draw, rate, 0, 0.2) * (np.abs(TIME - start - length / 2) <= length / 2)
    return _rung(struck, response)


def buzzer(draw: Draw) -> Waveform:
    """A clock's or a machine's beeps in groups, with the harmonics of a buzzer."""
    hertz = draw.choice((1000, 1500, 2048, 2400, 2700, 3100, 4096)) * draw.uniform(0.95, 1.05)
    beep, pause = draw.uniform(0.04, 0.15), draw.uniform(0.03, 0.1)
    group = draw.integers(1, 6)
    period = group * (beep + pause) + draw.uniform(0.0, 0.8)
    place = TIME % period
    on = (place % (beep + pause) < beep) & (place < group * (beep + pause))
    tone = np.sin(2 * np.pi * hertz * TIME)
    return _small_speaker(np.tanh(tone * draw.uniform(0.5, 6)) * on, draw, 0.5)


def church(draw: Draw) -> Waveform:
    """One to three large bells, slowly."""
    out = np.zeros(N_SAMPLES)
    for _ in range(draw.integers(1, 4)):
        response = _bell(draw, 10 ** draw.uniform(2.2, 2.9), CHURCH, draw.uniform(2, 8))
        out += _rung(_strikes(draw, draw.uniform(0.3, 1.5), draw.uniform(0, 1), 0.2), response)
    return out


def small(draw: Draw) -> Waveform:
    """A bell on a bicycle, a counter or a cow; struck singly or trilled."""
    response = _bell(draw, 10 ** draw.uniform(2.7, 3.7), GONG, 10 ** draw.uniform(-1, 0.4))
    single = _strikes(draw, draw.uniform(0.3, 3), draw.uniform(0, 1), 0.5)
    trill = _strikes(draw, draw.uniform(12, 30), 0, 0.2) * (TIME % draw.uniform(0.8, 3) < 0.4)
    return _rung(single if draw.random() < 0.6 else trill, response)


def jingle(draw: Draw) -> Waveform:
    """Many tiny bells or keys, shaken in a rhythm."""
    shake = np.exp(-(TIME % draw.uniform(0.2, 0.7)) * draw.uniform(3, 15))
    out = np.zeros(N_SAMPLES)
    for _ in range(8):
        hits = (draw.random(N_SAMPLES) < draw.uniform(5, 30) * shake / SAMPLE_RATE) * 1.0
        hits *= draw.random(N_SAMPLES)
        out += _rung(hits, _bell(draw, 10 ** draw.uniform(3.3, 4), GONG, draw.uniform(0.05, 0.4)))
    return out


def chimes(draw: Draw) -> Waveform:
    """A door's two notes, or a rack of bars in the wind."""
    out, base = np.zeros(N_SAMPLES), draw.uniform(350, 1400)
    door = draw.random() < 0.5
    steps = (4, 0) if door else draw.choice((0, 2, 4, 7, 9, 12, 14), 5)
    start, seconds = draw.uniform(0, 3), draw.uniform(0.6, 3)
    for position, step in enumerate(steps):
        response = _bell(draw, base * 2 ** (step / 12), BAR, seconds)
        if door:
            struck = np.zeros(N_SAMPLES)
            struck[int((start + position * 0.7) * SAMPLE_RATE)] = 1
            struck[int((start + 3 + position * 0.7) * SAMPLE_RATE)] = draw.integers(2)
        else:
            struck = _strikes(draw, draw.uniform(0.3, 2), draw.uniform(0, 2), 1.0)
        out += _rung(struck, response)
    return out


def horn(draw: Draw) -> Waveform:
    """A vehicle's horn: one or two reeds, blown a few times."""
    on = np.zeros(N_SAMPLES)
    for start in draw.uniform(0, 7, draw.integers(1, 5)):
        on[(start <= TIME) & (start + draw.uniform(0.15, 2) > TIME)] = 1
    on = np.convolve(on, np.hanning(1200) / 600, "same")
    hertz = draw.uniform(110, 600)
    out = np.zeros(N_SAMPLES)
    for ratio in (1, draw.choice((1.0, 1.19, 1.26, 1.5))):
        phase = 2 * np.pi * hertz * ratio * TIME
        out += sum(np.sin(k * phase) * draw.uniform(0.3, 1) / k**0.7 for k in range(1, 15))
    return out * on


def _strikes(draw: Draw, rate: float, delay: float, spread: float) -> Waveform:
    # Impulses of about that rate; times and strengths vary by `spread`.
    times = delay + (np.arange(int(8 * rate) + 1) + draw.normal(0, 0.1 * spread)) / rate
    times += draw.normal(0, 0.2 * spread, len(times)) / rate
    places = (times[(times >= 0) & (times < 8)] * SAMPLE_RATE).astype(int)
    out = np.zeros(N_SAMPLES)
    out[places] = np.exp(draw.normal(0, spread, len(places)))
    return out


def _bell(draw: Draw, hertz: float, partials: tuple[float, ...], seconds: float) -> Waveform:
    # Each partial is a pair that beats; higher ones are weaker and die sooner.
    out = np.zeros(N_SAMPLES)
    for number, ratio in enumerate(partials):
        pitch = hertz * ratio * draw.uniform(0.97, 1.03)
        if pitch > 15000:
            continue
        decay = np.exp(-TIME * 3 / (seconds * draw.uniform(0.5, 1.5)) * ratio**0.7)
        beat = draw.uniform(0, 3)
        pair = np.sin(2 * np.pi * pitch * TIME) + np.sin(2 * np.pi * (pitch + beat) * TIME)
        out += decay * pair * draw.uniform(0.3, 1) / (1 + number) ** draw.uniform(0.2, 1)
    return out


def _knock(draw: Draw) -> Waveform:
    ring = np.exp(-TIME * draw.uniform(150, 600)) * np.sin(
        2 * np.pi * draw.uniform(200, 900) * TIME
    )
    return ring + np.exp(-TIME * 1500) * draw.standard_normal(N_SAMPLES) * 0.5


def _rung(struck: Waveform, response: Waveform) -> Waveform:
    spectrum = np.fft.rfft(struck, 2 * N_SAMPLES) * np.fft.rfft(response, 2 * N_SAMPLES)
    return np.fft.irfft(spectrum)[:N_SAMPLES]


def _cadence(draw: Draw, seconds: tuple[float, ...]) -> Waveform:
    on, off, _, pause = seconds
    place = (TIME + draw.uniform(0, sum(seconds))) % sum(seconds)
    second = (place >= on + off) & (place < sum(seconds) - pause)
    return ((place < on) | second) * 1.0


def _small_speaker(waveform: Waveform, draw: Draw, chance: float) -> Waveform:
    if draw.random() >= chance:
        return waveform
    return _band(waveform, draw.uniform(200, 900), draw.uniform(3000, 10000))


def _band(waveform: Waveform, low: float, high: float) -> Waveform:
    hertz = np.fft.rfftfreq(N_SAMPLES, 1 / SAMPLE_RATE) + 1e-9
    gain = 1 / (1 + (low / hertz) ** 4) / (1 + (hertz / high) ** 6)
    return np.fft.irfft(np.fft.rfft(waveform) * gain, N_SAMPLES)


KINDS: tuple[Callable[[Draw], Waveform], ...] = (
    *(telephone, warble, melody, receiver, alarm, buzzer),
    *(church, small, jingle, chimes, horn, telephone),
)
