"""A network in a file of ONNX: checked, opened and computed, without torch.

file --sha256, validation, metadata--> bytes --ONNX Runtime--> outputs
"""

from .engine import OnnxEngine

__all__ = ["OnnxEngine"]
