"""A graph as bytes, for a process that compiles it."""

import pickle
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from .._host.dispatch import OpOverload
from .._host.functorch import shapes_alone
from .._host.fx import Graph, GraphModule, Node, map_arg
from .calls import Target, act, call, call_as, perform

__all__ = ["packed", "unpacked"]


class _Ref(NamedTuple):
    """A node, by its place in the graph."""

    place: int


class _Operation(NamedTuple):
    """An operation of torch, by its name."""

    name: str
    overload: str


class _Like(NamedTuple):
    """A tensor without its numbers."""

    shape: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: torch.dtype
    device: torch.device

    def made(self) -> torch.Tensor:
        return torch.empty_strided(self.shape, self.stride, dtype=self.dtype, device=self.device)


class _Shaped(Target):
    """What a node calls by its number, in a process that only asks for shapes."""

    acts = False
    title = "shapes"

    def __init__(self, results: Sequence[_Like]) -> None:
        self.results = results

    def apply(self, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        return call(self, tensors)

    def run(self, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        return self.shapes(tensors)

    def shapes(self, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        return [torch.empty(x.shape, dtype=x.dtype, device=x.device) for x in self.results]


def packed(module: GraphModule, like: Sequence[Any]) -> bytes:
    """A graph with what is known of its tensors.

    Raises
    ------
    TypeError, AttributeError, pickle.PicklingError
        It holds something that has no meaning in another process.
    """
    places = {node: _Ref(i) for i, node in enumerate(module.graph.nodes)}
    rows = []
    for node in module.graph.nodes:
        target: Any = node.target
        if node.op == "get_attr":
            target = getattr(module, target)
            if not isinstance(target, torch.Tensor):
                raise TypeError(f"a graph must hold tensors. Got {type(target).__name__}.")
        elif isinstance(target, OpOverload):
            # By name, since the other process has objects of its own.
            target = _Operation(target._schema.name, target._overloadname)
        args, kwargs = map_arg((node.args, dict(node.kwargs)), lambda x: places[x])
        rows.append((node.op, target, args, kwargs, _described(node.meta.get("val"))))
    likes = [_Like(tuple(x.shape), (), x.dtype, x.device) for x in like]
    return pickle.dumps((rows, likes))


def unpacked(data: bytes) -> tuple[GraphModule, list[_Like]]:
    """The graph, and the shapes of its inputs. What its nodes call by number knows only the shapes of its results."""
    rows, like = pickle.loads(data)
    graph, attributes, nodes = Graph(), {}, list[Node]()
    held = []
    # Compiling needs shapes only, but the constants of a graph have numbers.
    with shapes_alone():
        for op, target, args, kwargs, shown in rows:
            args, kwargs = _filled((args, kwargs), nodes)
            name = f"node_{len(nodes)}"
            if op == "placeholder":
                target = name
            elif op == "get_attr":
                attributes[name], target = target, name
            elif isinstance(target, _Operation):
                space, _, short = target.name.partition("::")
                target = getattr(getattr(getattr(torch.ops, space), short), target.overload)
            elif target in (perform, act):
                held.append(_Shaped(shown))
                call_as(args[1], held[-1])
            node = graph.create_node(op, target, args, kwargs)
            if shown is not None:
                node.meta["val"] = [x.made() for x in shown] if isinstance(shown, list) else shown.made()
            nodes.append(node)
    module = GraphModule(attributes, graph)
    module.held = held  # type: ignore[assignment]
    return module, like


def _described(x: Any) -> Any:
    if isinstance(x, (list, tuple)):
        return [_described(item) for item in x]
    return _Like(tuple(x.shape), x.stride(), x.dtype, x.device) if isinstance(x, torch.Tensor) else None


def _filled(tree: Any, nodes: Sequence[Node]) -> Any:
    if isinstance(tree, _Ref):
        return nodes[tree.place]
    if isinstance(tree, (list, tuple)):
        return type(tree)([_filled(x, nodes) for x in tree])
    if isinstance(tree, dict):
        return {key: _filled(x, nodes) for key, x in tree.items()}
    return slice(*_filled((tree.start, tree.stop, tree.step), nodes)) if isinstance(tree, slice) else tree
