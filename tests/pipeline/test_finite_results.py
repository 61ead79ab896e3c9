"""Values that are not finite are an error, and never no sound."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from panns_inference import AudioTagging, batch
from panns_inference.batch import Failure
from panns_inference.errors import AudioError
from panns_inference.pipeline import TaggingTask

RATE = 32_000
CLIP = np.random.default_rng(0).normal(0, 0.1, 2 * RATE).astype(np.float32)
LONG = np.tile(CLIP, 20)

ASK: dict[str, Callable[[Any, Any], Any]] = {
    "tag": lambda model, x: model.tag(x, RATE),
    "embed": lambda model, x: model.embed(x, RATE),
    "detect": lambda model, x: model.detect(x, RATE),
    "tags": lambda model, x: list(model.tags(x, RATE, window=1)),
    "events": lambda model, x: list(model.events(x, RATE)),
    "embeddings": lambda model, x: list(model.embeddings(x, RATE, window=1)),
}


def broken(value: float) -> AudioTagging:
    """A model whose weights were spoilt after they were loaded."""
    model = AudioTagging("PannsMini", device="cpu")
    with torch.no_grad():
        for name, parameter in model.network.named_parameters():
            if name.endswith("weight"):
                parameter.mul_(value)
    return model


@pytest.mark.parametrize("value", [float("nan"), 1e20])
@pytest.mark.parametrize("samples", [CLIP, LONG], ids=["clip", "long"])
@pytest.mark.parametrize("verb", ASK)
def test_what_is_no_number_is_no_result(verb: str, samples: np.ndarray, value: float) -> None:
    with pytest.raises(AudioError, match=r"PannsMini gives values of its \w+ that are NaN or inf"):
        ASK[verb](broken(value), samples)


def spoil_loud_clips(_: Any, given: tuple[Any, ...], outputs: dict[str, Any]) -> dict[str, Any]:
    loud = given[0].abs().amax(1) > 1e6
    return {
        name: values.masked_fill(loud.view(-1, *[1] * (values.ndim - 1)), float("nan"))
        for name, values in outputs.items()
    }


def test_one_recording_without_a_result_spoils_no_other(tmp_path: Path) -> None:
    """All four go through the network together."""
    for number, scale in enumerate((1.0, 2.0, 1e11, 3.0)):
        soundfile.write(tmp_path / f"{number}.wav", CLIP * scale, RATE, subtype="FLOAT")
    model = AudioTagging("PannsMini", device="cpu")
    model.network.register_forward_hook(spoil_loud_clips)
    failures: list[Failure] = []
    found = list(batch.results(TaggingTask(model), [tmp_path], on_error=failures.append))
    assert [result.source for result in found] == [str(tmp_path / f"{n}.wav") for n in (0, 1, 3)]
    (failure,) = failures
    assert failure.cause.startswith(f"{tmp_path / '2.wav'}: PannsMini gives values of its clipwise")
