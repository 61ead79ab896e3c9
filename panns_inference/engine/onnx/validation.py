"""What a file of ONNX may hold: what `panns export` writes, and nothing else.

ONNX can name other files to be read, nest graphs, and bring functions and operators of its own. A
file of a network of this package needs none of that, so that every field that is not in the table
below is refused before ONNX Runtime sees it, also one that a later version of ONNX will have.
"""

from __future__ import annotations

from typing import NamedTuple

from .protobuf import BYTES, FOUR_BYTES, INTEGER, Value, fields, text, values

ALLOWED: dict[str, dict[int, str]] = {
    "model": {
        **dict.fromkeys((1, 5), "integer"),  # versions of the format and of the model
        **dict.fromkeys((2, 3, 4, 6), "bytes"),  # who wrote it, and for what
        7: "graph",
        8: "operators",
        14: "entry",
    },
    "operators": {1: "bytes", 2: "integer"},
    "entry": {1: "bytes", 2: "bytes"},
    "graph": {
        1: "node",
        **dict.fromkeys((2, 10), "bytes"),
        5: "tensor",
        **dict.fromkeys((11, 12, 13), "value"),
    },
    "node": {**dict.fromkeys((1, 2, 3, 6), "bytes"), 4: "operator", 5: "attribute", 7: "domain"},
    "attribute": {
        **dict.fromkeys((1, 4, 13), "bytes"),
        2: "float",
        **dict.fromkeys((3, 20), "integer"),
        7: "floats",
        8: "integers",
    },
    "tensor": {
        **dict.fromkeys((1, 5, 7, 11), "integers"),
        2: "integer",
        4: "floats",
        **dict.fromkeys((8, 9, 10, 12), "bytes"),
        14: "location",
    },
    "value": {**dict.fromkeys((1, 3), "bytes"), 2: "type"},
    "type": {1: "tensor type", 6: "bytes"},
    "tensor type": {1: "integer", 2: "shape"},
    "shape": {1: "dimension"},
    "dimension": {1: "integer", **dict.fromkeys((2, 3), "bytes")},
}
"""Message to its fields, by number, and what each of them is: a message again, or a value."""

VALUES: dict[str, tuple[int, ...]] = {
    "integer": (INTEGER,),
    "location": (INTEGER,),
    "bytes": (BYTES,),
    "operator": (BYTES,),
    "domain": (BYTES,),
    "float": (FOUR_BYTES,),
    "integers": (INTEGER, BYTES),
    "floats": (FOUR_BYTES, BYTES),
}
"""Kinds of fields that hold a value."""

REFUSED = {
    ("model", 20): "training information",
    ("model", 25): "functions",
    ("graph", 15): "sparse tensors",
    ("tensor", 13): "data outside of the file",
    **{("attribute", number): "nested graphs" for number in (6, 11)},
    **{("attribute", number): "tensors in attributes" for number in (5, 10, 22, 23)},
}
"""Names of what is not allowed."""

OPERATORS = frozenset(
    {
        *("Add", "AveragePool", "BatchNormalization", "Cast", "Clip", "Concat", "Conv"),
        *("DequantizeLinear", "Div", "Exp", "Gather", "Greater", "HardSwish", "Identity"),
        *("Log", "MatMul", "Max", "MaxPool", "Min", "Mod", "Mul", "Pad"),
        *("QuantizeLinear", "Range", "ReduceMax", "ReduceMean", "ReduceSum", "Relu"),
        *("Reshape", "Shape", "Sigmoid", "Slice", "Softmax", "Sub"),
        *("Transpose", "Unsqueeze", "Where"),
    }
)
"""Operators of the networks of `models`."""

DOMAINS = ("", "ai.onnx")
"""Names of the domain of ONNX itself."""

MOST_FIELDS = 1_000_000
"""The largest network has some ten thousand."""


class Signature(NamedTuple):
    """The metadata of a file, and the names in its graph.

    Attributes:
        entries: its metadata.
        inputs: names of what the graph takes.
        outputs: names of what it gives.
        constants: names of the tensors in it.
    """

    entries: dict[str, str]
    inputs: set[str]
    outputs: set[str]
    constants: set[str]


def validated(model: memoryview) -> Signature:
    """Return what a file holds, after every part of it was found to be allowed.

    Args:
        model: the file.

    Raises:
        ValueError: if it is no file of ONNX, or holds something that `panns export` does not
            write.
    """
    _check(model)
    graphs = list(values(model, 7))
    if len(graphs) != 1:
        raise ValueError(f"it holds {len(graphs)} graphs, expected 1")
    pairs = [(text(entry, 1), text(entry, 2)) for entry in values(model, 14)]
    if len(entries := dict(pairs)) < len(pairs):
        raise ValueError("a name stands twice in its metadata")
    (graph,) = graphs
    names = [{text(each, n) for each in values(graph, of)} for of, n in ((11, 1), (12, 1), (5, 8))]
    return Signature(entries, *names)


def _check(model: memoryview) -> None:
    """Look at every field of a model, and of the messages in it."""
    waiting, n_fields = [("model", model)], 0
    while waiting:
        name, message = waiting.pop()
        for number, kind, value in fields(message):
            n_fields += 1
            if n_fields > MOST_FIELDS:
                raise ValueError(f"it has more than {MOST_FIELDS} fields")
            what = ALLOWED[name].get(number)
            if what is None:
                refused = REFUSED.get((name, number), f"field {number} of a {name}")
                raise ValueError(f"it holds {refused}, which panns export does not write")
            if kind not in VALUES.get(what, (BYTES,)):
                raise ValueError(f"field {number} of a {name} is of another kind")
            if what in CHECKS:
                CHECKS[what](value)
            elif what in ALLOWED and not isinstance(value, int):
                waiting.append((what, value))


def _check_location(value: Value) -> None:
    if value != 0:
        raise ValueError("it holds data outside of the file, which panns export does not write")


def _check_operator(value: Value) -> None:
    if _shown(value) not in OPERATORS:
        raise ValueError(
            f"it holds the operator {_shown(value)!a}, which no network of this package has"
        )


def _check_domain(value: Value) -> None:
    if _shown(value) not in DOMAINS:
        raise ValueError(f"it holds operators of {_shown(value)!a}, and not of ONNX alone")


CHECKS = {"location": _check_location, "operator": _check_operator, "domain": _check_domain}
"""What values of some fields are checked by."""


def _shown(value: Value) -> str:
    """Text, or so much of it as is shown."""
    return "" if isinstance(value, int) else bytes(value[:80]).decode("utf-8", "replace")
