"""Gather the reference's figures into `schemas.json` and `outputs.npz`.

    python -m tests.reference.gather FOLDER

FOLDER holds two files for each class: `CLASS.schema.json` and `CLASS.npz`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent

KEPT = ("arguments", "parameters_total", "parameters_trainable", "multi_adds_10s", "frozen")
LENGTHS = ("short", "long")
KINDS = ("clipwise", "embedding", "segmentwise")


def schema(path: Path, figures: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """What a class is, and the inputs of its outputs."""
    read = json.loads(path.read_text("utf-8"))
    inputs = {
        length: {
            "n_samples": int(figures[f"{length}_samples"]),
            "sums": figures[f"{length}_input_sum"].tolist(),
        }
        for length in LENGTHS
    }
    return {
        **{key: read[key] for key in KEPT},
        "buffers": read["buffers"],
        "inputs": inputs,
        "state": read["state"],
    }


def main(folder: Path) -> None:
    """Write both files."""
    schemas: dict[str, dict[str, Any]] = {}
    outputs: dict[str, NDArray[np.float32]] = {}
    first: dict[bytes, str] = {}
    for path in sorted(folder.glob("*.schema.json")):
        name = path.name.partition(".")[0]
        with np.load(folder / f"{name}.npz") as file:
            figures = dict(file)
        keys = [f"{length}_{kind}" for length in LENGTHS for kind in KINDS]
        arrays = {key: figures[key] for key in keys if key in figures}
        # Networks that differ in training alone have the same outputs.
        same = first.setdefault(b"".join(a.tobytes() for a in arrays.values()), name)
        schemas[name] = {**schema(path, figures), "outputs": same}
        if same == name:
            outputs.update({f"{name}.{key}": array for key, array in arrays.items()})
    lines = [f"{json.dumps(name)}: {json.dumps(each)}" for name, each in schemas.items()]
    (HERE / "schemas.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    np.savez_compressed(HERE / "outputs.npz", **outputs)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
