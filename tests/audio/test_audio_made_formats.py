"""Every format that can be written here, against what was written.

All are read in one process with PyAV and in one without, so that a crash, a wait, memory and noise
are seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import made_formats
import numpy as np
import pytest
from made_formats import Made
from numpy.typing import NDArray
from reading_process import MEGABYTE, ReadingProcess

SECONDS = 10.0
MEMORY = 200 * MEGABYTE


@pytest.fixture(scope="module", params=[True, False], ids=["with PyAV", "without PyAV"])
def process(request: pytest.FixtureRequest) -> Iterator[ReadingProcess]:
    process = ReadingProcess(without_av=not request.param)
    yield process
    assert process.close() == ""  # no library wrote to the terminal


def ratio(found: NDArray[np.float32], source: NDArray[np.float64]) -> float:
    """Signal to error in dB, after the delay that a codec adds."""
    size = len(found) + len(source)
    products = np.fft.rfft(found, size) * np.conj(np.fft.rfft(source, size))
    delay = int(np.fft.irfft(products, size).argmax())
    moved = np.roll(np.pad(found, (0, len(source))), -delay)[: len(source)]
    return float(10 * np.log10(np.sum(source**2) / max(np.sum((moved - source) ** 2), 1e-20)))


def wrong(process: ReadingProcess, made: Iterator[Made], folder: Path) -> list[tuple[str, object]]:
    """The recordings that are not read as they were written, and why."""
    found: list[tuple[str, object]] = []
    for each in made:
        answer = process.read(each.path, each.rate, folder / "found.npy")
        if "samples" not in answer or answer["warnings"]:
            found.append((each.path.name, answer))
            continue
        similar = ratio(np.load(folder / "found.npy"), each.source)
        if similar < each.ratio or abs(answer["samples"] / each.rate - 1) > 0.07:
            found.append((each.path.name, (similar, answer["samples"])))
        if answer["seconds"] > SECONDS or answer["memory"] - process.idle > MEMORY:
            found.append((each.path.name, (answer["seconds"], answer["memory"])))
    return found


def test_every_format_of_libsndfile_is_read(process: ReadingProcess, tmp_path: Path) -> None:
    made = list(made_formats.by_soundfile(tmp_path))
    assert len(made) > 100
    assert wrong(process, iter(made), tmp_path) == []


def test_odd_headers_are_read(process: ReadingProcess, tmp_path: Path) -> None:
    assert wrong(process, made_formats.odd_headers(tmp_path), tmp_path) == []


def test_other_containers_are_read_or_pyav_is_asked_for(
    process: ReadingProcess, tmp_path: Path
) -> None:
    refused = wrong(process, made_formats.by_pyav(tmp_path), tmp_path)
    if refused:
        assert [name for name, _ in refused] == list(made_formats.CONTAINERS)
        for _, answer in refused:
            assert 'pip install "panns-inference[codecs]"' in answer["error"]
