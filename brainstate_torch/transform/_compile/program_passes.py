"""Simpler graphs of the same program."""

from collections.abc import Callable, Iterable
from typing import Any

import torch

from ..._host.fx import GraphModule, Node
from ..._program.nodes import arguments, is_view, merge_equal, outputs
from ..._program.purity import pure
from ..._program.subgraph import extracted
from .program_graph import ProgramGraph, check_graph

__all__ = ["optimize_graph", "optimize_jaxpr"]

_aten = torch.ops.aten
_COPIES = {
    *(_aten.clone.default, _aten.alias.default, _aten.detach.default, _aten._to_copy.default),
    *(_aten.lift_fresh.default, _aten.lift_fresh_copy.default),
    *(_aten.view.default, _aten._unsafe_view.default, _aten.reshape.default, _aten.expand.default),
}
#: Factories of a constant tensor, with their number or the position of the argument that has it.
_UNIFORM: dict[Any, tuple[str, Any]] = {
    **dict.fromkeys((_aten.zeros.default, _aten.zeros_like.default, _aten.new_zeros.default), ("is", 0)),
    **dict.fromkeys((_aten.ones.default, _aten.ones_like.default, _aten.new_ones.default), ("is", 1)),
    **dict.fromkeys((_aten.full.default, _aten.full_like.default), ("at", 1)),
    _aten.new_full.default: ("at", 2),
    _aten.scalar_tensor.default: ("at", 0),
}
_NEUTRAL: dict[Any, tuple[float, bool]] = {
    _aten.add.Tensor: (0, True),
    _aten.sub.Tensor: (0, False),
    _aten.mul.Tensor: (1, True),
    _aten.div.Tensor: (1, False),
    _aten.pow.Tensor_Scalar: (1, False),
    _aten.pow.Tensor_Tensor: (1, False),
}


def optimize_graph(
    jaxpr: ProgramGraph,
    max_iterations: int = 3,
    optimizations: str | Iterable[str] | None = None,
    verbose: bool = False,
) -> ProgramGraph:
    """A simpler graph of the same program, with the same inputs and outputs. What is inside of loops stays.

    It makes a graph easier to read, not faster: :func:`jit` simplifies what it compiles anyway.

    Parameters
    ----------
    jaxpr
        What :func:`make_graph` gives. It is not changed.
    max_iterations
        How often all of them are applied, unless nothing changes any more.
    optimizations
        Some of these, or None or 'all' for all, in this order: 'constant_fold', operations on tensors of one number
        everywhere; 'algebraic_simplification', such as ``x * 1`` and ``--x``; 'copy_propagation', copies and views that
        change nothing; 'cse', common subexpressions; 'dce', dead code.
    verbose
        Print how many operations each leaves.

    Returns
    -------
    ProgramGraph
        The simpler graph.

    Raises
    ------
    TypeError
        `jaxpr` is not a graph.
    ValueError
        A name in `optimizations` is unknown, or `max_iterations` is less than 1.

    Notes
    -----
    Source: brainstate.transform.optimize_jaxpr (0.5.4), a name that is kept here as well.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> def f(x):
    ...     return (x * 1).sin() + x.sin() + (torch.zeros(3) + 2)
    >>> graph, _ = brainstate.transform.make_graph(f)(torch.ones(3))
    >>> print(brainstate.transform.optimize_graph(graph))
    f(x: float32[3]):
        sin: float32[3] = sin.default(x)
        add: float32[3] = add.Tensor(sin, sin)
        full: float32[3] = full.default([3], 2.0, dtype=float32, device=cpu)
        add_2: float32[3] = add.Tensor(add, full)
        return result = add_2
    """
    check_graph(jaxpr)
    if max_iterations < 1:
        raise ValueError(f"`max_iterations` must be at least 1. Got {max_iterations}.")
    if optimizations is None or optimizations == "all":
        chosen = list(_PASSES)
    else:
        chosen = [optimizations] if isinstance(optimizations, str) else list(optimizations)
    for name in chosen:
        if name not in _PASSES:
            raise ValueError(f"`optimizations` must be among {', '.join(map(repr, _PASSES))}. Got {name!r}.")
    given = jaxpr.graph
    operations = [node for node in given.graph.nodes if node.op == "call_function"]
    copied = extracted(given, arguments(given), outputs(given), operations)
    graph = pure(copied, [x.meta["val"] for x in arguments(copied)])
    for i in range(max_iterations):
        before = str(graph.graph)
        for name in chosen:
            _PASSES[name](graph)
            if verbose:
                print(f"{i + 1}. {name}: {_count(graph)} operations")
        if str(graph.graph) == before:
            break
    graph.recompile()
    return ProgramGraph(
        jaxpr.name,
        graph,
        jaxpr.inputs,
        jaxpr.outputs,
        jaxpr.constants,
        jaxpr.read_states,
        jaxpr.write_states,
        jaxpr.out_shapes,
    )


