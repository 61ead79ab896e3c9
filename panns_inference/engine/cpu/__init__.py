"""Loaded networks made fast for inference: fold, dispatch, run.

    batch norms --fold--> convolutions --dispatch--> kernels, one for each layer --run--> features

The plain network stays what it is, and is the oracle of the fast one.
"""

from .fused_network import fused_network

__all__ = ["fused_network"]
