"""Ways to present a short sound to a tagger: what is around it changes what it is taken for.

as it is      |###|
in the middle |    ###    |
behind it     |###        |
repeated      |### ### ###|
in silence    the mean, in logits, of the middle of 5 s and of the repeated one
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from .sounds import SAMPLE_RATE

Waveform = NDArray[np.float32]
Probabilities = NDArray[np.floating]
Tagger = Callable[[Sequence[Waveform]], Probabilities]
"""Waveforms to probabilities of the classes, (waveforms, 527)."""

AS_IT_IS = "as it is"
IN_SILENCE = "in silence"
GAP = np.zeros(SAMPLE_RATE // 2, np.float32)


def in_the_middle(waveform: Waveform, seconds: int) -> Waveform:
    """Return a sound with zeros around it.

    Args:
        waveform: (samples,).
        seconds: length of the result, unless the sound is longer.
    """
    spare = max(0, seconds * SAMPLE_RATE - len(waveform))
    return np.pad(waveform, (spare // 2, spare - spare // 2))


def with_zeros_behind(waveform: Waveform, seconds: int) -> Waveform:
    """Return a sound with zeros behind it.

    Args:
        waveform: (samples,).
        seconds: length of the result, unless the sound is longer.
    """
    return np.pad(waveform, (0, max(0, seconds * SAMPLE_RATE - len(waveform))))


def repeated(waveform: Waveform, seconds: int) -> Waveform:
    """Return a sound again and again, with half a second of zeros between.

    Args:
        waveform: (samples,).
        seconds: length of the result, unless the sound is longer.
    """
    n_samples = max(len(waveform), seconds * SAMPLE_RATE)
    return np.resize(np.concatenate([waveform, GAP]), n_samples)


WAYS: dict[str, Callable[[Waveform], Waveform]] = {
    "in the middle of 2 s": lambda waveform: in_the_middle(waveform, 2),
    "in the middle of 5 s": lambda waveform: in_the_middle(waveform, 5),
    "2 s with zeros behind": lambda waveform: with_zeros_behind(waveform, 2),
    "5 s with zeros behind": lambda waveform: with_zeros_behind(waveform, 5),
    "repeated to 5 s": lambda waveform: repeated(waveform, 5),
}


def presented(
    tagger: Tagger, waveforms: Sequence[Waveform], as_they_are: Probabilities
) -> dict[str, Probabilities]:
    """Return the probabilities of the classes in each other way, (waveforms, 527) each.

    Args:
        tagger: waveforms to probabilities.
        waveforms: the sounds.
        as_they_are: what it says of them without anything around them, (waveforms, 527).
    """
    found: dict[str, Probabilities] = {}
    for name, way in WAYS.items():
        each = [way(waveform) for waveform in waveforms]
        # Most ways leave long sounds as they are.
        pairs = zip(each, waveforms, strict=True)
        changed = [k for k, (new, old) in enumerate(pairs) if len(new) > len(old)]
        found[name] = as_they_are.copy()
        found[name][changed] = tagger([each[k] for k in changed])
    both = [_logit(found[name]) for name in ("in the middle of 5 s", "repeated to 5 s")]
    mean = np.mean(both, axis=0)
    return {**found, IN_SILENCE: 1 / (1 + np.exp(-mean))}


def _logit(probabilities: Probabilities) -> NDArray[np.float64]:
    p = np.clip(probabilities.astype(np.float64), 1e-7, 1 - 1e-7)
    return np.asarray(np.log(p) - np.log1p(-p))
