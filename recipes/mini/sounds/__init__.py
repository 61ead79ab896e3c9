"""Sounds that the recipe makes itself: speech, instruments, tones and noises.

Each module offers a generator of (name, waveform at 32 kHz); the same seed gives the same sounds.
"""

SAMPLE_RATE = 32000
