"""`panns` in a process of its own, which gets signals, and whose streams may be closed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

PROGRAM = [sys.executable, "-c", "from panns_inference.cli import program; program()"]

NETWORK = ("--model", "PannsMini", "--device", "cpu")

REPORTING = """
import sys, time
from panns_inference import cli
from panns_inference.batch.run import in_order

def reported(*arguments, **settings):
    count = 0
    try:
        for count, result in enumerate(in_order(*arguments, **settings), start=1):
            yield result
            if count == 2:
                print("two are done", file=sys.stderr)
                time.sleep(WAITS)
    finally:
        print("ending", file=sys.stderr)
        time.sleep(ENDS)

sys.modules["panns_inference.batch.run"].in_order = reported
cli.program()
"""
"""The program, which says when two recordings are done, and then waits."""


def reporting(waits: float, ends: float = 0.0) -> list[str]:
    """The program that waits some seconds when two recordings are done, and at the end."""
    code = REPORTING.replace("WAITS", str(waits)).replace("ENDS", str(ends))
    return [sys.executable, "-c", code]


def start(
    *arguments: object, program: list[str] = PROGRAM, **more: object
) -> subprocess.Popen[str]:
    """The program at work."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("PYTHONUNBUFFERED", None)
    return subprocess.Popen(
        [*program, *map(str, arguments)], **{**pipes, "text": True, "env": environment, **more}
    )


def in_bash(command: str, **more: object) -> subprocess.CompletedProcess[str]:
    """A command of bash in which `panns` is the program; its status is that of `panns`."""
    script = f"""panns() {{ "{PROGRAM[0]}" -c '{PROGRAM[2]}' "$@"; }}
{command}
exit ${{PIPESTATUS[0]}}"""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    environment.pop("PYTHONUNBUFFERED", None)
    given = {"capture_output": True, "text": True, "errors": "replace", "timeout": 300}
    return subprocess.run(
        ["bash", "-c", script], check=False, **{**given, "env": environment, **more}
    )


def wait_until(due: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while process.poll() is None and not due():
        time.sleep(0.001)


def is_ready(process: subprocess.Popen[str]) -> bool:
    """Whether the program has begun to look after signals: what comes before is Python's own."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return False
    caught = int(status.split("SigCgt:")[1].split()[0], 16)
    return bool(caught >> (signal.SIGTERM - 1) & 1)
