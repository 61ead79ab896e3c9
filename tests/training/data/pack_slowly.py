"""Packs a manifest, and waits for ever at the recording that `WAITS_AT` names: run by a test."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from panns_inference.audio import blocks
from panns_inference.training.data import cutting, pack, packing, read_manifest

RATE = 8000


def waiting(path: Path, rate: int) -> Any:
    if path.name == os.environ["WAITS_AT"]:
        time.sleep(600)
    return blocks(path, rate)


cutting.blocks = waiting  # type: ignore[assignment]
packing.SHARD_BYTES = 2 * RATE * 2  # two clips of a second

if __name__ == "__main__":
    table, folder, workers = sys.argv[1:]
    pack(read_manifest(table), folder, sample_rate=RATE, seconds=1.0, workers=int(workers))
