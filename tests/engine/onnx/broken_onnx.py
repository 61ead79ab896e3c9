"""Files of ONNX that are damaged, that lie, or that do harm, each with the right checksum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from panns_inference.engine.onnx.metadata import with_checksum

Change = Callable[[onnx.ModelProto], None]

DEEP = "[" * 100_000 + "]" * 100_000


def sealed(model: onnx.ModelProto, *changes: Change) -> bytes:
    """The bytes of a model after some changes, with their checksum."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    kept = [entry for entry in changed.metadata_props if entry.key != "sha256"]
    del changed.metadata_props[:]
    changed.metadata_props.extend(kept)
    for change in changes:
        change(changed)
    return with_checksum(changed.SerializeToString())


def says(name: str, text: str) -> Change:
    """Its metadata say something else."""

    def change(model: onnx.ModelProto) -> None:
        (entry,) = (each for each in model.metadata_props if each.key == name)
        entry.value = text

    return change


WHOLE_NUMBERS = (
    "0",
    "-1",
    "1.5",
    "NaN",
    "Infinity",
    "1e999",
    "1" + "0" * 30,
    "true",
    '"320"',
    "null",
)

LIES: dict[str, Change] = {
    **{
        f"{name} is {text}": says(name, text)
        for name in ("hop_size", "sample_rate", "minimum_samples")
        for text in WHOLE_NUMBERS
    },
    **{
        f"{name} is deep": says(name, DEEP)
        for name in ("labels", "sizes", "statistics", "grid", "interpolation", "hop_size")
    },
    **{
        f"{name} is {text!r}": says(name, text)
        for name, texts in {
            "labels": ("[]", "{}", "[1, 2, 3]", '["a"]', "null", "", '["a", "b", "c"', '"abc"'),
            "mids": ('["/m/1"]', "[[], [], []]", "0"),
            "sizes": (
                *("{}", "[]", '{"clipwise_output": 0}', '{"clipwise_output": 3.0}'),
                '{"clipwise_output": 4, "embedding": 512}',
                '{"clipwise_output": 3, "embedding": -1}',
                '{"clipwise_output": 3, "clipwise_output": 3}',
                '{"clipwise_output": 3, "other": 3}',
                '{"clipwise_output": 3, "embedding": 511}',
                '{"embedding": 512}',
            ),
            "statistics": (
                "{}",
                "[]",
                '{"sum": 1}',
                '{"waveform": "features"}',
                '{"": "features"}',
            ),
            "interpolation": ("[]", "[0]", "[0, 0]", "[-1, true]", "[32, true]", "{}"),
            "grid": (
                *("[]", "[0, 1, 1]", "[-1, 0, 0]", "[19683, 1]", "[19683, -1, 0]", "[1e9, 1, 1]"),
                *("[19683, 1000000, 0]", '["a", 0, 0]', "[NaN, 0, 0]"),
            ),
            "seconds_at_once": ("NaN", "-1", "Infinity", "1e300", '"a"', "true", "[]"),
            "precision": ("", "int4", "\\x1b[2J"),
            "name": ("",),
        }.items()
        for text in texts
    },
}
"""What metadata may say that is not so."""


def _external(tensor: onnx.TensorProto, location: str = "/etc/passwd") -> onnx.TensorProto:
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, "offset": "0", "length": "4"}.items():
        tensor.external_data.add(key=key, value=value)
    return tensor


def _one(name: str = "secret") -> onnx.TensorProto:
    return numpy_helper.from_array(np.zeros(1, np.float32), name)


def _with_attribute(**attributes: Any) -> Change:
    """One more node, with an attribute of some kind."""

    def change(model: onnx.ModelProto) -> None:
        node = helper.make_node("Identity", ["waveform"], ["more"], **attributes)
        model.graph.node.append(node)

    return change


def _with_node(kind: str, domain: str = "") -> Change:
    return lambda model: model.graph.node.append(
        helper.make_node(kind, ["waveform"], ["more"], domain=domain)
    )


def _nested() -> onnx.GraphProto:
    return helper.make_graph([], "nested", [], [], [_external(_one())])


def _sparse() -> onnx.SparseTensorProto:
    indices = numpy_helper.from_array(np.zeros(1, np.int64), "")
    return helper.make_sparse_tensor(_external(_one()), indices, [3])


def _function(model: onnx.ModelProto) -> None:
    inside = helper.make_node("Constant", [], ["y"], value=_external(_one("")))
    opsets = [helper.make_opsetid("", 17)]
    model.functions.append(helper.make_function("own", "F", ["x"], ["y"], [inside], opsets))


def _training(model: onnx.ModelProto) -> None:
    model.training_info.add().algorithm.CopyFrom(_nested())


def _two_names(model: onnx.ModelProto) -> None:
    model.metadata_props.add(key="hop_size", value="320")


def _without_statistics(model: onnx.ModelProto) -> None:
    kept = [node for node in model.graph.node if "sum" not in node.output]
    del model.graph.node[:]
    model.graph.node.extend(kept)


HARM: dict[str, tuple[Change, str]] = {
    "external data of a weight": (
        lambda model: _external(model.graph.initializer[0]) and None,
        "data outside of the file",
    ),
    "external data in a relative file": (
        lambda model: _external(model.graph.initializer[0], "../secret.bin") and None,
        "data outside of the file",
    ),
    "a place without a name": (
        lambda model: setattr(model.graph.initializer[0], "data_location", 1),
        "data outside of the file",
    ),
    "a name without a place": (
        lambda model: (
            model.graph.initializer[0].external_data.add(key="location", value="a") and None
        ),
        "data outside of the file",
    ),
    "a tensor in an attribute": (_with_attribute(value=_external(_one())), "tensors in attributes"),
    "tensors in an attribute": (
        _with_attribute(value=[_external(_one())]),
        "tensors in attributes",
    ),
    "a sparse tensor in an attribute": (_with_attribute(value=_sparse()), "tensors in attributes"),
    "a graph in an attribute": (_with_attribute(body=_nested()), "nested graphs"),
    "graphs in an attribute": (_with_attribute(bodies=[_nested()]), "nested graphs"),
    "a type in an attribute": (
        _with_attribute(kind=helper.make_tensor_type_proto(1, [1])),
        "field 14 of a attribute",
    ),
    "a sparse weight": (
        lambda model: model.graph.sparse_initializer.append(_sparse()),
        "sparse tensors",
    ),
    "a function": (_function, "functions"),
    "training information": (_training, "training information"),
    **{
        f"an operator of {domain}": (_with_node("Relu", domain), f"operators of '{domain}'")
        for domain in ("com.microsoft", "ai.onnx.ml", "/tmp/own.so")
    },
    **{
        f"the operator {kind}": (_with_node(kind), f"the operator '{kind}'")
        for kind in ("Loop", "If", "Scan", "ConstantOfShape", "Tile", "Expand", "StringNormalizer")
    },
    "an operator without a name": (_with_node(""), "the operator ''"),
    "a name in the metadata twice": (_two_names, "a name stands twice"),
    "no graph": (lambda model: model.ClearField("graph"), "0 graphs"),
    "no weights": (
        lambda model: model.graph.ClearField("initializer"),
        "cannot be computed in it",
    ),
    "no statistics": (_without_statistics, "sum cannot be computed in it"),
    "an input that is not given": (
        lambda model: model.graph.input.append(
            helper.make_tensor_value_info("more", TensorProto.FLOAT, [1])
        ),
        "takes more, waveform, expected waveform",
    ),
}
"""What a graph may hold that would do harm, and what is said of it."""
