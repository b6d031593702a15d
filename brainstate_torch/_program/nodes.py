"""What graphs consist of: the kinds of their nodes, what these cost, and whose memory they show."""

import math
import operator
from collections.abc import Mapping
from typing import Any

import torch
from torch.utils.flop_counter import flop_registry

from .._host.dispatch import OpOverload
from .._host.fx import GraphModule, Node
from .calls import act, perform

__all__ = [
    "acts",
    "arguments",
    "effort",
    "is_view",
    "memory",
    "merge_equal",
    "multiplications",
    "number_of",
    "numbers_in",
    "outputs",
    "size_of",
    "written_input",
]

#: What the nodes of operations call.
_CALLS = (perform, act)


def memory(module: GraphModule) -> dict[Node, Node]:
    """For each node the one whose memory it shows, itself or what it is a view of."""
    found: dict[Node, Node] = {}
    for node in module.graph.nodes:
        viewed: list[Any] = [given for _, given in _aliased_arguments(node)]
        if node.target is operator.getitem and node.args[0].target not in _CALLS:
            viewed = [node.args[0]]
        found[node] = found[viewed[0]] if viewed else node
    return found


def written_input(module: GraphModule) -> str | None:
    """The name of an operation that writes into an input or a view of one; None if there is none."""
    of = memory(module)
    for node in module.graph.nodes:
        if any(argument.is_write and of[given].op == "placeholder" for argument, given in _aliased_arguments(node)):
            return str(node.target._schema.name.removeprefix("aten::"))
    return None


def _aliased_arguments(node: Node) -> list[tuple[Any, Node]]:
    """The arguments of a node that its result aliases, or that it writes; each with its entry in torch's schema."""
    if not isinstance(node.target, OpOverload):
        return []
    pairs = zip(node.target._schema.arguments, node.args, strict=False)
    return [(x.alias_info, given) for x, given in pairs if x.alias_info is not None and isinstance(given, Node)]


def merge_equal(module: GraphModule) -> None:
    """Common-subexpression elimination, in place."""
    known: dict[Any, Node] = {}
    for node in module.graph.nodes:
        if node.op != "call_function" or node.is_impure():
            continue
        key = node.target, _hashable(node.args), _hashable(node.kwargs)
        if (first := known.setdefault(key, node)) is not node:
            node.replace_all_uses_with(first)
            module.graph.erase_node(node)
    module.recompile()


def _hashable(x: Any) -> Any:
    """Arguments as a key, in which 1, 1.0 and True differ."""
    if isinstance(x, Mapping):
        return tuple([(key, _hashable(value)) for key, value in x.items()])
    return tuple(map(_hashable, x)) if isinstance(x, (list, tuple)) else (type(x), x)


def size_of(node: Node) -> int | None:
    """How many bytes the value of a node has; None if it is not one tensor."""
    value = node.meta["val"]
    return value.numel() * value.element_size() if isinstance(value, torch.Tensor) else None


def is_view(node: Node) -> bool:
    """Whether a node is an alias of another."""
    operation: Any = node.target
    if operation is operator.getitem:
        operation = node.args[0].target  # type: ignore[union-attr]
    returns = operation._schema.returns if isinstance(operation, OpOverload) else ()
    return any(result.alias_info is not None for result in returns)


def effort(node: Node) -> float:
    """Cost of recomputing a node in a compiled program, in equivalent bytes of memory traffic.

    Pointwise operations, views and factories are fused with what follows; only transcendental functions take time.
    """
    operation = node.target
    if operation is operator.getitem:
        return 0 if number_of(node.args[0]) is None else math.inf  # type: ignore[arg-type]
    if not isinstance(operation, OpOverload):
        return math.inf
    if operation.overloadpacket in _TRANSCENDENTAL and not _is_product(node):
        return size_of(node) or 0
    fresh = not node.all_input_nodes and torch.Tag.nondeterministic_seeded not in operation.tags
    return 0 if is_view(node) or fresh or torch.Tag.pointwise in operation.tags or operation in _FUSED else math.inf


def _is_product(node: Node) -> bool:
    """Whether a node is a power with an integer exponent."""
    return node.target is torch.ops.aten.pow.Tensor_Scalar and float(node.args[1]).is_integer()  # type: ignore[arg-type]


_FUSED = {torch.ops.aten._to_copy.default, torch.ops.aten.clone.default, torch.ops.aten.expand.default}
#: Pointwise operations that take longer than reading and writing what they compute.
_TRANSCENDENTAL = {
    getattr(torch.ops.aten, name)
    for name in (
        *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sigmoid", "tanh", "sinh", "cosh", "sin", "cos"),
        *("tan", "asin", "acos", "atan", "atan2", "asinh", "acosh", "atanh", "erf", "erfc", "erfinv", "lgamma"),
        *("digamma", "softplus", "silu", "gelu", "elu", "logit", "pow"),
    )
}


def multiplications(node: Node) -> int | None:
    """How many numbers a node multiplies that is a product of matrices or a convolution; None for any other."""
    values: list[Any] = [arg.meta["val"] if isinstance(arg, Node) else arg for arg in node.args]
    if node.target in _OF_VECTORS:
        return int(values[-1].numel() * node.meta["val"].numel())
    count = flop_registry.get(getattr(node.target, "overloadpacket", None))
    # torch counts a multiplication and an addition.
    return None if count is None else int(count(*values, **node.kwargs, out_val=node.meta["val"])) // 2


#: Products with a vector, which torch's table of costs lacks.
_OF_VECTORS = frozenset({torch.ops.aten.mv.default, torch.ops.aten.addmv.default})


def number_of(node: Node) -> int | None:
    """The number of the target that a node calls; None if it calls none."""
    return node.args[1] if node.target in _CALLS else None  # type: ignore[return-value]


def acts(module: GraphModule) -> list[Node]:
    """The nodes with side effects."""
    return [node for node in module.graph.nodes if node.target is act]


def numbers_in(module: GraphModule) -> list[int]:
    """The numbers of the targets that a graph calls."""
    return [number for node in module.graph.nodes if (number := number_of(node)) is not None]


def arguments(module: GraphModule) -> list[Node]:
    """The nodes of the arguments of a graph."""
    return [node for node in module.graph.nodes if node.op == "placeholder"]


def outputs(module: GraphModule) -> list[Node]:
    """The nodes of the results of a graph."""
    return list(module.graph.output_node().args[0])  # type: ignore[arg-type]
