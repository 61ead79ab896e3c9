"""A loaded network as one file that other programs run: waveform in, probabilities out.

    Model --whole--> graph --(int8: calibrated on recordings)--> file, with its metadata

It needs the extra `onnx`. `engine.onnx` runs such a file without torch.
"""

from .onnx import to_onnx

__all__ = ["to_onnx"]
