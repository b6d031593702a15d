"""Recorded programs as Python code."""

import itertools
import keyword
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch

from ..._host.fx import GraphModule, Node
from ..._program.nodes import arguments, outputs
from .program_graph import ProgramGraph, check_graph, make_graph, operation_of

__all__ = ["fn_to_python_code", "graph_to_python_code", "jaxpr_to_python_code"]

_aten = torch.ops.aten
_INFIX: dict[Any, str] = {
    operation: symbol
    for symbol, operations in {
        "+": [_aten.add.Tensor],
        "-": [_aten.sub.Tensor],
        "*": [_aten.mul.Tensor],
        "/": [_aten.div.Tensor],
        "@": [_aten.mm.default, _aten.mv.default, _aten.bmm.default],
        "**": [_aten.pow.Tensor_Scalar, _aten.pow.Tensor_Tensor],
        "<": [_aten.lt.Scalar, _aten.lt.Tensor],
        "<=": [_aten.le.Scalar, _aten.le.Tensor],
        ">": [_aten.gt.Scalar, _aten.gt.Tensor],
        ">=": [_aten.ge.Scalar, _aten.ge.Tensor],
        "==": [_aten.eq.Scalar, _aten.eq.Tensor],
        "!=": [_aten.ne.Scalar, _aten.ne.Tensor],
    }.items()
    for operation in operations
}
#: Constants of at most this many numbers are written as literals.
_MOST = 1000


