"""A process of its own that reads recordings: what ends it, hangs it or fills it is seen outside.

    python reading_process.py [--without-av]

takes a line of JSON for each recording, the arguments of `_read`, and answers with one: what came
of it, how many seconds it took, and the most bytes of memory that were used until then.
"""

from __future__ import annotations

import json
import os
import resource
import selectors
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

MEGABYTE = 1 << 20
PROGRAM = Path(__file__)


class ReadingProcess:
    """The process seen from outside.

    Args:
        without_av: whether PyAV cannot be imported in it.
        seconds: longest time that a recording may take.

    Attributes:
        idle: bytes of memory that it needs with nothing read.
    """

    def __init__(self, without_av: bool = False, seconds: float = 30.0) -> None:
        self.seconds = seconds
        self.written = tempfile.TemporaryFile("w+")  # noqa: SIM115 - a pipe would be full one day
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAM), *(["--without-av"] if without_av else [])],
            env={**os.environ, "PYTHONPATH": str(PROGRAM.parents[2])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.written,
            text=True,
        )
        self.idle: int = self._answer()["memory"]

    def read(self, path: Path, rate: int, save: Path | None = None) -> dict[str, Any]:
        """What came of a recording; a process that ended or hangs is an AssertionError."""
        assert self.process.stdin is not None
        request = {"path": str(path), "rate": rate, "save": save and str(save)}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            if not selector.select(self.seconds):
                self.process.kill()
                raise AssertionError(f"no answer within {self.seconds} s")
        line = self.process.stdout.readline()
        assert line, f"the process ended with {self.process.wait()}"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> str:
        """End the process; gives what it wrote on its standard output and error meanwhile."""
        self.process.communicate()
        self.written.seek(0)
        with self.written:
            return self.written.read()


def _read(path: str, rate: int, save: str | None) -> dict[str, Any]:
    import numpy as np

    from panns_inference.audio import read
    from panns_inference.errors import AudioError

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            waveform = read(path, rate)
        except AudioError as error:
            return {"error": str(error)}
    if save:
        np.save(save, waveform)
    return {
        "samples": len(waveform),
        "finite": bool(np.isfinite(waveform).all()),
        "warnings": [f"{each.category.__name__}: {each.message}" for each in caught],
    }


def _memory() -> int:
    """The most bytes that the process ever used."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _answer_all() -> None:
    # Libraries may print what they like: the answers have a way of their own.
    with os.fdopen(os.dup(1), "w", buffering=1) as answers:
        os.dup2(2, 1)
        answers.write(json.dumps({"memory": _memory()}) + "\n")
        for line in sys.stdin:
            started = time.perf_counter()
            try:
                answer = _read(**json.loads(line))
            except Exception as error:  # whatever it is, the other side is to see it
                answer = {"failure": f"{type(error).__name__}: {error}"}
            answer |= {"seconds": time.perf_counter() - started, "memory": _memory()}
            answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    if "--without-av" in sys.argv:
        sys.modules["av"] = None  # type: ignore[assignment]
    else:
        import av  # noqa: F401 - the memory of the libraries is not that of a recording
    import soundfile  # noqa: F401
    import soxr  # noqa: F401

    import panns_inference.audio  # noqa: F401

    _answer_all()
