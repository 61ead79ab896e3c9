"""What is known of a long recording comes to stdout while the rest is still processed."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
import soundfile
from program import NETWORK

from panns_inference.cli import main
from panns_inference.pipeline.clipwise import ClipwiseAccumulator
from panns_inference.pipeline.framewise import DetectionAccumulator

CHUNKS = 9
"""Of ten seconds, in the long recording."""


@pytest.fixture(scope="module")
def long(soundscape: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A minute and a half, which does not fit into a block."""
    samples, rate = soundfile.read(soundscape, dtype="int16", frames=CHUNKS * 10 * 32_000)
    path = tmp_path_factory.mktemp("long") / "long.flac"
    soundfile.write(path, samples, rate)
    return str(path)


class Output(io.StringIO):
    """Keeps after how many chunks something was flushed."""

    def __init__(self) -> None:
        super().__init__()
        self.n_fed = 0
        self.flushed: list[tuple[int, int]] = []

    def print(self, *arguments: str) -> str:
        """What a command prints."""
        with contextlib.redirect_stdout(self):
            assert main([*arguments, *NETWORK, "-q"]) == 0
        return self.getvalue()

    def flush(self) -> None:
        self.flushed.append((self.n_fed, self.getvalue().count("\n")))


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> Output:
    """The stdout of the program, which counts chunks that go through the network."""
    output = Output()
    for kind in (DetectionAccumulator, ClipwiseAccumulator):

        def feed(self: Any, samples: Any, feed: Any = kind.feed) -> Any:
            output.n_fed += 1
            return feed(self, samples)

        monkeypatch.setattr(kind, "feed", feed)
    return output


def written(path: Path, *arguments: str) -> str:
    assert main([*arguments, *NETWORK, "-q", "-o", str(path)]) == 0
    return path.read_text()


@pytest.mark.sample(2)
@pytest.mark.parametrize(
    "arguments",
    [
        ("detect", "-f", "csv", "--threshold", "0.1"),
        ("detect", "-f", "rttm", "--threshold", "0.1"),
        ("tag", "-f", "csv", "--window", "2", "--top", "3"),
        ("embed", "-f", "csv", "--window", "5"),
    ],
    ids=lambda arguments: "-".join(arguments[:3:2]),
)
def test_rows_come_as_they_are_known(
    long: str, output: Output, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    printed = output.print(*arguments, long)
    n_fed, n_lines = next(each for each in output.flushed if each[1] > 1)
    assert n_fed <= 4  # a block of 30 s, and what it depends on
    assert n_lines < printed.count("\n")
    assert len({n_fed for n_fed, _ in output.flushed}) >= 3
    whole = written(tmp_path / f"whole.{arguments[2]}", *arguments, long)
    assert sorted(printed.splitlines()) == sorted(whole.splitlines())


def test_json_lines_come_as_they_are_known(long: str, output: Output, tmp_path: Path) -> None:
    given = ("detect", "-f", "jsonl", "--threshold", "0.1", long)
    lines = [json.loads(line) for line in output.print(*given).splitlines()]
    whole = json.loads(written(tmp_path / "whole.jsonl", *given))
    n_fed, _ = output.flushed[0]
    assert n_fed <= 4
    assert len(lines) > 3
    # The last line is the whole recording, without the events of the others.
    assert lines[-1] == {**whole, "events": []}
    assert all({**line, "duration": 0, "events": 0} == {**whole, "duration": 0, "events": 0}
               for line in lines)  # fmt: skip
    events = [event for line in lines for event in line["events"]]
    assert sorted(events, key=repr) == sorted(whole["events"], key=repr)
    assert all(event["offset"] <= line["duration"] for line in lines for event in line["events"])


def test_windows_in_json_lines(long: str, output: Output, tmp_path: Path) -> None:
    given = ("tag", "-f", "jsonl", "--window", "20", "--top", "2", long)
    lines = [json.loads(line) for line in output.print(*given).splitlines()]
    whole = json.loads(written(tmp_path / "whole.jsonl", *given))
    assert [stretch for line in lines for stretch in line["stretches"]] == whole["stretches"]
    assert len(lines) == len(whole["stretches"]) == 5
    assert {**lines[-1], "stretches": whole["stretches"]} == whole


def test_a_recording_without_events_has_its_row(long: str, output: Output) -> None:
    for given in (
        ("detect", "--threshold", "1"),
        ("tag", "--window", "10", "--threshold", "1"),
    ):
        output.seek(0)
        output.truncate()
        rows = list(csv.reader(io.StringIO(output.print(*given, "-f", "csv", long))))
        assert len(rows) == 2
        assert rows[1][0] == long
        assert rows[1][1] == ""


def test_recordings_keep_their_order(long: str, output: Output, recordings: list[Path]) -> None:
    names = [str(recordings[0]), long, str(recordings[1]), long, str(recordings[2])]
    printed = output.print("tag", "-f", "csv", "--window", "30", "--top", "1", *names)
    found = [row[0] for row in csv.reader(io.StringIO(printed))][1:]
    expected = [name for name in names for _ in range(3 if name == long else 1)]
    assert found == expected


def test_the_most_probable_events_are_those_of_all(
    long: str, output: Output, tmp_path: Path
) -> None:
    given = ("detect", "-f", "csv", "--threshold", "0.1", "--top", "2", long)
    printed = output.print(*given)
    assert printed == written(tmp_path / "whole.csv", *given)
    assert printed.count("\n") == 3
