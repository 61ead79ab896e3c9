"""The same calls through panns-inference 0.1.1 itself, in a process of its own.

0.1.1 is installed from the package index into a folder of its own, and has a home of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = """
import sys
import numpy as np
from panns_inference import AudioTagging, SoundEventDetection, labels
from panns_inference.config import classes_num, id_to_ix, ids

assert "{where}" in sys.modules["panns_inference"].__file__, sys.modules["panns_inference"]
given = np.load(sys.argv[1])
at = AudioTagging(checkpoint_path=None, device="cuda")
sed = SoundEventDetection(checkpoint_path=None, device="cpu", interpolate_mode="nearest")
found = {{"labels": labels, "ids": ids}}
for name in given.files:
    found[name + ".clipwise"], found[name + ".embedding"] = at.inference(given[name])
    found[name + ".framewise"] = sed.inference(given[name])
np.savez(sys.argv[2], **found)
"""


@pytest.fixture(scope="session")
def old_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("old")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    subprocess.run([*command, str(folder), "panns-inference==0.1.1"], check=True)
    return folder


def run(script: str, environment: dict[str, str], *arguments: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        env={**os.environ, **environment},
        cwd=arguments[0].parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_same_calls_give_the_same(
    old_package: Path, published: Path, clip: Path, tmp_path: Path
) -> None:
    import soundfile

    recording, _ = soundfile.read(clip, dtype="float32")
    noise = np.random.default_rng(0).normal(0, 0.1, (2, 48000))
    given = tmp_path / "given.npz"
    np.savez(
        given,
        recording=recording[None],
        noise64=noise,
        noise16=noise[:, ::2].astype(np.float16),
        shortest=noise[:, :9920].astype(np.float32),
        odd=noise[:1, :32321].astype(np.float32),
        silence=np.zeros((1, 32000), np.float32),
    )
    home = tmp_path / "home"
    home.mkdir()
    (home / "panns_data").symlink_to(published)
    here = Path(__file__).resolve().parents[2]
    outputs = {}
    for name, folder in (("old", old_package), ("new", here)):
        where = tmp_path / f"{name}.npz"
        environment = {"HOME": str(home), "PYTHONPATH": str(folder), "PANNS_OFFLINE": "1"}
        printed = run(SCRIPT.format(where=folder), environment, given, where)
        outputs[name] = dict(np.load(where)), printed
    (old, old_lines), (new, new_lines) = outputs["old"], outputs["new"]
    assert old_lines == new_lines
    assert old.keys() == new.keys()
    assert list(old["labels"]) == list(new["labels"])
    assert list(old["ids"]) == list(new["ids"])
    for name in old.keys() - {"labels", "ids"}:
        assert old[name].shape == new[name].shape, name
        assert old[name].dtype == new[name].dtype, name
        scale = np.abs(old[name]).max() if name.endswith("embedding") else 1
        assert np.abs(old[name] - new[name]).max() <= 1e-5 * scale, name
