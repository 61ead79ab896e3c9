"""The convolutions of a graph in int8: weights by channel, activations in measured ranges.

    float32 graph --runs on clips--> ranges --> graph with Q and DQ around what int8 computes

The front-end and the head stay in float32, and of some networks more: see `QUANTIZED`.
What ONNX Runtime would be slow at is said in another way: averages, and deep convolutions.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..audio import blocks
from ..batch import find
from ..engine.onnx.metadata import WAVEFORM, ZERO_POINT
from ..registry import NETWORKS
from .whole import TRUNK

KINDS = ("Conv", "Relu", "Clip", "Add", "Concat", "AveragePool", "MaxPool")
"""Operators that int8 goes through: from one convolution to the next nothing becomes float32."""

FRONT_END = ("spectrogram_extractor", "logmel_extractor", "bn0")
"""Layers of the front-end."""


class Quantized(NamedTuple):
    """What of a network int8 computes.

    Attributes:
        blocks: what the names of its layers begin with.
        pointwise: whether it is the convolutions of one tap alone.
    """

    blocks: tuple[str, ...] = ("",)
    pointwise: bool = False


QUANTIZED = {
    "LeeNet11": Quantized(("conv_block2",)),
    "PannsMini": Quantized((*(f"features.{number}." for number in range(7, 13)), "deep."), True),
    **dict.fromkeys(
        (name for name, entry in NETWORKS.items() if entry.module == "efficientat"),
        Quantized(tuple(f"features.{number}." for number in range(7, 17)), True),
    ),
}
"""Network to what of it is, where int8 in all would not be precise enough. LeeNet11 is given the
waveform itself, whose range is that of loudness, and half of its operations are in this block. In
PannsMini gates multiply what was rounded: with all of it, one first tag of eight changes, as it is
here one of 25. EfficientAT has the same blocks: of mn04_as one first tag of ten changes, with all
pointwise layers one of six. `benchmarks/int8.py` shows what comes of it."""

PRODUCTS_FROM = 512
"""Channels of images from which on a convolution is faster as a product of matrices in AMX."""

MOST_CLIPS = 200
"""Clips that are processed at most: ranges hardly change with more."""

CLIP_SECONDS = 10
"""Length of the longest; of a recording, it is the beginning."""


def clips(folder: str | os.PathLike[str], rate: int) -> Iterator[NDArray[np.float32]]:
    """The beginnings of recordings, (samples,) each: of all, or of some from all over the folder.

    Args:
        folder: what holds them, at any depth.
        rate: that of the network, in Hz.

    Raises:
        AudioError: if there are none, or one cannot be read.
    """
    found = find([folder])
    for place in np.linspace(0, len(found) - 1, min(len(found), MOST_CLIPS)).round():
        yield next(blocks(found[int(place)].source, rate, CLIP_SECONDS * rate))


def in_int8(model: Any, name: str, clips: Iterable[NDArray[np.float32]]) -> Any:
    """The same model, its convolutions in int8.

    Args:
        model: in float32, an `onnx.ModelProto`; it is used up.
        name: of the network.
        clips: waveforms, (samples,) each, like those that will be processed.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_static

    model.metadata_props.add(key="onnx.quant.pre_process", value="onnxruntime.quant")
    chosen = list(_chosen(model, QUANTIZED.get(name, Quantized())))
    _averages_as_convolutions(model, chosen)
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
            nodes_to_quantize=chosen,
            extra_options={"CalibMovingAverage": True},
        )
        found = onnx.load(path)
    _name_deep_zero_points(found)
    del found.metadata_props[:]
    return found


def _chosen(model: Any, chosen: Quantized) -> Iterator[str]:
    """Names of the nodes for int8."""
    constants = {each.name: each for each in model.graph.initializer}
    for node in model.graph.node:
        part, _, layer = node.name.partition("/")
        in_place = part == TRUNK and layer.startswith(chosen.blocks)
        if not in_place or layer.startswith(FRONT_END) or node.op_type not in KINDS:
            continue
        is_wanted = _is_pointwise(node, constants) or not chosen.pointwise
        if is_wanted and _can_be_rounded(node, constants):
            yield node.name


