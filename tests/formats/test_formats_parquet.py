"""Parquet tables, read back by pandas and pyarrow."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas
import pyarrow
import pytest
from pyarrow import parquet
from some_results import EVENTS, content_of, detection, embedding, tagging, written

from panns_inference import Embedding, __version__
from panns_inference.audioset import mid_of
from panns_inference.files import atomic_write
from panns_inference.formats import FORMATS
from panns_inference.formats.parquet import SPANS, VECTORS

TIMES = {"filename": "string", "onset": "double", "offset": "double"}

OF_THE_RECORDING = ["filename", "model"]


def test_events_in_pandas(tmp_path: Path) -> None:
    path = written(
        "parquet", tmp_path, detection(), detection((), "none.wav"), detection(EVENTS[:1], None)
    )
    frame = pandas.read_parquet(path)
    assert frame["filename"].tolist() == ["street/first day.flac"] * 4 + ["none.wav", ""]
    frame = frame.dropna(subset=["event_label"])
    found = frame[["event_label", "index", "onset", "offset", "probability"]]
    assert list(found.itertuples(index=False, name=None)) == [
        (label, index, onset, offset, np.float32(probability))
        for label, index, onset, offset, probability in [*EVENTS, EVENTS[0]]
    ]
    assert frame["mid"].tolist() == [mid_of(label) for label in frame["event_label"]]


def test_tags_in_pandas(tmp_path: Path) -> None:
    frame = pandas.read_parquet(written("parquet", tmp_path, tagging(), top=3, threshold=0.6))
    assert frame["index"].tolist() == [1, 0]
    assert np.array_equal(frame["probability"], np.float32([0.9, 0.75]))
    assert not {"onset", "offset"} & set(frame.columns)
    assert set(frame["threshold"]) == {0.6}
    assert len(pandas.read_parquet(written("parquet", tmp_path, tagging()))) == 527


def test_embeddings_keep_every_bit(tmp_path: Path) -> None:
    odd = dataclasses.replace(
        embedding("odd.wav"), vector=np.resize(np.float32([np.nan, -0.0, np.inf, 1e-42]), 512)
    )
    frame = pandas.read_parquet(written("parquet", tmp_path, embedding("a.wav"), odd))
    assert frame["filename"].tolist() == ["a.wav", "odd.wav"]
    for found, result in zip(frame["embedding"], (embedding(), odd), strict=True):
        assert found.dtype == np.float32
        assert found.tobytes() == result.vector.tobytes()


def test_types_of_the_columns(tmp_path: Path) -> None:
    spans = parquet.read_schema(written("parquet", tmp_path, detection()))
    assert {field.name: str(field.type) for field in spans} == {
        **TIMES,
        "event_label": "string",
        "mid": "string",
        "index": "int32",
        "probability": "float",
        "channel": "int32",
        "model": "string",
        "threshold": "double",
    }
    vectors = parquet.read_schema(written("parquet", tmp_path, embedding()))
    assert {field.name: str(field.type) for field in vectors} == {
        **TIMES,
        "embedding": "fixed_size_list<element: float>[512]",
    }
    for schema in (spans, vectors):
        assert schema.metadata[b"schema"] == b"1"
        assert schema.metadata[b"model"] == b"Cnn14"
        assert schema.metadata[b"panns_inference"] == __version__.encode()


def test_a_recording_without_events_is_a_row_of_its_name(tmp_path: Path) -> None:
    frame = pandas.read_parquet(written("parquet", tmp_path, detection(())))
    assert frame["filename"].tolist() == ["street/first day.flac"]
    assert frame["model"].tolist() == ["Cnn14"]
    assert frame.drop(columns=OF_THE_RECORDING).isna().all(axis=None)


def test_what_is_not_unicode_is_escaped(tmp_path: Path) -> None:
    events = [("a\udce9", 3, 0.5, 1.0, 0.5)]
    frame = pandas.read_parquet(written("parquet", tmp_path, detection(events, "Stra\udcdfe\n♪")))
    assert frame["filename"].tolist() == ["Stra\\udcdfe\n♪"]
    assert frame["event_label"].tolist() == ["a\\udce9"]


def test_the_same_results_are_the_same_bytes() -> None:
    assert content_of("parquet", tagging()) == content_of("parquet", tagging())


@pytest.mark.parametrize("kind", ["events", "embeddings"])
def test_rows_are_gathered_over_recordings(kind: str, tmp_path: Path) -> None:
    n_results = 2 * VECTORS + 10
    sizes = {"events": [4 * n_results], "embeddings": [VECTORS, VECTORS, 10]}
    result = detection() if kind == "events" else embedding()
    names = [f"{number}.wav" for number in range(n_results)]
    path = written("parquet", tmp_path, *(dataclasses.replace(result, source=n) for n in names))
    table = parquet.read_metadata(path)
    groups = [table.row_group(i).num_rows for i in range(table.num_row_groups)]
    assert groups == sizes[kind]
    assert list(dict.fromkeys(pandas.read_parquet(path)["filename"])) == names


def test_a_long_recording_is_several_groups(tmp_path: Path) -> None:
    events = [("Speech", 0, float(i), i + 0.5, 0.5) for i in range(SPANS + 1)]
    table = parquet.read_metadata(written("parquet", tmp_path, detection(events)))
    assert [table.row_group(i).num_rows for i in range(table.num_row_groups)] == [SPANS, 1]


def test_memory_does_not_grow_with_the_table(tmp_path: Path) -> None:
    vector = np.zeros(2048, np.float32)
    pool = pyarrow.default_memory_pool()
    held = []

    def results(count: int) -> Iterator[Embedding]:
        for number in range(count):
            held.append(pool.bytes_allocated())
            yield dataclasses.replace(embedding(), source=f"{number}.wav", vector=vector + number)

    before = pool.bytes_allocated()
    with atomic_write(tmp_path / "vectors.parquet", binary=True) as file:
        FORMATS["parquet"].write(results(5 * VECTORS), file)
    # 41 MB of vectors; a group is 8 MB.
    assert max(held) - before < 20_000_000
    assert len(pandas.read_parquet(tmp_path / "vectors.parquet")) == 5 * VECTORS
