"""A call goes through few functions and files, so that one can follow it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from calls import files, touched

from panns_inference import AudioTagging

RATE = 32_000


def test_a_short_recording_is_tagged_by_few_functions(tmp_path: Path) -> None:
    path = tmp_path / "short.wav"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, 2 * RATE), RATE)
    tagger = AudioTagging("PannsMini", device="cpu")
    tagger.tag(path)  # the first call makes what is made once
    counts = files(touched(lambda: tagger.tag(path)))
    outside = {file: n for file, n in counts.items() if not file.startswith(("engine", "models"))}
    assert {"recogniser.py", "pipeline/run.py"} < outside.keys()
    assert len(outside) <= 15, outside
    assert sum(outside.values()) <= 60, outside