optimize_jaxpr = optimize_graph


def _count(module: GraphModule) -> int:
    return len([node for node in module.graph.nodes if node.op == "call_function"])


def _uniform(x: Any) -> Any:
    """The number that an argument is, or that all its elements are; None if that is not known."""
    if isinstance(x, (bool, int, float, complex)):
        return x
    if not isinstance(x, Node) or x.target not in _UNIFORM:
        return None
    how, what = _UNIFORM[x.target]
    return what if how == "is" else x.args[what]


def _constant_fold(module: GraphModule) -> None:
    for node in module.graph.nodes:
        value = node.meta.get("val")
        if not node.all_input_nodes or not isinstance(value, torch.Tensor) or node.target in _UNIFORM:
            continue
        if any(_uniform(x) is None for x in node.all_input_nodes) or (number := _number(node)) is None:
            continue
        with module.graph.inserting_before(node):
            kind: dict[str, Any] = {"dtype": value.dtype, "device": value.device}
            args = (list(value.shape), number)
            full = module.graph.create_node("call_function", _aten.full.default, args, kind, name="full")
        full.meta["val"] = value
        node.replace_all_uses_with(full)
        module.graph.erase_node(node)


def _number(node: Node) -> Any:
    """The number that an operation gives for tensors of one number each; None if it may be many."""
    tags = getattr(node.target, "tags", ())
    if is_view(node) or node.target in _COPIES:
        found = _small(node.all_input_nodes[0])
    elif torch.Tag.pointwise in tags and torch.Tag.nondeterministic_seeded not in tags:
        operation: Any = node.target
        found = operation(*[_small(x) if isinstance(x, Node) else x for x in node.args], **node.kwargs)
    else:
        return None
    return found.to(node.meta["val"].dtype).item()


def _small(x: Node) -> torch.Tensor:
    value = x.meta["val"]
    return torch.full((1,) * value.dim(), _uniform(x), dtype=value.dtype)


def _simplify(module: GraphModule) -> None:
    for node in module.graph.nodes:
        if node.target in _NEUTRAL and not node.kwargs and len(node.args) == 2:
            number, either = _NEUTRAL[node.target]
            left, right = node.args
            if _uniform(right) == number:
                _replace(node, left)
            elif either and _uniform(left) == number:
                _replace(node, right)
        elif node.target is _aten.neg.default and node.args[0].target is _aten.neg.default:
            _replace(node, node.args[0].args[0])


def _propagate_copies(module: GraphModule) -> None:
    for node in module.graph.nodes:
        if node.target in _COPIES:
            _replace(node, node.args[0])


def _replace(node: Node, other: Any) -> None:
    """Let another node stand for one, if it is of the same kind."""
    mine, its = node.meta["val"], other.meta["val"] if isinstance(other, Node) else None
    if its is not None and (mine.shape, mine.dtype, mine.device) == (its.shape, its.dtype, its.device):
        node.replace_all_uses_with(other)


_PASSES: dict[str, Callable[[GraphModule], Any]] = {
    "constant_fold": _constant_fold,
    "algebraic_simplification": _simplify,
    "copy_propagation": _propagate_copies,
    "cse": merge_equal,
    "dce": lambda module: module.graph.eliminate_dead_code(),
}
