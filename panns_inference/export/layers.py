"""How each operation of torch is said in ONNX: a table.

A rule is given the graph, and the arguments of the operation with names of values in the place of
tensors; a rule for a layer is given the layer first.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ..models.frontend import LogmelFilterBank, Spectrogram
from ..models.kaldi import KaldiLogmel
from ..models.precision import single_at_least
from .frontend import decibels, power
from .graph import Graph, Value
from .kaldi import kaldi_logmel

Rule = Callable[..., Any]


def array(tensor: Tensor) -> NDArray[np.float32]:
    """The values of weights, (channels, ...) in float32.

    Args:
        tensor: weights of any type, anywhere.
    """
    return np.asarray(tensor.detach().float().cpu().numpy())


def per_axis(value: int | tuple[int, ...], axes: int) -> list[int]:
    """A setting for each axis of an image.

    Args:
        value: the same for all, or one for each.
        axes: their number.
    """
    return [value] * axes if isinstance(value, int) else list(value)


def scale_and_shift(norm: Any) -> tuple[Any, Any]:
    """A batch norm in evaluation mode as factors and terms of its channels, (channels,) float64.

    Args:
        norm: a `BatchNorm1d` or `BatchNorm2d`.
    """
    mean, variance = norm.running_mean.double(), norm.running_var.double()
    scale = norm.weight.detach().double() / (variance + norm.eps).sqrt()
    return scale, norm.bias.detach().double() - mean * scale


def convolution(graph: Graph, layer: Any, x: Value, *norms: nn.Module) -> Value:
    """A convolution with the batch norms behind it, in one.

    Args:
        graph: where it is added.
        layer: a `Conv1d` or `Conv2d`.
        x: its input.
        norms: layers that follow.
    """
    weight = layer.weight.detach().double()
    channels = weight.shape[0]
    bias = weight.new_zeros(channels) if layer.bias is None else layer.bias.detach().double()
    for norm in norms:
        scale, shift = scale_and_shift(norm)
        weight = weight * scale.reshape(channels, *[1] * (weight.ndim - 1))
        bias = bias * scale + shift
    axes = weight.ndim - 2
    return graph.add(
        "Conv",
        x,
        array(weight),
        array(bias),
        kernel_shape=list(weight.shape[2:]),
        strides=per_axis(layer.stride, axes),
        pads=per_axis(layer.padding, axes) * 2,
        dilations=per_axis(layer.dilation, axes),
        group=layer.groups,
    )


def _linear(graph: Graph, layer: nn.Linear, x: Value) -> Value:
    product = graph.add("MatMul", x, np.ascontiguousarray(array(layer.weight).T))
    return graph.add("Add", product, array(layer.bias))


def _batch_norm(graph: Graph, norm: nn.Module, x: Value) -> Value:
    scale, shift = (array(each) for each in scale_and_shift(norm))
    zeros, ones = np.zeros_like(scale), np.ones_like(scale)
    return graph.add("BatchNormalization", x, scale, shift, zeros, ones, epsilon=0.0)


def _pool(kind: str, axes: int) -> Rule:
    """The rule for a pool over that many axes."""

    def rule(
        graph: Graph,
        x: Value,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        **settings: Any,
    ) -> Value:
        kernel = per_axis(kernel_size, axes)
        if kernel == [1] * axes:
            return x
        if kind == "AveragePool":
            settings = {"count_include_pad": int(settings.get("count_include_pad", True))}
        else:
            settings = {"dilations": per_axis(dilation, axes)}
        return graph.add(
            kind,
            x,
            kernel_shape=kernel,
            strides=kernel if stride is None else per_axis(stride, axes),
            pads=per_axis(padding, axes) * 2,
            **settings,
        )

    return rule


def _average(axes: int) -> Rule:
    """The rule for a layer that averages over that many axes."""
    pool = _pool("AveragePool", axes)
    return lambda graph, layer, x: pool(graph, x, layer.kernel_size, layer.stride, layer.padding)


def _plain(kind: str) -> Rule:
    """The rule for an operation of its inputs alone; its other settings say how torch does it."""
    return lambda graph, *given, **settings: graph.add(kind, *given)


def _same(graph: Graph, x: Value, *settings: Any, **more: Any) -> Value:
    """In evaluation mode, or for a type that all values here have."""
    return x


def _clamp(graph: Graph, x: Value, low: float, high: float) -> Value:
    return graph.add("Clip", x, float(low), float(high))


def _mean(graph: Graph, x: Value, dim: int | tuple[int, ...]) -> Value:
    return graph.add("ReduceMean", x, axes=per_axis(dim, 1), keepdims=0)


def _transpose(graph: Graph, x: Value, first: int, second: int) -> Value:
    rank = 1 + max(first, second, 2)
    order = list(range(rank))
    order[first], order[second] = second, first
    return graph.add("Transpose", x, perm=order)


def _flatten(graph: Graph, x: Value, first: int, last: int) -> Value:
    """The axes from the first to the last as one."""
    before = graph.add("Shape", x, start=0, end=first)
    behind = graph.add("Shape", x, start=last + 1)
    return graph.add("Reshape", x, graph.add("Concat", before, [-1], behind, axis=0))


def _unflatten(graph: Graph, x: Value, dim: int, sizes: tuple[int, ...]) -> Value:
    return graph.add("Reshape", x, [*[0] * dim, *sizes, -1])


def _cat(graph: Graph, xs: tuple[Value, ...], dim: int) -> Value:
    return graph.add("Concat", *xs, axis=dim)


def _attribute(graph: Graph, x: Value, name: str) -> Value | None:
    return graph.add("Shape", x) if name == "shape" else None


def _item(graph: Graph, x: Any, key: Any) -> Any:
    """An entry of a dict, a length of a shape, or a part of a value."""
    if isinstance(x, dict):
        return x[key]
    if isinstance(key, int):
        return graph.add("Gather", x, key, axis=0)
    for axis, each in enumerate(key):
        if each is None:
            x = graph.add("Unsqueeze", x, [axis])
        elif each.stop is not None:
            x = graph.add("Slice", x, [0], graph.add("Unsqueeze", each.stop, [0]), [axis])
    return x


LAYERS: dict[type[nn.Module], Rule] = {
    nn.Conv1d: convolution,
    nn.Conv2d: convolution,
    nn.BatchNorm1d: _batch_norm,
    nn.BatchNorm2d: _batch_norm,
    nn.Linear: _linear,
    nn.AvgPool1d: _average(1),
    nn.AvgPool2d: _average(2),
    nn.ReLU: lambda graph, layer, x: graph.add("Relu", x),
    nn.ReLU6: lambda graph, layer, x: _clamp(graph, x, 0, 6),
    nn.Dropout: lambda graph, layer, x: x,
    nn.Hardswish: lambda graph, layer, x: graph.add("HardSwish", x),
    Spectrogram: power,
    LogmelFilterBank: decibels,
    KaldiLogmel: kaldi_logmel,
}
"""Rules for layers, which hold weights or settings."""

FUNCTIONS: dict[Any, Rule] = {
    torch.relu_: _plain("Relu"),
    functional.relu: _plain("Relu"),
    functional.hardswish: _plain("HardSwish"),
    functional.dropout: _same,
    functional.avg_pool1d: _pool("AveragePool", 1),
    functional.avg_pool2d: _pool("AveragePool", 2),
    functional.max_pool1d: _pool("MaxPool", 1),
    torch.sigmoid: _plain("Sigmoid"),
    torch.softmax: lambda graph, x, dim: graph.add("Softmax", x, axis=dim),
    torch.cat: _cat,
    operator.add: _plain("Add"),
    operator.mul: _plain("Mul"),
    operator.truediv: _plain("Div"),
    operator.getitem: _item,
    getattr: _attribute,
    single_at_least: _same,
}
"""Rules for functions."""

METHODS: dict[str, Rule] = {
    "clamp": _clamp,
    "exp": _plain("Exp"),
    "flatten": _flatten,
    "mean": _mean,
    "sigmoid": _plain("Sigmoid"),
    "to": _same,
    "transpose": _transpose,
    "unflatten": _unflatten,
}
"""Rules for methods of tensors."""
