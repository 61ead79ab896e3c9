"""What type checkers know of a script that uses the package."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import io
from pathlib import Path
import numpy as np
from panns_inference import AudioTagging, SoundEventDetection
model = SoundEventDetection("PannsMini", device="cpu", fmin=50)
names: list[str] = ["a.wav"]
reveal_type(model.tag("a.wav"))  # Tagging
reveal_type(model.tag(Path("a.wav")))  # Tagging
reveal_type(model.tag(b"RIFF"))  # Tagging
reveal_type(model.tag(open("a.wav", "rb")))  # Tagging
reveal_type(model.tag(io.BytesIO()))  # Tagging
reveal_type(model.tag(np.zeros(9), 32000))  # Tagging
reveal_type(model.tag([0.0, 0.5], 32000))  # Tagging
reveal_type(model.tag({"array": np.zeros(9), "sampling_rate": 32000}))  # Tagging
reveal_type(model.tag(names))  # list[Tagging]
reveal_type(model.tag([Path("a.wav"), "b.wav"]))  # list[Tagging]
reveal_type(model.embed([np.zeros(9)], 32000))  # list[Embedding]
reveal_type(model.embed(Path().glob("*.wav")))  # list[Embedding]
reveal_type(model.embed("a.wav", channel="each"))  # list[Embedding]
reveal_type(model.detect("a.wav", track="all", threshold=0.3))  # list[Detection]
reveal_type(model.detect(("a.wav",), channel="each"))  # list[list[Detection]]
reveal_type(model.tag("a.wav")["Dog"])  # float
reveal_type(model.detect("a.wav")["Dog"])  # tuple[Event, ...]
reveal_type([event for event in model.detect("a.wav")])  # list[Event]
reveal_type(model.tag("a.wav").to_pandas())  # Any
model.tag(None)  # error
model.tag(3)  # error
model.detect("a.wav", treshold=0.3)  # error
model.events("a.wav", treshold=0.3)  # error
AudioTagging("PannsMini", devcie="cpu")  # error
model.tag("a.wav")[1.5]  # error
"""


@pytest.mark.slow
def test_a_script_is_understood(tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="extra `lint`")
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, "-m", "mypy", "--no-incremental", "--no-pretty", "script.py"]
    environment = {"MYPYPATH": str(ROOT), "PATH": ""}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    found: dict[int, str] = {}
    for number, kind, text in re.findall(r"script\.py:(\d+): (error|note): (.*)", done.stdout):
        revealed = re.match(r'Revealed type is "(.*)"', text)
        if kind == "error" or revealed:
            what = re.sub(r"[\w.]+\.(?=\w)", "", revealed[1]) if revealed else kind
            found.setdefault(int(number), what)
    lines = SCRIPT.splitlines()
    expected = {n: line.split("  # ")[1] for n, line in enumerate(lines, 1) if "  # " in line}
    assert found == expected, done.stdout + done.stderr
