"""Synthetic speech: espeak-ng in many languages, voices, speeds and pitches.

Every language reads numbers natively; English gets sentences too, the others words made of
syllables. What is said does not matter to a tagger, how it sounds does.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from panns_inference.training.distillation.recordings import decode

from . import SAMPLE_RATE

SENTENCES = (
    "Good morning, and welcome to the evening news.",
    "The train on platform four is delayed by ten minutes.",
    "Could you please turn the music down a little?",
    "I do not think that he will come back before the winter.",
    "Ladies and gentlemen, please fasten your seat belts.",
    "Hello? Hello! Is anybody there?",
    "No, no, no, that is not what I said at all!",
    "One, two, three, four, and off we go.",
    "She walked down to the river, and the dog ran ahead of her.",
    "In the beginning, the recipe asks for two eggs and some flour.",
    "Watch out! Run! The bridge is falling!",
    "The committee will meet again on Thursday to discuss the report.",
    "Once upon a time there lived a king who had three daughters.",
    "Press one for sales, press two for support, or stay on the line.",
    "It is raining again, and the wind is getting stronger.",
    "Ha ha ha, that was a very good joke, tell me another one.",
)
SYLLABLES = ("ka", "lo", "mi", "ren", "tu", "sha", "bel", "no", "va", "ri", "del", "su", "pan", "e")
LANGUAGES = (
    *("en-us", "en-gb", "en-gb-scotland", "en-029", "en-us-nyc", "de", "fr-fr", "es", "es-419"),
    *("it", "pt", "pt-br", "nl", "sv", "da", "nb", "fi", "pl", "cs", "sk", "hu", "ro", "ru", "uk"),
    *("el", "tr", "ar", "fa", "hi", "bn", "ta", "te", "ur", "ja", "ko", "cmn", "yue", "vi", "id"),
    *("sw", "am", "ka", "hy", "he", "th", "eu", "cy", "ga", "is", "lt", "lv", "et", "sq", "la"),
)
VARIANTS = (
    *("", "", "+f1", "+f2", "+f3", "+f4", "+f5", "+m1", "+m2", "+m3", "+m4", "+m5", "+m6", "+m7"),
    *("+whisper", "+whisperf", "+croak", "+klatt", "+klatt2", "+klatt3", "+grandpa", "+Demonic"),
    *("+belinda", "+steph", "+Annie", "+Alicia", "+linda", "+michael", "+robosoft", "+anika"),
)


def speech(n_recordings: int, seed: int) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Utterances of some 3 to 10 seconds.

    Args:
        n_recordings: how many.
        seed: of what is drawn.
    """
    for number in range(n_recordings):
        draw = np.random.default_rng((seed, number))
        language = LANGUAGES[number % len(LANGUAGES)]
        voice = language + str(draw.choice(VARIANTS))
        yield f"speech/{number:04d}-{voice}", _spoken(_text(language, draw), voice, draw)


def _text(language: str, draw: np.random.Generator) -> str:
    if language.startswith("en"):
        return " ".join(draw.choice(SENTENCES, 2, replace=False))
    words = ["".join(draw.choice(SYLLABLES, draw.integers(1, 4))) for _ in range(8)]
    numbers = [str(draw.integers(1, 10 ** draw.integers(1, 5))) for _ in range(4)]
    return " ".join(draw.permutation([*words, *numbers])) + str(draw.choice((".", "?", "!")))


def _spoken(text: str, voice: str, draw: np.random.Generator) -> NDArray[np.float32]:
    speed, pitch = draw.integers(110, 240), draw.integers(10, 95)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        options = ("-v", voice, "-s", str(speed), "-p", str(pitch), "-w", str(path))
        subprocess.run(["espeak-ng", *options, text], check=True, capture_output=True)
        return decode(path, SAMPLE_RATE)
