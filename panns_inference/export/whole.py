r"""The graph of a whole network: waveform in; outputs, and values of the segments, out.

    waveform --padded--> segments --maximum, sums--> clip values
                              \---> frames

The maximum, the sums and the number of the segments have these names: from there on `engine.onnx`
computes a part of the graph by itself, with those of a recording that is processed in blocks.
"""

from __future__ import annotations

from typing import Any

from ..engine.onnx.metadata import N_SEGMENTS, SEGMENTWISE, WAVEFORM
from ..models import Network
from .graph import Graph, Value
from .walk import walk

TRUNK = "trunk"
"""What the names of nodes up to the features of the segments begin with."""


def whole(network: Network) -> Any:
    """The network as an `onnx.ModelProto`.

    Args:
        network: in evaluation mode.

    Raises:
        UsageError: if it holds something for which there is no rule.
    """
    from onnx import TensorProto, helper

    graph = Graph()
    n_samples = graph.length(WAVEFORM, 1)
    missing = graph.add("Max", graph.add("Sub", network.minimum_samples, n_samples), 0)
    pads = graph.add("Concat", [0, 0, 0], graph.add("Unsqueeze", missing, [0]), axis=0)
    padded = graph.add("Pad", WAVEFORM, pads)
    features = walk(graph, network, TRUNK, _features, padded)
    segmentwise = walk(graph, network, "decision", _segmentwise, features)
    n_segments = graph.length(next(iter(segmentwise.values())), -1)
    outputs = _concluded(graph, network, segmentwise, n_segments)
    if "framewise_output" in network.output_names:
        n_frames = graph.add("Add", graph.add("Div", n_samples, network.hop_size), 1)
        frames = _frames(graph, network, segmentwise["probabilities"], n_segments, n_frames)
        outputs["framewise_output"] = frames
    named = {name: outputs[name] for name in network.output_names}
    named |= {f"{SEGMENTWISE}{name}": value for name, value in segmentwise.items()}
    for name, value in named.items():
        graph.add("Identity", value, name=name)
    given = [helper.make_tensor_value_info(WAVEFORM, TensorProto.FLOAT, ["batch", "samples"])]
    shapes = _shapes(network)
    results = [helper.make_tensor_value_info(n, TensorProto.FLOAT, shapes[n]) for n in named]
    return graph.model(type(network).__name__, given, results)


def _features(network: Network, waveform: Any) -> Any:
    return network.segment_features(waveform)


def _segmentwise(network: Network, features: Any) -> Any:
    return network.segmentwise(features)


def _concluded(
    graph: Graph, network: Network, segmentwise: dict[str, Value], n_segments: Value
) -> dict[str, Value]:
    """The clip values, of statistics of the segments that have names of their own."""
    from onnx import TensorProto

    statistics = {}
    for name, of in network.statistics_of.items():
        value = segmentwise[of]
        statistics[name] = (
            graph.add("ReduceMax", value, axes=[-1], keepdims=0, name=name)
            if name == "maximum"
            else graph.add("ReduceSum", value, [-1], keepdims=0, name=name)
        )
    number = graph.add("Cast", n_segments, to=TensorProto.FLOAT, name=N_SEGMENTS)

    def conclude(network: Network, given: Any) -> Any:
        return network.conclude(given["statistics"], given["number"])

    given = {"statistics": statistics, "number": number}
    return dict(walk(graph, network, "head", conclude, given))


def _frames(
    graph: Graph, network: Network, probabilities: Value, n_segments: Value, n_frames: Value
) -> Value:
    """As many frames as the recording has; the last segment stands for what is behind it."""
    from onnx import TensorProto

    ratio, lines = network.interpolation
    rows = graph.add("Transpose", probabilities, perm=[0, 2, 1])
    last = graph.add("Sub", n_segments, 1)
    places = graph.add("Range", 0, n_frames, 1)
    before = graph.add("Div", places, ratio)
    values = graph.add("Gather", rows, graph.add("Min", before, last), axis=1)
    if not lines:
        return values
    behind = graph.add("Min", graph.add("Add", before, 1), last)
    rise = graph.add("Sub", graph.add("Gather", rows, behind, axis=1), values)
    within = graph.add("Cast", graph.add("Mod", places, ratio), to=TensorProto.FLOAT)
    shares = graph.add("Unsqueeze", graph.add("Div", within, float(ratio)), [1])
    return graph.add("Add", values, graph.add("Mul", rise, shares))


def output_sizes(network: Network) -> dict[str, int]:
    """Length of the rows of each output.

    Args:
        network: any.
    """
    lengths = {"embedding": network.embedding_size}
    return {name: lengths.get(name, network.classes_num) for name in network.output_names}


def _shapes(network: Network) -> dict[str, list[str | int]]:
    """Shape of each output of the graph."""
    shapes: dict[str, list[str | int]] = {
        name: ["batch", *(["frames"] if name == "framewise_output" else []), size]
        for name, size in output_sizes(network).items()
    }
    segments = {**dict.fromkeys(network.statistics_of.values()), "probabilities": None}
    for name in segments:
        size = network.channels if name == "features" else network.classes_num
        shapes[f"{SEGMENTWISE}{name}"] = ["batch", size, "segments"]
    return shapes
