"""A part of a graph as a model of its own, and constants of a graph as inputs."""

from __future__ import annotations

from collections.abc import Collection

from .protobuf import field, fields, text, texts, values

FLOAT, UINT8 = 1, 2
"""Numbers of types."""

NODE, NAME, TENSOR, INPUT, OUTPUT = 1, 2, 5, 11, 12
"""Fields of a graph."""


def head_model(model: memoryview, given: Collection[str], wanted: Collection[str]) -> bytes:
    """A model of the nodes that lead from some values to outputs.

    Args:
        model: holds them.
        given: names of values in float32, which are the inputs.
        wanted: names of outputs of the model.

    Raises:
        ValueError: if outputs do not follow from these values and constants alone.
    """
    (graph,) = values(model, 7)
    nodes = list(values(graph, NODE))
    tensors = {text(tensor, 8): tensor for tensor in values(graph, TENSOR)}
    inputs_of = {output: texts(node, 1) for node in nodes for output in texts(node, 2)}
    needed: set[str] = set()
    waiting = list(wanted)
    while waiting:
        if (name := waiting.pop()) not in needed and name not in given:
            needed.add(name)
            waiting += inputs_of.get(name, [])
    if missing := {*given, *needed} - {*inputs_of, *tensors, ""}:
        raise ValueError(f"{', '.join(sorted(missing))} cannot be computed in it")
    outputs = [value for value in values(graph, OUTPUT) if text(value, 1) in wanted]
    inside = (
        *(field(NODE, bytes(node)) for node in nodes if needed & {*texts(node, 2)}),
        field(NAME, b"head"),
        *(field(TENSOR, bytes(tensor)) for name, tensor in tensors.items() if name in needed),
        *(field(INPUT, _input(name, FLOAT)) for name in given),
        *(field(OUTPUT, bytes(value)) for value in outputs),
    )
    versions = (
        field(number, value if isinstance(value, int) else bytes(value))
        for number, _, value in fields(model)
        if number in (1, 8)
    )
    return b"".join(versions) + field(7, b"".join(inside))


def zero_point_input(name: str) -> bytes:
    """What stands behind a model to make an input of a constant, which need not be given.

    A second graph in a message is joined with the first.

    Args:
        name: of the constant, a single value in uint8.
    """
    return field(7, field(INPUT, _input(name, UINT8, field(2, b""))))


def _input(name: str, kind: int, shape: bytes = b"") -> bytes:
    return field(1, name.encode()) + field(2, field(1, field(1, kind) + shape))
