"""Every command with every stream closed or full, and signals at many moments: one line at most."""

from __future__ import annotations

import json
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
from program import NETWORK, in_bash, is_ready, start, wait_until

pytestmark = pytest.mark.slow

COMMANDS = {
    "labels": "labels",
    "labels json": "labels --json",
    "models": "models list",
    "models json": "models --json",
    "models path": "models path",
    "models verify": "models verify",
    "doctor": "doctor",
    "help": "--help",
    "help of a command": "detect --help",
    "version": "--version",
    "nonsense": "nonsense",
    "tag": "tag {recording} -f json {network}",
    "tag in parquet": "tag {recording} -f parquet {network}",
    "tag stdin": "tag - {network}",
    "tag a list": "tag --files-from - {network}",
    "detect": "detect {recording} -f csv {network}",
    "detect in npz": "detect {recording} -f npz {network}",
    "embed": "embed {recording} -f json {network}",
    "embed to a file": "embed {recording} -f csv -o {folder}/e.csv --overwrite {network}",
    "export": "export PannsMini --to onnx -o {folder}/m.onnx --overwrite",
}

STREAMS = {
    "stdin": "<&-",
    "stdout": ">&-",
    "stderr": "2>&-",
    "all": "<&- >&- 2>&-",
    "full": ">/dev/full </dev/null",
    "full stderr": "2>/dev/full </dev/null",
    "reader": "</dev/null | head -c 1",
    "no reader": "</dev/null | :",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_streams(command: str, recordings: list[Path], tmp_path: Path) -> None:
    given = COMMANDS[command].format(
        recording=recordings[0], folder=tmp_path, network=" ".join(NETWORK)
    )
    for name, redirection in STREAMS.items():
        done = in_bash(f"panns {given} {redirection}")
        assert done.returncode in (0, 1, 2), (name, done.stderr)
        assert "Traceback" not in done.stderr, name
        assert done.stderr.count("\n") <= 1, (name, done.stderr)


SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


@pytest.mark.parametrize("is_twice", [False, True])
@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("command", ["labels", "doctor", "embed", "embed to a file", "export"])
def test_signals(
    command: str, number: signal.Signals, is_twice: bool, recordings: list[Path], tmp_path: Path
) -> None:
    given = COMMANDS[command].format(
        recording=tmp_path / "many", folder=tmp_path, network=" ".join(NETWORK)
    )
    (tmp_path / "many").mkdir()
    for count in range(30):
        (tmp_path / "many" / f"{count}.wav").write_bytes(recordings[count % 3].read_bytes())
    began = time.monotonic()
    with start(*given.split()) as process:
        process.communicate(timeout=120)
    whole = time.monotonic() - began
    draw = random.Random(f"{command} {number} {is_twice}")
    found: Counter[int] = Counter()
    for _ in range(10):
        with start(*given.split()) as process:
            wait_until(lambda process=process: is_ready(process), process)
            time.sleep(draw.uniform(0, whole))
            process.send_signal(number)
            if is_twice:
                time.sleep(draw.uniform(0, 0.1))
                process.send_signal(number)
            out, err = process.communicate(timeout=120)
        found[process.returncode] += 1
        assert process.returncode in (0, SIGNALS[number]), err
        assert "Traceback" not in err
        assert err.count("panns: ") <= 1 + ("processed" in err), err
        if command == "embed" and not is_twice and out:
            assert json.loads(out) is not None
    assert sum(found.values()) == 10
