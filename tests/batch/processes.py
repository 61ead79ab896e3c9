"""`panns` in a process of its own, which can be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

INTERVAL = 0.0
"""Seconds between two states in these processes: one a block; the package's own are for hours."""

PROGRAM = f"""
import sys
from panns_inference.batch import resume
from panns_inference.cli import main

resume.INTERVAL = {INTERVAL}
sys.exit(main(sys.argv[1:]))
"""


def start(*arguments: object, **more: object) -> subprocess.Popen[str]:
    """The program at work."""
    command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen(command, **{**pipes, "env": environment, **more})


def run(*arguments: object, **more: object) -> tuple[int, str, str]:
    """Exit status, and what was written to stdout and stderr."""
    with start(*arguments, **more) as process:
        out, err = process.communicate(timeout=600)
    return process.returncode, out, err


def kill_when(due: Callable[[], bool], *arguments: object) -> bool:
    """Kill the program at a moment of its work; whether it still ran."""
    with start(*arguments) as process:
        while process.poll() is None and not due():
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    return process.returncode == -signal.SIGKILL


def content(place: Path) -> dict[str, bytes]:
    """What is in a file, or in the files of a tree, without the journal."""
    if place.is_file():
        return {"": place.read_bytes()}
    files = (path for path in place.rglob("*") if path.is_file())
    names = {str(path.relative_to(place)): path for path in files}
    return {n: path.read_bytes() for n, path in names.items() if not n.startswith(".panns/")}
