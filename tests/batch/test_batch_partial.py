"""Results on the disk: what is read is what was written, to the last bit."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from panns_inference import AudioTagging, Detection, Embedding, Tagging
from panns_inference.audioset import labels, mid_of
from panns_inference.batch.outputs import read_partial, write_partial
from panns_inference.events import Event
from panns_inference.files import fingerprint
from panns_inference.results import Result


def same(first: Any, second: Any) -> bool:
    if isinstance(first, Result):
        names = [each.name for each in fields(first)]
        pairs = ((getattr(first, name), getattr(second, name)) for name in names)
        return type(first) is type(second) and all(same(a, b) for a, b in pairs)
    if isinstance(first, tuple):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, np.ndarray):
        return first.dtype == second.dtype and np.array_equal(first, second, equal_nan=True)
    return type(first) is type(second) and first == second


def test_real_results(mini: AudioTagging, folder: Path, tmp_path: Path) -> None:
    path = folder / "clip6.wav"
    for result in (
        mini.tag(path),
        mini.tag(path, window=0.5),
        mini.tag(path, skip_silence=-60.0),
        mini.detect(path, threshold=0.01),
        mini.detect(path, framewise=True),
        mini.embed(path),
        mini.embed(path, window=1.0, hop=0.25),
    ):
        written = write_partial(tmp_path / "partial" / "a.npz", result)
        assert written == fingerprint(tmp_path / "partial" / "a.npz")
        assert same(read_partial(tmp_path / "partial" / "a.npz", str(path), mini.labels), result)
    assert [each.name for each in (tmp_path / "partial").iterdir()] == ["a.npz"]


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.lists(st.floats(width=32, allow_nan=False), min_size=3, max_size=3).map(
    lambda values: np.array(values, np.float32)
)
HEADINGS = st.fixed_dictionaries(
    {
        "onset": NUMBERS,
        "duration": NUMBERS,
        "model": st.text(max_size=9).map(lambda text: text.strip("\0")),
        "silence": NUMBERS,
    }
)
EVENTS = st.builds(
    lambda index, numbers: Event(
        *numbers[:2], labels[index], mid_of(labels[index]), index, *numbers[2:]
    ),
    st.integers(0, 526),
    st.lists(NUMBERS, min_size=4, max_size=4),
)


def tagging(**more: Any) -> st.SearchStrategy[Tagging]:
    given_fields = {"clipwise": VALUES, "embedding": more.pop("embedding", VALUES), **more}
    return st.builds(
        lambda heading, values: Tagging(source="s", labels=tuple(labels), **heading, **values),
        HEADINGS,
        st.fixed_dictionaries(given_fields),
    )


RESULTS = st.one_of(
    tagging(stretches=st.lists(tagging(embedding=st.none()), max_size=3).map(tuple)),
    tagging(embedding=st.none(), stretches=st.lists(tagging(), max_size=3).map(tuple)),
    st.builds(lambda h, v: Embedding(source="s", vector=v, **h), HEADINGS, VALUES),
    st.builds(
        lambda heading, clipwise, framewise, events, count: Detection(
            source="s", labels=tuple(labels), clipwise=clipwise, framewise=framewise, **heading,
            frames_per_second=99.5, n_frames=count, n_samples=count, events=tuple(events),
        ),
        HEADINGS, VALUES, st.one_of(st.none(), VALUES), st.lists(EVENTS, max_size=4),
        st.integers(0, 2**40),
    ),
)  # fmt: skip


@given(RESULTS)
def test_any_results(tmp_path_factory: pytest.TempPathFactory, result: Result) -> None:
    path = tmp_path_factory.getbasetemp() / "part.npz"
    write_partial(path, result)
    assert same(read_partial(path, "s", labels), result)
    other = read_partial(path, "moved.wav", labels)
    assert other.source == "moved.wav"