def fn_to_python_code(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    """The source of a function that does what `fn` does with arguments like these, in terms of torch alone.

    It takes the tensors of the arguments, then those of the States that are touched, then constants of more than 1000
    numbers; smaller ones are literals. It returns the tensors of the result, then those of the States that are written.
    It has no units, like every compiled program. Loops and branches are Python's.

    Parameters
    ----------
    fn
        A function as :func:`jit` takes it.
    args, kwargs
        Arguments of the shapes and dtypes that it is for.

    Returns
    -------
    str
        Source to read, or to run by ``exec``. The function in it has the name of `fn`, or ``generated_function``.

    Raises
    ------
    TypeError, ConcretizationError
        As :func:`make_graph`.
    NotImplementedError
        `fn` draws random numbers, or checks numbers as :func:`jit_error_if` does.

    Notes
    -----
    Source: brainstate.transform.fn_to_python_code (0.5.4). Differs: States may be touched.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> n = brainstate.State(torch.tensor(0.), name='n')
    >>> def count(x):
    ...     n.value += x.sum()
    ...     return 2 * x
    >>> print(brainstate.transform.fn_to_python_code(count, torch.ones(3)))
    import torch
    <BLANKLINE>
    aten = torch.ops.aten
    <BLANKLINE>
    <BLANKLINE>
    def count(x, n):
        sum_1 = aten.sum.default(x)
        add = n + sum_1
        mul = x * 2
        return mul, add  # result, n
    """
    graph, *_ = make_graph(fn)(*args, **kwargs)
    return graph_to_python_code(graph, graph.name if graph.name.isidentifier() else "generated_function")


def graph_to_python_code(jaxpr: ProgramGraph, fn_name: str = "generated_function") -> str:
    """The source of a function that does what a graph does; see :func:`fn_to_python_code`.

    Parameters
    ----------
    jaxpr
        What :func:`make_graph` gives.
    fn_name
        The name of the function in the source.

    Returns
    -------
    str
        The source.

    Raises
    ------
    TypeError
        `jaxpr` is not a graph.
    ValueError
        `fn_name` is not a name.
    NotImplementedError
        The graph draws random numbers, or checks numbers.

    Notes
    -----
    Source: brainstate.transform.jaxpr_to_python_code (0.5.4), a name that is kept here as well.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> graph, _ = brainstate.transform.make_graph(lambda x: x.sin() + 1)(torch.tensor(0.))
    >>> print(brainstate.transform.graph_to_python_code(graph, 'f'))
    import torch
    <BLANKLINE>
    aten = torch.ops.aten
    <BLANKLINE>
    <BLANKLINE>
    def f(x):
        sin = torch.sin(x)
        add = sin + 1
        return add  # result
    """
    check_graph(jaxpr)
    if not fn_name.isidentifier() or keyword.iskeyword(fn_name):
        raise ValueError(f"`fn_name` must be a name in Python. Got {fn_name!r}.")
    constants = {name: x for name, x in jaxpr.constants.items() if x.numel() <= _MOST}
    lines = _function(fn_name, jaxpr.graph, jaxpr.inputs, constants, jaxpr.outputs)
    return "\n".join(["import torch", "", "aten = torch.ops.aten", "", "", *lines])


jaxpr_to_python_code = graph_to_python_code


def _function(
    name: str,
    graph: GraphModule,
    labels: Sequence[str],
    constants: Mapping[str, torch.Tensor],
    results: Sequence[str] | None = None,
) -> Iterator[str]:
    """A function of the inputs with these labels that are no constants.

    It returns a list; where the results have labels, these themselves.
    """
    names: dict[Node, str] = {}
    for place, label in zip(arguments(graph), labels, strict=True):
        names[place] = _fresh(label, names)
    held = {place: constants[label] for place, label in zip(names, labels, strict=True) if label in constants}
    yield f"def {name}({', '.join([names[place] for place in names if place not in held])}):"
    yield from [f"    {names[place]} = {_constant(value)}" for place, value in held.items()]
    for node in graph.graph.nodes:
        if node.op == "call_function":
            names[node] = _fresh(node.name, names)
            yield from ["    " + line for line in _statements(node, names)]
    found = ", ".join([_shown(x, names) for x in outputs(graph)])
    yield (
        f"    return [{found}]"
        if results is None
        else f"    return {found or None}  # {', '.join(results) or 'nothing'}"
    )


def _fresh(label: str, names: Mapping[Node, str]) -> str:
    """A name like a label that is not taken."""
    name = re.sub(r"\W|^(?=\d)", "_", label)
    taken = {"torch", "aten", *keyword.kwlist, *names.values()}
    return next(x for i in itertools.count() if (x := f"{name}_{i}" if i else name) not in taken)


def _statements(node: Node, names: Mapping[Node, str]) -> Iterator[str]:
    """What computes the value of a node."""
    operation = operation_of(node)
    if operation is None:
        yield f"{names[node]} = {_expression(node, names)}"
        return
    parts = [part.replace(" ", "_") for part in operation.parts]
    yield f"def {operation.title}(tensors):"
    for part, body in zip(parts, operation.bodies(), strict=True):
        graph = body.graph
        labels = [place.name for place in arguments(graph)]
        constants = dict(zip(labels[len(body.like) :], body.extras, strict=True))
        yield from ["    " + line for line in _function(part, graph, labels, constants)]
    yield from ["    " + line for line in operation.source(parts)]
    yield f"{names[node]} = {operation.title}({_shown(node.args[0], names)})"


def _expression(node: Node, names: Mapping[Node, str]) -> str:
    called: Any = node.target
    args = [_shown(x, names) for x in node.args]
    if called is operator.getitem:
        return f"{args[0]}[{args[1]}]"
    if called is _aten.neg.default:
        return f"-{args[0]}"
    if called in _INFIX and len(args) == 2 and not node.kwargs:
        return f"{args[0]} {_INFIX[called]} {args[1]}"
    given = ", ".join([*args, *[f"{key}={_shown(x, names)}" for key, x in node.kwargs.items()]])
    name, overload = str(called._schema.name).split("::"), called._overloadname
    if name[0] == "aten" and len(args) == 1 and not node.kwargs and torch.Tag.pointwise in called.tags:
        simple = getattr(torch, name[1], None)
        if simple is not None and overload == "default":
            return f"torch.{name[1]}({given})"
    space = "aten" if name[0] == "aten" else f"torch.ops.{name[0]}"
    return f"{space}.{name[1]}.{overload}({given})"


def _shown(x: Any, names: Mapping[Node, str]) -> str:
    """An argument."""
    if isinstance(x, Node):
        return names[x]
    if isinstance(x, (list, tuple)):
        return f"[{', '.join([_shown(item, names) for item in x])}]"
    if isinstance(x, float) and not math.isfinite(x):
        return f"float('{x}')"
    return f"torch.device('{x}')" if isinstance(x, torch.device) else repr(x)


def _constant(x: torch.Tensor) -> str:
    where = "" if x.device.type == "cpu" else f", device='{x.device}'"
    return f"torch.tensor({_shown(x.tolist(), {})}, dtype={x.dtype}{where})"
