"""A graph of ONNX operators, written one node after the other.

Values are known by their names. What is given as an array becomes a constant of the graph, and so
do numbers, once for each value.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

OPSET = 17
"""Version of the operators: the oldest that has all of them, for the sake of other programs."""

IR_VERSION = 8
"""Version of the format that belongs to it."""

Value = str
"""Name of what a node gives."""

Given = Value | int | float | list[int] | NDArray[Any]
"""What a node takes: a value, or what becomes a constant (int64 for whole numbers, float32)."""


class Graph:
    """Nodes and constants, in the order in which they are added.

    Attributes:
        scope: what names of new nodes begin with.
    """

    def __init__(self) -> None:
        self.scope = ""
        self.nodes: list[Any] = []
        self.constants: dict[str, NDArray[Any]] = {}
        self._numbers: dict[str, Value] = {}

    def add(self, kind: str, *given: Given, name: str = "", **attributes: Any) -> Value:
        """Add a node with one output; the name of that.

        Args:
            kind: name of the operator.
            given: its inputs.
            name: of the output; '' makes one up.
            attributes: those of the operator.
        """
        from onnx import helper

        output = name or f"{self.scope}/{kind}.{len(self.nodes)}"
        inputs = [self._value(each) for each in given]
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def _value(self, given: Given) -> Value:
        if isinstance(given, str):
            return given
        if isinstance(given, np.ndarray):
            return self._constant(given)
        if (key := repr(given)) not in self._numbers:
            array = np.asarray(given)
            kind = np.float32 if array.dtype.kind == "f" else np.int64
            self._numbers[key] = self._constant(array.astype(kind))
        return self._numbers[key]

    def _constant(self, array: NDArray[Any]) -> Value:
        name = f"constant.{len(self.constants)}"
        self.constants[name] = array
        return name

    def length(self, value: Value, axis: int) -> Value:
        """Length of a value along an axis, a whole number.

        Args:
            value: any.
            axis: number of the axis.
        """
        return self.add("Gather", self.add("Shape", value), axis, axis=0)

    def model(self, name: str, inputs: list[Any], outputs: list[Any]) -> Any:
        """The whole as an `onnx.ModelProto`.

        Args:
            name: of the graph.
            inputs: what it takes, as `onnx.ValueInfoProto`.
            outputs: what it gives.
        """
        from onnx import helper, numpy_helper

        constants = [numpy_helper.from_array(array, name) for name, array in self.constants.items()]
        graph = helper.make_graph(self.nodes, name, inputs, outputs, constants)
        opsets = [helper.make_opsetid("", OPSET)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
