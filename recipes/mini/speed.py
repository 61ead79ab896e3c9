"""Speed of PannsMini beside the Cnn14 of panns-inference 0.1.1, one clip of 10 s, one thread.

    python -m recipes.mini.speed --old FOLDER

FOLDER is what `pip install --no-deps --target FOLDER panns-inference==0.1.1` filled. The two take
turns in one process, from waveform to probabilities; medians are compared.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from importlib import util
from pathlib import Path
from types import ModuleType

import torch

from panns_inference import AudioTagging

SETTINGS = (32000, 1024, 320, 64, 50, 14000, 527)
"""Of Cnn14."""

REPEATS = 9


def main() -> None:
    """Read the command line and print the times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--old", type=Path, required=True, help="folder with panns-inference 0.1.1")
    given = parser.parse_args()
    torch.set_num_threads(1)
    old = _old_models(given.old).Cnn14(*SETTINGS).eval()
    new = AudioTagging("PannsMini", device="cpu", threads=1)
    waveform = torch.randn(1, 320_000) * 0.1
    runners = {
        "Cnn14 of 0.1.1": lambda: old(waveform, None),
        "PannsMini": lambda: new.inference(waveform.numpy()),
    }
    times: dict[str, list[float]] = {name: [] for name in runners}
    with torch.no_grad():
        for _ in range(REPEATS + 1):
            for name, runner in runners.items():
                times[name].append(_seconds(runner))
    first, second = (statistics.median(values[1:]) for values in times.values())
    print(f"Cnn14 of 0.1.1 {first:.3f} s, PannsMini {second:.3f} s: {first / second:.1f} times")


def _seconds(runner: Callable[[], object]) -> float:
    begun = time.perf_counter()
    runner()
    return time.perf_counter() - begun


def _old_models(folder: Path) -> ModuleType:
    # Under another name: the old package is called as this one is.
    spec = util.spec_from_file_location("old_panns.models", folder / "panns_inference/models.py")
    package = ModuleType("old_panns")
    package.__path__ = [str(folder / "panns_inference")]
    sys.modules["old_panns"] = package
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
