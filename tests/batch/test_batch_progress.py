"""What a terminal shows of a run, and what else may write to it."""

from __future__ import annotations

import io
import logging
import os
import sys

import pytest

from panns_inference import AudioError
from panns_inference.batch.progress import progress_of
from panns_inference.cli.streams import stderr_of_python

LOG = logging.getLogger("panns_inference")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(sys, "stderr", terminal)
    handler = logging.StreamHandler(terminal)
    LOG.addHandler(handler)
    try:
        with progress_of(5, 2, shown=True) as seen:
            seen.add_seconds(3600.0)
            seen.add_done()
            LOG.error("what went wrong")
            seen.add_failure(1, "a.wav", AudioError("it is no sound"), "skip")
    finally:
        LOG.removeHandler(handler)
    assert (seen.seconds, seen.n_processed, len(seen.failures)) == (3600.0, 1, 1)
    shown = terminal.getvalue()
    assert "4/5 recordings" in shown
    assert "1.00 h, " in shown
    assert "1 failed" in shown
    assert "what went wrong\n" in shown


@pytest.mark.parametrize("shown", [True, False])
def test_nothing_is_shown_to_nobody(shown: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for stderr in (io.StringIO(), None, *([] if shown else [Terminal()])):
        monkeypatch.setattr(sys, "stderr", stderr)
        with progress_of(5, 0, shown) as seen:
            seen.add_seconds(3.0)
            seen.add_done()
        assert seen.n_processed == 1
        assert not stderr or stderr.getvalue() == ""


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
