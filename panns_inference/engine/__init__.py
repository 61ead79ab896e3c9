"""What computes a network: waveforms in, arrays out.

`Engine` is the contract, and all that the floors above know; `network` computes a module of torch,
with the help of `fast` on the CPU; `cuda` does so on GPUs.
"""

from .contract import Engine, Grid, Outputs, Statistics, Waveforms

__all__ = ["Engine", "Grid", "Outputs", "Statistics", "Waveforms"]
