"""Files that are taken for published ones: the genuine ones are not at hand."""

from __future__ import annotations

import json
import os
from pathlib import Path

LEENET11 = "LeeNet11_mAP=0.266.pth"
"""The smallest of the published files."""


def vouch_for(path: Path) -> Path:
    """Give weights under a published name the published layout and size, their checksum as found.

    Behind the weights of that layout there may stand anything.
    """
    import torch

    from panns_inference.checkpoints.check_records import signature
    from panns_inference.registry import checkpoint_named

    published = checkpoint_named(path.name)
    assert published is not None
    content = torch.load(path, weights_only=True)
    torch.save(content, path, _use_new_zipfile_serialization=False)
    assert path.stat().st_size <= published.size
    os.truncate(path, published.size)
    kept = {"signature": signature(path), "found": {"sha256": published.sha256}}
    path.with_name(f"{path.name}.checked").write_text(json.dumps(kept), encoding="utf-8")
    return path


def leenet11(folder: Path) -> Path:
    """Write LeeNet11 under its published name, of weights by formula but for the last biases.

    Of everything it says that it is speech, or else a telephone, and seldom anything else.
    """
    import torch
    from reference import weights

    from panns_inference.audioset import labels

    state = weights.state("LeeNet11")
    bias = state["fc_audioset.bias"]
    bias -= 3
    bias[labels.index("Speech")], bias[labels.index("Telephone bell ringing")] = 3, 1
    torch.save({"model": state}, folder / LEENET11)
    return vouch_for(folder / LEENET11)
