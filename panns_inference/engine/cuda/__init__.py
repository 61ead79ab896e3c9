r"""Loaded networks on GPUs: a copy on each, its convolutions rounded if that is wanted.

    waveforms --pinned--> batches that fit --GraphCache--> copy of the network --packed--> arrays
                                                \--> the same, recorded as a CUDA graph

What stands here was written from the documentation of torch, and where there was no GPU: no figure
of its speed is known.
"""

from .engine import CudaEngine

__all__ = ["CudaEngine"]
