"""Augmentation of waveforms: each function takes (samples,) float32 and a random generator.

All of them keep the length, except `resampled`, which changes it with the speed.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Waveform = NDArray[np.float32]
    Draw = np.random.Generator


def fitted(waveform: Waveform, n_samples: int, draw: Draw) -> Waveform:
    """Return a random stretch of that length, or the whole at a random place in silence.

    Args:
        waveform: (samples,).
        n_samples: length of the result.
        draw: random generator.
    """
    spare = len(waveform) - n_samples
    if spare >= 0:
        start = int(draw.integers(spare + 1))
        return waveform[start : start + n_samples]
    before = int(draw.integers(-spare + 1))
    return np.pad(waveform, (before, -spare - before))


def with_level(waveform: Waveform, decibel: float) -> Waveform:
    """Return the waveform scaled to a level; silence stays silence.

    Args:
        waveform: (samples,).
        decibel: wanted root mean square of its loudest tenth of a second or so, re full scale.
    """
    frames = waveform[: len(waveform) // 3200 * 3200].reshape(-1, 3200)
    power = (
        float(np.square(frames).mean(axis=1).max())
        if len(frames)
        else float(np.square(waveform).mean())
    )
    return waveform * np.float32(10 ** (decibel / 20) / max(power, 1e-10) ** 0.5)


def mixed(waveforms: list[Waveform], decibels: list[float]) -> Waveform:
    """Return the sum of waveforms of one length, each at its level.

    Args:
        waveforms: (samples,) each.
        decibels: level of each, see `with_level`.
    """
    total = np.zeros_like(waveforms[0])
    for waveform, decibel in zip(waveforms, decibels, strict=True):
        total += with_level(waveform, decibel)
    return total


def replaced(outer: Waveform, inner: Waveform, span: tuple[int, int], fade: int) -> Waveform:
    """Return a waveform with a stretch of another in it, cross-faded.

    Args:
        outer: (samples,).
        inner: of the same length.
        span: first sample of the stretch, and last plus one.
        fade: samples of each cross-fade, inside the stretch.
    """
    inside = np.zeros(len(outer), np.float32)
    inside[span[0] : span[1]] = 1
    edge = np.minimum(np.arange(1, span[1] - span[0] + 1) / (fade + 1), 1).astype(np.float32)
    inside[span[0] : span[1]] *= edge * edge[::-1]
    return outer + (inner - outer) * inside


def resampled(waveform: Waveform, speed: float) -> Waveform:
    """Return the waveform played faster or slower, which changes pitch and length.

    Args:
        waveform: (samples,).
        speed: 2 is an octave higher and half as long.
    """
    places = np.arange(0, len(waveform) - 1, speed)
    left = places.astype(np.int64)
    weight = (places - left).astype(np.float32)
    return waveform[left] * (1 - weight) + waveform[left + 1] * weight


def equalised(waveform: Waveform, draw: Draw, spread: float = 8.0) -> Waveform:
    """Return the waveform filtered by a random smooth frequency response.

    Args:
        waveform: (samples,).
        draw: random generator.
        spread: standard deviation of the gain at eight frequencies an octave apart, in decibels.
    """
    spectrum = np.fft.rfft(waveform)
    octave = np.log2(np.linspace(1e-3, 1, len(spectrum)) * 512).clip(0, 8)
    decibel = np.interp(octave, np.arange(9), draw.normal(0, spread, 9))
    gain = (10 ** (decibel / 20)).astype(np.float32)
    return np.fft.irfft(spectrum * gain, len(waveform)).astype(np.float32)


def reverberated(waveform: Waveform, draw: Draw, sample_rate: int) -> Waveform:
    """Return the waveform with reverberation: convolved with decaying noise, plus the direct sound.

    Args:
        waveform: (samples,).
        draw: random generator.
        sample_rate: Hz.
    """
    seconds, wet = draw.uniform(0.1, 1.5), draw.uniform(0.05, 0.6)
    time = np.arange(int(seconds * sample_rate)) / sample_rate
    tail = draw.standard_normal(len(time)) * np.exp(-6.9 * time / seconds)
    tail *= wet / (np.sqrt(np.square(tail).sum()) + 1e-9)
    tail[0] += 1 - wet
    size = 1 << (len(waveform) + len(tail) - 1).bit_length()
    spectrum = np.fft.rfft(waveform, size) * np.fft.rfft(tail, size)
    return np.fft.irfft(spectrum, size)[: len(waveform)].astype(np.float32)


def quantised(waveform: Waveform, draw: Draw) -> Waveform:
    """Return the waveform quantised coarsely on a logarithmic scale, as in telephony.

    Args:
        waveform: (samples,).
        draw: random generator.
    """
    mu, levels = 255.0, 2.0 ** draw.integers(3, 8)
    peak = np.abs(waveform).max() + 1e-9
    compressed = np.sign(waveform) * np.log1p(mu * np.abs(waveform) / peak) / np.log1p(mu)
    steps = np.rint(compressed * levels) / levels
    expanded = np.sign(steps) * np.expm1(np.abs(steps) * np.log1p(mu)) / mu * peak
    return np.asarray(expanded, np.float32)


def band_limited(waveform: Waveform, draw: Draw, sample_rate: int) -> Waveform:
    """Return the waveform low-passed at a random frequency, and in half of the cases high-passed.

    As after a lower sample rate, or from a telephone or a small loudspeaker.

    Args:
        waveform: (samples,).
        draw: random generator.
        sample_rate: Hz.
    """
    top = 2 ** draw.uniform(11, 13.8)
    bottom = 2 ** draw.uniform(6, 9.3) if draw.random() < 0.5 else 0
    spectrum = np.fft.rfft(waveform)
    spectrum[int(top / sample_rate * len(waveform)) :] = 0
    spectrum[: int(bottom / sample_rate * len(waveform))] = 0
    return np.fft.irfft(spectrum, len(waveform)).astype(np.float32)


def coded(waveform: Waveform, draw: Draw, sample_rate: int) -> Waveform:
    """Return the waveform encoded as MP3 or Vorbis at low quality, and decoded.

    Args:
        waveform: (samples,).
        draw: random generator.
        sample_rate: Hz.
    """
    import soundfile

    kind, subtype = (("MP3", "MPEG_LAYER_III"), ("OGG", "VORBIS"))[draw.integers(2)]
    quality = float(draw.uniform(0.7, 0.99))
    file = io.BytesIO()
    soundfile.write(file, waveform, sample_rate, subtype, format=kind, compression_level=quality)
    file.seek(0)
    decoded, _ = soundfile.read(file, dtype="float32")
    return np.pad(decoded, (0, max(0, len(waveform) - len(decoded))))[: len(waveform)]
