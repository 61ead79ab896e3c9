"""Writes the packaged table of networks, `panns_inference/data/networks.csv`, from the networks.

python docs/make_networks.py
"""

from __future__ import annotations

from pathlib import Path

import torch

from panns_inference.models import NETWORKS, build, multi_adds, parameters

TARGET = Path(__file__).parents[1] / "panns_inference" / "data" / "networks.csv"


def text() -> str:
    """The table."""
    lines = ["name,parameters,multi_adds,sample_rate,output_names,n_bytes"]
    for name in NETWORKS:
        with torch.device("meta"):
            network = build(name)
        values = (
            name,
            parameters(network),
            multi_adds(network),
            network.sample_rate,
            " ".join(network.output_names),
            sum(4 * tensor.numel() for tensor in network.state_dict().values()),
        )
        lines.append(",".join(map(str, values)))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
