"""What old scripts hand to the package: settings, samples, and a network of their own."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

SETTINGS = (32000, 1024, 320, 64, 50, 14000, 527)
"""Arguments of CNN14 as in every old script."""

NOISE = np.random.default_rng(0).normal(0, 0.1, (2, 30000)).astype(np.float32)
"""Two clips, (2, 30000)."""


class Tiny(nn.Module):
    """A network of a user's own: any module with the two outputs that tagging needs."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(1, 527)

    def forward(self, x: torch.Tensor, mixup_lambda: torch.Tensor | None = None) -> dict:
        assert mixup_lambda is None
        assert x.dtype == torch.float32
        mean = x.mean(dim=1, keepdim=True)
        return {
            "clipwise_output": torch.sigmoid(self.layer(mean)),
            "framewise_output": torch.sigmoid(self.layer(mean))[:, None],
            "embedding": x[:, :2],
        }
