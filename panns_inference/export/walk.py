"""A part of a network as operations, and these as nodes of a graph.

    part of the network --torch.fx--> operations --layers.py--> nodes

Torch's own exporters need further packages, and change from version to version; a network of this
family is made of some thirty operations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import fx, nn

from ..errors import UsageError
from ..models import Network
from ..models.precision import single_at_least
from .graph import Graph
from .layers import FUNCTIONS, LAYERS, METHODS

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
AVERAGES = (nn.AvgPool1d, nn.AvgPool2d)
CONVOLUTIONS = (nn.Conv1d, nn.Conv2d)

Part = Callable[[Network, Any], Any]


class _Whole(nn.Module):
    """A part of a network in the form that `torch.fx` takes."""

    def __init__(self, network: Network, part: Part) -> None:
        super().__init__()
        self.network = network
        self.part = part

    def forward(self, given: Any) -> Any:
        """Call the part.

        Args:
            given: what it is called with.
        """
        return self.part(self.network, given)


class _Tracer(fx.Tracer):
    """Takes the layers for which there is a rule as they are, and what torch has."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return type(m) in LAYERS or super().is_leaf_module(m, module_qualified_name)


def walk(graph: Graph, network: Network, name: str, part: Part, given: Any) -> Any:
    """Add what a part of a network makes of its argument; the names of what it returns.

    Args:
        graph: where the nodes are added.
        network: in evaluation mode.
        name: of the part, which the names of its nodes begin with.
        part: calls methods of the network.
        given: its argument, with names of values in the place of tensors.

    Raises:
        UsageError: if the network holds something for which there is no rule.
    """
    whole = _Whole(network, part)
    try:
        nodes = _Tracer(autowrap_functions=(single_at_least,)).trace(whole).nodes
    except fx.proxy.TraceError as error:
        raise _unknown(network, str(error)) from error
    layers = {n: whole.get_submodule(str(n.target)) for n in nodes if n.op == "call_module"}
    folded = {n: _norm_behind(n, layers) for n in layers if isinstance(layers[n], CONVOLUTIONS)}
    values: dict[fx.Node, Any] = {}
    owner = name
    for node in nodes:
        arguments = fx.node.map_arg(node.args, values.__getitem__)
        settings = fx.node.map_arg(node.kwargs, values.__getitem__)
        if node.op == "placeholder":
            values[node] = given
        elif node.op == "get_attr":
            values[node] = None  # only the type of weights is looked at
        elif node.op == "output" or node in folded.values():
            values[node] = arguments[0]
        else:
            if (rule := RULES[node.op](layers.get(node, node.target))) is None:
                raise _unknown(network, str(node.target))
            scope = owner
            if layer := layers.get(node):
                norms = [layers[norm] for norm in (folded.get(node),) if norm]
                arguments = (layer, *arguments, *norms)
                scope = f"{name}/{str(node.target).removeprefix('network.')}"
                # What follows and is no layer of its own belongs to the same block.
                owner = scope.rpartition(".")[0] or name
            graph.scope = scope
            values[node] = rule(graph, *arguments, **settings)
    graph.scope = ""
    return values[node]


RULES: dict[str, Callable[[Any], Any]] = {
    "call_module": lambda layer: LAYERS.get(type(layer)),
    "call_function": FUNCTIONS.get,
    "call_method": METHODS.get,
}
"""Kind of an operation to where its rule stands."""


def _norm_behind(node: fx.Node, layers: dict[fx.Node, nn.Module]) -> fx.Node | None:
    """The batch norm that a convolution can take in: averages in between do not matter to it."""
    while len(node.users) == 1:
        (node,) = node.users
        if isinstance(layers.get(node), NORMS):
            return node
        if not isinstance(layers.get(node), AVERAGES):
            return None
    return None


def _unknown(network: Network, operation: str) -> UsageError:
    return UsageError(
        f"{type(network).__name__} cannot be written as ONNX: {operation} is no operation of the "
        "networks in models"
    )
