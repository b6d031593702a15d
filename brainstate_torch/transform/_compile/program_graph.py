"""make_graph and draw: the operations of a stateful function, to be read."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import getitem
from typing import Any

import torch

from ..._errors import kind_of
from ..._host.fx import GraphModule, Node
from ..._program.calls import target
from ..._program.nodes import arguments, number_of, outputs
from ..._program.operation import Operation
from ..._state import State
from .._core.carry import as_arrays, protected
from .._core.derived import Derived
from .._core.functional import combine, partition
from .._core.shapes import ShapeDtypeStruct
from .recorded import StateFrame, record_stateful

__all__ = ["ProgramGraph", "check_graph", "draw", "make_graph", "make_jaxpr", "operation_of", "recorded_graph"]


class ProgramGraph:
    """What a stateful function does, as a graph of tensor operations; printed, it reads like a program.

    Attributes
    ----------
    name
        What the function is called.
    graph
        A ``torch.fx.GraphModule`` from the tensors of `inputs` to those of `outputs`.
    inputs, outputs
        What these tensors are: arguments and States by their names, constants, results.
    constants
        By their names among the inputs, the tensors that are neither arguments nor in States.
    read_states, write_states
        The States that are only read, and those that are written.
    out_shapes
        A tree like the result, of shapes.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> graph, _ = brainstate.transform.make_graph(lambda x: x.sin() + 1)(torch.tensor(0.))
    >>> graph
    ProgramGraph(<lambda>, operations=2, states=0)
    >>> graph.inputs, graph.outputs, graph.graph(torch.tensor(0.))
    (['x'], ['result'], [tensor(1.)])
    """

    def __init__(
        self,
        name: str,
        graph: GraphModule,
        inputs: list[str],
        outputs: list[str],
        constants: dict[str, torch.Tensor],
        read_states: tuple[State[Any], ...],
        write_states: tuple[State[Any], ...],
        out_shapes: Any,
    ) -> None:
        self.name, self.graph, self.inputs, self.outputs = name, graph, inputs, outputs
        self.constants = constants
        self.read_states, self.write_states, self.out_shapes = read_states, write_states, out_shapes

    @property
    def states(self) -> tuple[State[Any], ...]:
        """All of them, those that are only read first."""
        return self.read_states + self.write_states

    def __str__(self) -> str:
        names = dict(zip(arguments(self.graph), self.inputs, strict=True))
        results = zip(self.outputs, outputs(self.graph), strict=True)
        last = [f"{label} = {_shown(x, names)}" for label, x in results]
        return "\n".join(
            [
                f"{self.name}({_head(names)}):",
                *_lines(self.graph, names, "    "),
                f"    return {', '.join(last) or 'nothing'}",
            ]
        )

    @property
    def eqns(self) -> list[Node]:
        """The operations, in order; one that holds a program, such as a loop, counts as one. A name of jaxprs."""
        return [x for x in self.graph.graph.nodes if x.op == "call_function" and x.target is not getitem]

    @property
    def jaxpr(self) -> "ProgramGraph":
        """The graph itself, which has no closed form beside it as a jaxpr has."""
        return self

    def __repr__(self) -> str:
        return f"ProgramGraph({self.name}, operations={len(self.eqns)}, states={len(self.states)})"

    def dot(self) -> str:
        """The graph in the language of graphviz.

        Returns
        -------
        str
            The text.
        """
        return "\n".join(["digraph {", "  rankdir=TB; node [shape=box, fontname=monospace];", *_dot(self), "}"])


def check_graph(jaxpr: Any) -> None:
    """Refuse what is no :class:`ProgramGraph`."""
    if not isinstance(jaxpr, ProgramGraph):
        raise TypeError(f"`jaxpr` must be a graph that `make_graph` gave. Got {kind_of(jaxpr)}.")


def _kind(node: Node) -> str:
    """Dtype and shape of the value of a node."""
    value = node.meta["val"]
    return f"{str(value.dtype).removeprefix('torch.')}{list(value.shape)}"


def _head(names: Mapping[Node, str]) -> str:
    return ", ".join([f"{label}: {_kind(node)}" for node, label in names.items()])


def _shown(x: Any, names: Mapping[Node, str]) -> str:
    if isinstance(x, Node):
        return names.get(x, x.name)
    if isinstance(x, (list, tuple)):
        return f"[{', '.join([_shown(item, names) for item in x])}]"
    return str(x).removeprefix("torch.")


def operation_of(node: Node) -> Operation | None:
    """What a node runs that stands as one node; None for any other."""
    number = number_of(node)
    found = None if number is None else target(number)
    return found if isinstance(found, Operation) else None


def _title(node: Node) -> str:
    """What a node does."""
    operation = operation_of(node)
    if operation is not None:
        return operation.title
    return str(getattr(node.target, "__name__", node.target))


def _given(node: Node, names: Mapping[Node, str]) -> str:
    """The arguments of a node."""
    args: Any = node.args if operation_of(node) is None else node.args[0]
    named = [f"{key}={_shown(x, names)}" for key, x in node.kwargs.items()]
    return ", ".join([*[_shown(x, names) for x in args], *named])


def _lines(graph: GraphModule, names: Mapping[Node, str], indent: str) -> Iterator[str]:
    """The operations of a graph, each with what is inside of it."""
    for node in graph.graph.nodes:
        if node.op != "call_function":
            continue
        kind = f": {_kind(node)}" if isinstance(node.meta.get("val"), torch.Tensor) else ""
        operation = operation_of(node)
        parts = [] if operation is None else list(zip(operation.parts, operation.bodies(), strict=True))
        yield f"{indent}{node.name}{kind} = {_title(node)}({_given(node, names)}){':' if parts else ''}"
        for part, body in parts:
            inner = {place: place.name for place in arguments(body.graph)}
            results = ", ".join([_shown(x, inner) for x in outputs(body.graph)])
            yield f"{indent}    {part}({_head(inner)}):"
            yield from _lines(body.graph, inner, indent + " " * 8)
            yield f"{indent}        return {results or 'nothing'}"


def _dot(program: ProgramGraph) -> Iterator[str]:
    names = dict(zip(arguments(program.graph), program.inputs, strict=True))
    for node in program.graph.graph.nodes:
        if node.op == "output":
            continue
        if node.op == "placeholder":
            label, style = f"{names[node]}\\n{_kind(node)}", ', style=filled, fillcolor="#dbe9f6"'
        else:
            kind = f"\\n{_kind(node)}" if isinstance(node.meta.get("val"), torch.Tensor) else ""
            label, style = f"{_title(node)}{kind}", ", peripheries=2" if operation_of(node) else ""
        yield f'  {node.name} [label="{label}"{style}];'
        for given in node.all_input_nodes:
            yield f"  {given.name} -> {node.name};"
    for i, (label, node) in enumerate(zip(program.outputs, outputs(program.graph), strict=True)):
        yield f'  result_{i} [label="{label}", style=filled, fillcolor="#fbe5d6"];'
        yield f"  {node.name} -> result_{i};"


def recorded_graph(
    fun: Callable[..., Any],
    static_places: Iterable[int],
    static_names: Iterable[str],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    name: str | None = None,
) -> ProgramGraph:
    """Record what a function does with arguments like these; no State is changed."""
    static_places, static_names = set(static_places), set(static_names)
    whole = (
        [arg if i in static_places else as_arrays(arg) for i, arg in enumerate(args)],
        {key: arg if key in static_names else as_arrays(arg) for key, arg in kwargs.items()},
    )
    tensors, static = partition(whole)
    found = record_stateful(fun, tensors, lambda some: protected(combine(some, static)), StateFrame(name))
    frame = found.frame
    written = tuple(frame.written())
    states = tuple(frame.given)
    labels = {place: label for state in states for place, label in _labelled(state, found.places[state])}
    captured = dict(enumerate(found.recorded.captured))
    constants = {f"constant_{i}": x for i, x in captured.items() if i not in labels}
    inputs = [*_argument_labels(fun, whole), *[labels.get(i, f"constant_{i}") for i in captured]]
    kept = [("result", found.outputs[0]), *[(_name(s), x) for s, x in zip(written, found.outputs[1:], strict=False)]]
    results = [label if len(x.places) == 1 else f"{label}_{i}" for label, x in kept for i in range(len(x.places))]
    results += ["new State"] * (len(outputs(found.recorded.graph)) - len(results))
    nodes = iter(outputs(found.recorded.graph))
    shapes = combine([_shape(next(nodes)) for _ in found.outputs[0].places], found.outputs[0])  # type: ignore[misc]
    frame.abandon()
    return ProgramGraph(
        name or str(getattr(fun, "__name__", type(fun).__name__)),
        found.recorded.graph,
        inputs,
        results,
        constants,
        tuple([state for state in states if state not in written]),
        written,
        shapes,
    )


def _shape(node: Node) -> ShapeDtypeStruct:
    value = node.meta["val"]
    return ShapeDtypeStruct(value.shape, value.dtype)


def _name(state: State[Any]) -> str:
    return state.name or type(state).__name__


def _labelled(state: State[Any], places: Sequence[int | None]) -> list[tuple[int, str]]:
    """The place of each tensor of a State that is an input, and what to call it."""
    return [
        (place, _name(state) if len(places) == 1 else f"{_name(state)}_{i}")
        for i, place in enumerate(places)
        if place is not None
    ]


def _argument_labels(fun: Callable[..., Any], whole: tuple[Sequence[Any], Mapping[str, Any]]) -> list[str]:
    """What to call the tensors of the arguments."""
    args, kwargs = whole
    try:
        known = list(inspect.signature(fun).parameters.values())
    except (TypeError, ValueError):
        known = []
    plain = [p.name for p in known if p.kind is not inspect.Parameter.VAR_POSITIONAL]
    names = [plain[i] if i < len(plain) else f"arg_{i}" for i in range(len(args))]
    found = []
    for name, arg in [*zip(names, args, strict=True), *kwargs.items()]:
        count = len(partition(arg)[0])
        found += [name if count == 1 else f"{name}_{i}" for i in range(count)]
    return found


def make_graph(
    fun: Callable[..., Any],
    static_argnums: int | Iterable[int] = (),
    static_argnames: str | Iterable[str] = (),
    return_shape: bool = False,
) -> Callable[..., Any]:
    """A function that gives the graph of `fun`, with the States that it reads and writes.

    Nothing is computed and no State is changed. Loops and branches are one operation each, with its own graph inside.

    Parameters
    ----------
    fun
        A function as :func:`jit` takes it.
    static_argnums, static_argnames
        Arguments that are no tensors.
    return_shape
        Also give the shapes of the result.

    Returns
    -------
    Callable
        Called with arguments, it gives ``(graph, states)`` or ``(graph, states, shapes)``. Print the graph to read it.

    Raises
    ------
    TypeError
        `fun` cannot be called; at a call, as ConcretizationError, it asks for the number of a tensor.

    Notes
    -----
    Source: brainstate.transform.make_jaxpr (0.5.4), a name that is kept here as well. Differs: the graph is one of
    torch.fx, not of JAX.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> n = brainstate.State(torch.tensor(0.), name='n')
    >>> def count(x):
    ...     n.value += x.sum()
    ...     return 2 * x
    >>> graph, states = brainstate.transform.make_graph(count)(torch.ones(3))
    >>> print(graph)
    count(x: float32[3], n: float32[]):
        sum_1: float32[] = sum.default(x)
        add: float32[] = add.Tensor(n, sum_1)
        mul: float32[3] = mul.Tensor(x, 2)
        return result = mul, n = add
    >>> states == (n,)
    True
    """
    if not callable(fun):
        raise TypeError(f"`fun` must be callable. Got {kind_of(fun)}.")
    places = (static_argnums,) if isinstance(static_argnums, int) else tuple(static_argnums)
    names = (static_argnames,) if isinstance(static_argnames, str) else tuple(static_argnames)
    return Derived(_made, fun, places, names, return_shape)


def _made(fun: Callable[..., Any], places: tuple[int, ...], names: tuple[str, ...], return_shape: bool) -> Any:
    def made(*args: Any, **kwargs: Any) -> tuple[Any, ...]:
        graph = recorded_graph(fun, places, names, args, kwargs)
        return (graph, graph.states, graph.out_shapes) if return_shape else (graph, graph.states)

    return made


make_jaxpr = make_graph


def draw(fun: Callable[..., Any], static_argnums: int | Iterable[int] = ()) -> Callable[..., Any]:
    """A function that gives a picture of what `fun` does, from :func:`make_graph`; a notebook shows it.

    Parameters
    ----------
    fun, static_argnums
        See :func:`make_graph`.

    Returns
    -------
    Callable
        Called with arguments, it gives a ``graphviz.Source``; ``.render('file', format='pdf')`` writes it.

    Raises
    ------
    ImportError
        The Python package graphviz is not installed. Rendering also needs the program of that name.
    TypeError
        As :func:`make_graph`.

    Notes
    -----
    Source: brainstate.transform.draw (0.5.4). Differs: graphviz instead of pydot.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> picture = brainstate.transform.draw(torch.sin)(torch.ones(3))
    >>> 'sin.default' in picture.source
    True
    """
    if not callable(fun):
        raise TypeError(f"`fun` must be callable. Got {kind_of(fun)}.")
    return Derived(_drawn, fun, static_argnums)


def _drawn(fun: Callable[..., Any], static_argnums: int | Iterable[int]) -> Callable[..., Any]:
    make = make_graph(fun, static_argnums)

    def drawn(*args: Any, **kwargs: Any) -> Any:
        try:
            import graphviz  # type: ignore[import-untyped]
        except ImportError as error:
            raise ImportError(
                "`draw` needs the package graphviz. Got none. Run `pip install 'brainstate_torch[draw]'`, or print "
                "what `make_graph` gives."
            ) from error
        return graphviz.Source(make(*args, **kwargs)[0].dot())

    return drawn
