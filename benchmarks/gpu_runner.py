"""One contestant of `gpu.py`, in a process of its own, asked as `runner.py` is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from runner import SETTINGS, Runner, main


def old(folder: Path, _: int) -> Runner:
    """panns-inference 0.1.1: whichever package `PYTHONPATH` gives."""
    import torch

    from panns_inference.models import Cnn14

    network = Cnn14(*SETTINGS)
    network.load_state_dict(torch.load(folder / "weights.pth", weights_only=True)["model"])
    network.cuda().eval()

    def run(waveforms: NDArray[Any]) -> NDArray[np.float32]:
        with torch.no_grad():
            found = network(torch.from_numpy(waveforms).cuda(), None)
        clipwise: NDArray[np.float32] = found["clipwise_output"].cpu().numpy()
        return clipwise

    return run


def new(folder: Path, precision: str) -> Any:
    """The network of the package at hand, with the weights of the folder."""
    from panns_inference import AudioTagging

    return AudioTagging("Cnn14", folder / "weights.pth", "cuda:0", precision=precision)


def float32(folder: Path, _: int) -> Runner:
    """The package at hand, in float32."""
    model = new(folder, "float32")
    return lambda waveforms: model.inference(waveforms)[0]  # type: ignore[no-any-return]


def bf16(folder: Path, _: int) -> Runner:
    """The same with precision='bf16'."""
    model = new(folder, "bf16")
    return lambda waveforms: model.inference(waveforms)[0]  # type: ignore[no-any-return]


def fp16(folder: Path, _: int) -> Runner:
    """The same with precision='fp16'."""
    model = new(folder, "fp16")
    return lambda waveforms: model.inference(waveforms)[0]  # type: ignore[no-any-return]


def bf16_one_by_one(folder: Path, _: int) -> Runner:
    """The same with precision='bf16', and no CUDA graph."""
    model = new(folder, "bf16")
    for replica in model.engine.replicas:
        replica.whole.record = lambda compute, _: compute
    return lambda waveforms: model.inference(waveforms)[0]  # type: ignore[no-any-return]


RUNNERS = {
    "old": old,
    "float32": float32,
    "fp16": fp16,
    "bf16_one_by_one": bf16_one_by_one,
    "bf16": bf16,
    "bf16_short": bf16,
}

PREFIXES = {kind: "short" if kind == "bf16_short" else "waveform" for kind in RUNNERS}
"""Which samples a kind is given: of 16 bits, or floats."""

if __name__ == "__main__":
    main(RUNNERS, PREFIXES)
