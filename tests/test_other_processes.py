"""A model that was used goes to processes that are spawned, and into those that are forked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from panns_inference import AudioTagging, UsageError
from panns_inference.device import resolve
from panns_inference.export import to_onnx

BEFORE = """
import multiprocessing, os, sys, threading
from concurrent.futures import ProcessPoolExecutor
import numpy as np
from panns_inference import AudioTagging

CLIP = (np.random.default_rng(0).standard_normal((1, 32_000)) / 10).astype(np.float32)

def hear(tagger):
    return tagger.inference(CLIP)[0]

def hear_again(_):
    return hear(tagger)

def made(file, **settings):
    return AudioTagging(file or "PannsMini", device="cpu", verbose=False, **settings)

def check(found):
    assert np.array_equal(found, said) or np.abs(found - said).max() < 1e-5
    print("same")

if __name__ == "__main__":
    file = sys.argv[1] if len(sys.argv) > 1 else None
"""
"""In front of a program that is given a file of ONNX, or none."""

PROGRAMS = {
    "forks": """
    def forked(program):
        if os.fork() == 0:
            program()
            sys.exit()
        assert os.wait()[1] == 0

    def several_threads():
        check(hear(tagger))
        forked(lambda: check(hear(tagger)))
        enter_worker = tagger.engine.schedule.enter_worker
        enter_worker(2)
        thread = threading.Thread(target=lambda: (enter_worker(1), check(hear(tagger))))
        thread.start()
        thread.join()
        check(hear(tagger))

    tagger = made(file, threads=2)
    said = np.zeros((1, 527))
    forked(lambda: hear(tagger))
    said = hear(tagger)
    forked(lambda: None)
    forked(several_threads)
    forked(lambda: check(hear(made(file, threads=2))))
    with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
        for found in [*pool.map(hear_again, range(2)), pool.submit(hear, tagger).result()]:
            check(found)
    check(hear(tagger))
    del tagger
    forked(lambda: check(hear(made(file))))
    """,
    "spawned": """
    tagger = made(file, memory="small"); said = hear(tagger)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        check(pool.submit(hear, tagger).result())
    check(hear(tagger))
    """,
}


def run(program: str, folder: Path, *arguments: str | Path) -> list[str]:
    path = folder / "program.py"
    path.write_text(BEFORE + PROGRAMS[program])
    # Of forks beside threads Python warns itself, since 3.12.
    allowed = "ignore:This process:DeprecationWarning"
    command = [sys.executable, "-W", "error", "-W", allowed, path, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_network_says_the_same(program: str, tmp_path: Path) -> None:
    assert set(run(program, tmp_path)) == {"same"}


@pytest.mark.sample(1)
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_file_of_onnx_says_the_same(program: str, tmp_path: Path) -> None:
    model = AudioTagging("PannsMini", device="cpu")
    file = to_onnx(model, tmp_path / "mini.onnx")
    assert set(run(program, tmp_path, file)) == {"same"}


def test_a_gpu_that_a_fork_cannot_use_is_not_replaced_by_the_cpu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*size: int, device: torch.device) -> None:
        raise RuntimeError("Cannot re-initialize CUDA in forked subprocess. To use CUDA with ...")

    monkeypatch.setattr(torch, "empty", refused)
    with pytest.raises(
        UsageError, match=r"cuda cannot be used in a process that was forked .*spawn"
    ):
        resolve("cuda")


@pytest.mark.cuda
def test_a_model_on_a_gpu_says_what_to_do_in_a_fork() -> None:
    program = """
import os, sys
import numpy as np
from panns_inference import AudioTagging, UsageError
tagger = AudioTagging("PannsMini", device="cuda", verbose=False)
clip = np.zeros((1, 32_000), np.float32)
tagger.inference(clip)
if os.fork() == 0:
    try:
        tagger.inference(clip)
    except UsageError as error:
        print(error)
    sys.exit()
assert os.wait()[1] == 0
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=True
    )
    assert "start processes with multiprocessing.get_context('spawn')" in done.stdout
