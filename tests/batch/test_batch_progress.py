"""What a terminal shows of a run, and what else may write to it."""

from __future__ import annotations

import io
import logging
import os
import sys
from pathlib import Path

import pytest

from panns_inference import AudioError
from panns_inference.batch import Recording, find
from panns_inference.batch.line import Counts, layout
from panns_inference.batch.progress import progress_of
from panns_inference.cli.streams import stderr_of_python

LOG = logging.getLogger("panns_inference")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def five(folder: Path) -> list[Recording]:
    return find([folder])[:5]


def test_a_terminal(five: list[Recording], monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(sys, "stderr", terminal)
    handler = logging.StreamHandler(terminal)
    LOG.addHandler(handler)
    try:
        with progress_of(five, True, {0: 1.0, 1: 2.0}) as seen:
            seen.add_seconds(3600.0)
            seen.finish(2)
            seen.add_done()
            LOG.error("what went wrong")
            seen.add_failure(1, "a.wav", AudioError("it is no sound"), "skip")
            LOG.error("what else went wrong")
    finally:
        LOG.removeHandler(handler)
    assert (seen.seconds, seen.n_processed, len(seen.failures)) == (3600.0, 1, 1)
    shown = terminal.getvalue()
    assert "2/5 recordings, 0:00:03 of 0:0" in shown
    assert "4/5 recordings, 1:00:03 of 1:0" in shown
    assert "1 failed" in shown
    assert "what went wrong\n" in shown


@pytest.mark.parametrize("shown", [True, False])
def test_nothing_is_shown_to_nobody(
    five: list[Recording], shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for stderr in (io.StringIO(), None, *([] if shown else [Terminal()])):
        monkeypatch.setattr(sys, "stderr", stderr)
        with progress_of(five, shown) as seen:
            seen.add_seconds(3.0)
            seen.add_done()
        assert seen.n_processed == 1
        assert not stderr or stderr.getvalue() == ""


COUNTS = Counts(80, done=12, failed=3, position=11_560.0, total=43_200.0, speed=212.4)


@pytest.mark.parametrize(
    ("width", "one", "several"),
    [
        (
            100,
            "3:12:40 of 12:00:00 |{bar}| 212 times real time, 02:29 left",
            "12/80 recordings, 3:12:40 of 12:00:00 |{bar}| 212 times real time, 02:29 left, "
            "3 failed",
        ),
        (
            56,
            "3:12:40/12:00:00 |{bar}| 212x, 02:29 left",
            "12/80, 3:12:40/12:00:00 |{bar}| 212x, 02:29 left, 3 failed",
        ),
        (40, "3:12:40/12:00:00 |{bar}| 212x, 02:29 left", "12/80, 3:12:40 |{bar}| 212x, 02:29"),
        (30, "3:12:40/12:00:00 |{bar}| 02:29", "12/80 |{bar}| 02:29"),
        (12, "3:12:40", "12/80"),
    ],
)
def test_a_line_of_any_width(width: int, one: str, several: str) -> None:
    for counts, text in ((COUNTS, several), (COUNTS._replace(number=1, done=0, failed=0), one)):
        assert layout(counts, width) == text
        unknown = layout(counts._replace(total=None), width).format(bar="")
        assert "left" not in unknown
        for narrow in range(8, width):
            assert len(layout(counts, narrow).format(bar="")) <= narrow


def test_a_speed_that_is_not_known_is_not_shown() -> None:
    several = COUNTS._replace(speed=0.0)
    one = several._replace(number=1, done=0, failed=0)
    assert layout(one, 100) == "3:12:40 of 12:00:00 |{bar}|"
    assert layout(several, 100) == "12/80 recordings, 3:12:40 of 12:00:00 |{bar}|, 3 failed"
    for width in range(8, 100):
        for counts in (one, several, *(each._replace(total=None) for each in (one, several))):
            line = layout(counts, width)
            assert not [word for word in ("left", "times", "x", "?") if word in line]


def test_what_c_code_writes_does_not_get_through(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open(2, "w", closefd=False) as own:
        monkeypatch.setattr(sys, "stderr", own)
        with stderr_of_python():
            os.write(2, b"from C\n")
            sys.stderr.write("from Python\n")
        os.write(2, b"and afterwards\n")
        assert sys.stderr is own
    assert capfd.readouterr().err == "from Python\nand afterwards\n"


def test_a_standard_error_that_is_not_the_process_s(monkeypatch: pytest.MonkeyPatch) -> None:
    for stderr in (io.StringIO(), None):
        monkeypatch.setattr(sys, "stderr", stderr)
        with stderr_of_python():
            assert sys.stderr is stderr
