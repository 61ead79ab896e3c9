"""The folder of fast blocks is no more than that: without it, all else gives the same, slower."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import panns_inference

PACKAGE = Path(panns_inference.__file__).parent

PROGRAM = """
import contextlib, io, json, pickle, sys
import numpy as np, soundfile, torch
import panns_inference
from panns_inference import AudioTagging, SoundEventDetection
from panns_inference.cli import main
from panns_inference.engine.torch_engine import TorchEngine

def printed(*arguments):
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        assert main(arguments) == 0
    (result,) = json.loads(text.getvalue())
    return [tag["probability"] for tag in result["tags"]]

out = sys.argv[1]
rng = np.random.default_rng(0)
short = (rng.normal(0, 0.1, (3, 40_000)) * np.linspace(0, 1, 40_000)).astype(np.float32)
long = np.concatenate([rng.normal(0, size, 16_000) for size in np.linspace(0, 0.4, 50)])
long = long.astype(np.float32)
soundfile.write(f"{out}.wav", long, 32_000)
found = {}
for name in ("PannsMini", "LeeNet11"):
    torch.manual_seed(0)
    weights = {"pretrained": name == "PannsMini"}
    tagger = AudioTagging(name, device="cpu", **weights)
    assert isinstance(tagger.engine, TorchEngine)
    for kind, model in {"tagger": tagger, "pickled": pickle.loads(pickle.dumps(tagger))}.items():
        clipwise, embedding = model.inference(short)
        found[f"{name} {kind} clipwise"], found[f"{name} {kind} embedding"] = clipwise, embedding
    found[f"{name} tag"] = tagger.tag(f"{out}.wav").clipwise
    found[f"{name} embed"] = tagger.embed(f"{out}.wav").vector
    if name == "PannsMini":
        detector = SoundEventDetection(name, device="cpu", **weights)
        found[f"{name} inference"] = detector.inference(short)
        found[f"{name} detect"] = detector.detect(f"{out}.wav", framewise=True).framewise
for size in ("default", "small"):
    model = AudioTagging("PannsMini", device="cpu", memory=size)
    found[f"{size} memory"], _ = model.inference(short)
found["panns tag"] = printed("tag", f"{out}.wav", "--json")
np.savez(out, **found)
print(json.dumps([panns_inference.__file__, tagger.engine.fast is not tagger.model]))
"""


def outputs(folder: Path, name: str) -> tuple[list[object], dict[str, np.ndarray]]:
    """What the package in a folder computes: its file, whether it is fast, and arrays by name."""
    command = [sys.executable, "-c", PROGRAM, os.fspath(folder / name)]
    environment = {**os.environ, "PYTHONPATH": os.fspath(folder)}
    done = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), dict(np.load(folder / f"{name}.npz"))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """One with a copy of the package in it, and one with a copy that lacks the fast blocks."""
    whole, without = (tmp_path_factory.mktemp(name) for name in ("whole", "without"))
    for folder in (whole, without):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PACKAGE, folder / PACKAGE.name, ignore=ignored)
    shutil.rmtree(without / PACKAGE.name / "engine" / "cpu")
    return whole, without


def test_without_the_fast_blocks_all_is_the_same(folders: tuple[Path, Path]) -> None:
    (whole_file, is_fast), expected = outputs(folders[0], "whole")
    (other_file, is_still_fast), found = outputs(folders[1], "without")
    assert [whole_file, other_file] == [
        f"{each / PACKAGE.name / '__init__.py'}" for each in folders
    ]
    assert (is_fast, is_still_fast) == (True, False)
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert found[name].shape == values.shape
        limit = 1e-5 * max(1, np.abs(values).max())
        np.testing.assert_allclose(found[name], values, rtol=0, atol=limit, err_msg=name)


def test_only_the_engine_of_torch_knows_of_the_fast_blocks() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
    inside = PACKAGE / "engine" / "cpu"
    knowing = {
        path.relative_to(PACKAGE).as_posix()
        for path, text in texts.items()
        if inside not in path.parents and (".cpu import" in text or "engine.cpu" in text)
    }
    assert knowing == {"engine/torch_engine.py"}