def _is_pointwise(node: Any, constants: dict[str, Any]) -> bool:
    return node.op_type == "Conv" and set(constants[node.input[1]].dims[2:]) == {1}


def _can_be_rounded(node: Any, constants: dict[str, Any]) -> bool:
    """Whether a node loses little in int8.

    A convolution of the waveform or the log-mel image itself is none of them: what is faint there,
    and matters, would be rounded away. Nor is what squeezes are made of: dense layers, which add a
    constant, and means that take in fewer values at the edges.
    """
    from onnx import helper

    settings = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    if node.op_type == "Conv":
        return bool(constants[node.input[1]].dims[1] * settings["group"] > 1)
    if node.op_type == "AveragePool":
        return bool(settings["count_include_pad"])
    return node.op_type != "Add" or not constants.keys() & {*node.input}


def _averages_as_convolutions(model: Any, chosen: list[str]) -> None:
    """Say averages as convolutions of each channel by itself, which are ten times as fast in int8.

    Args:
        model: is changed.
        chosen: names of the nodes for int8; others are left alone.
    """
    from onnx import helper, numpy_helper, shape_inference

    inferred = shape_inference.infer_shapes(model).graph.value_info
    shapes = {each.name: each.type.tensor_type.shape.dim for each in inferred}
    for node in model.graph.node:
        if node.op_type != "AveragePool" or node.name not in chosen:
            continue
        settings = {each.name: helper.get_attribute_value(each) for each in node.attribute}
        del settings["count_include_pad"]
        kernel, groups = settings["kernel_shape"], shapes[node.input[0]][1].dim_value
        weight = np.full((groups, 1, *kernel), 1 / np.prod(kernel), np.float32)
        model.graph.initializer.append(numpy_helper.from_array(weight, f"{node.name}/weight"))
        inputs = [*node.input, f"{node.name}/weight"]
        node.CopyFrom(
            helper.make_node("Conv", inputs, node.output, name=node.name, group=groups, **settings)
        )


def _name_deep_zero_points(model: Any) -> None:
    """Let `engine.onnx` use AMX, where the chip has it, for convolutions of many channels.

    Where zero points are constant, ONNX Runtime computes them with a kernel that has no AMX. Its
    products of matrices have, and are twice as fast with it, but a tenth slower without; with few
    channels they are slower anyhow. So the zero point of such images, which is 0 behind ReLU, gets
    a name: the engine opens the file as if it were an input where there is AMX. A zero point of
    weights that is not 0 is not understood there.

    Args:
        model: in int8, is changed.
    """
    from onnx import numpy_helper

    arrays = {each.name: each for each in model.graph.initializer}
    dequantized = {
        node.output[0]: node for node in model.graph.node if node.op_type == "DequantizeLinear"
    }
    uses = Counter(name for node in model.graph.node for name in node.input)
    deep = []
    for node in model.graph.node:
        if node.op_type != "Conv" or not dequantized.keys() >= {*node.input[:2]}:
            continue
        image, weight = (dequantized[name] for name in node.input[:2])
        is_deep = arrays[weight.input[0]].dims[1] >= PRODUCTS_FROM
        is_alone = uses[node.input[0]] == 1
        if is_deep and is_alone and not numpy_helper.to_array(arrays[image.input[2]]):
            deep.append(image)
    for image in deep:
        image.input[2] = ZERO_POINT
    if deep:
        zero = numpy_helper.from_array(np.zeros((), np.uint8), ZERO_POINT)
        model.graph.initializer.append(zero)


class _Reader:
    """Clips as ONNX Runtime reads them for its calibration."""

    def __init__(self, clips: Iterable[NDArray[np.float32]]) -> None:
        self.clips = iter(clips)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """The next input; None behind the last."""
        clip = next(self.clips, None)
        return None if clip is None else {WAVEFORM: clip[None]}
