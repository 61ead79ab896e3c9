"""The convolutions of a graph in int8: weights by channel, activations in measured ranges.

    float32 graph --hears clips--> ranges --> graph with Q and DQ around what int8 computes

The front-end and the head stay in float32, and all but some blocks of the networks in `BLOCKS`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engine.card import WAVEFORM
from .whole import TRUNK

KINDS = ("Conv", "Relu", "Clip", "Add", "Concat", "AveragePool", "MaxPool")
"""Operators that int8 goes through: from one convolution to the next nothing becomes float32."""

FRONT_END = ("spectrogram_extractor", "logmel_extractor", "bn0")
"""Layers of the front-end."""

BLOCKS = {"LeeNet11": ("conv_block2",)}
"""Network to the only blocks of it that int8 computes, where all together would not be precise
enough: LeeNet11 hears the waveform itself, whose range is that of loudness, and half of its
operations are in this block. `benchmarks/int8.py` shows what comes of it."""


def in_int8(model: Any, name: str, clips: Iterable[NDArray[np.float32]]) -> Any:
    """The same model, its convolutions in int8.

    Args:
        model: in float32, an `onnx.ModelProto`; it is used up.
        name: of the network.
        clips: waveforms, (samples,) each, like those that will be heard.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_static

    # While ranges are measured nothing is optional, of which ONNX Runtime would warn.
    optional = list(model.graph.input)[1:]
    del model.graph.input[1:]
    model.metadata_props.add(key="onnx.quant.pre_process", value="onnxruntime.quant")
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(StringIO()):
        path = Path(folder, "int8.onnx")
        quantize_static(
            model,
            path,
            _Reader(clips),
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=list(KINDS),
            nodes_to_quantize=list(_chosen(model, BLOCKS.get(name, ("",)))),
            extra_options={"CalibMovingAverage": True},
        )
        found = onnx.load(path)
    found.graph.input.extend(optional)
    del found.metadata_props[:]
    return found


def _chosen(model: Any, blocks: tuple[str, ...]) -> Iterator[str]:
    """Names of the nodes for int8.

    A convolution that hears the waveform or the log-mel image itself is none of them: what is
    faint there, and matters, would be rounded away.
    """
    weights = {each.name: each for each in model.graph.initializer}
    for node in model.graph.node:
        part, _, layer = node.name.partition("/")
        in_place = part == TRUNK and layer.startswith(blocks) and not layer.startswith(FRONT_END)
        if not in_place or node.op_type not in KINDS:
            continue
        if node.op_type != "Conv" or _takes_several(node, weights[node.input[1]]):
            yield node.name


def _takes_several(node: Any, weight: Any) -> bool:
    """Whether a convolution takes more than one channel in all."""
    (groups,) = (each.i for each in node.attribute if each.name == "group")
    return bool(weight.dims[1] * groups > 1)


class _Reader:
    """Clips as ONNX Runtime reads them for its calibration."""

    def __init__(self, clips: Iterable[NDArray[np.float32]]) -> None:
        self.clips = iter(clips)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """The next input; None behind the last."""
        clip = next(self.clips, None)
        return None if clip is None else {WAVEFORM: clip[None]}
