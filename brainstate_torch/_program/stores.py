"""Tensors that a graph concatenates only to write them into an input: each part is written into its place."""

from typing import Any

import torch

from .._host.fx import GraphModule, Node
from .nodes import arguments, is_view

__all__ = ["write_parts"]

_aten = torch.ops.aten


def write_parts(module: GraphModule) -> None:
    """Replace ``input.copy_(cat(parts))`` by one copy for each part.

    The kernel that computes a part then writes it there. Inductor would concatenate the parts and copy the whole.
    """
    for place in arguments(module):
        if len(place.users) != 1:
            continue
        (copy,) = place.users
        if copy.target is not _aten.copy_.default or copy.args[0] is not place:
            continue
        value = copy.args[1]
        assert isinstance(value, Node)
        rows = _rows(value)
        if rows:
            for i, row in enumerate(rows):
                _write_row(module, place, i, row, copy)
            module.graph.erase_node(copy)
    module.graph.eliminate_dead_code()
    module.recompile()


def _rows(value: Node) -> list[Node]:
    """The parts that a tensor is a stack of; empty if it is no visible stack."""
    joined = value.args[0] if value.target is _aten.view.default else value
    if not isinstance(joined, Node) or joined.target is not _aten.cat.default or _axis(joined) != 0:
        return []
    rows: Any = joined.args[0]
    shape = value.meta["val"].shape
    alike = {row.meta["val"].numel() for row in rows} == {shape[1:].numel()}
    return list(rows) if alike and len(rows) == shape[0] else []


def _write_row(module: GraphModule, place: Node, i: int, row: Node, copy: Node) -> None:
    """Store `row` into ``place[i]`` before `copy`; a concatenated row is stored part by part where it is built."""
    graph = module.graph
    shape = place.meta["val"].shape[1:]
    if row.target is not _aten.cat.default or row.meta["val"].shape != shape:
        with graph.inserting_before(copy):
            value = row if row.meta["val"].shape == shape else _added(module, _aten.view.default, row, list(shape))
            _added(module, _aten.copy_.default, _added(module, _aten.select.int, place, 0, i), value)
        return
    parts: Any = row.args[0]
    axis, start = _axis(row), 0
    with graph.inserting_before(row.next):
        there = _added(module, _aten.select.int, place, 0, i)
        for part in parts:
            end = start + part.meta["val"].shape[axis]
            _added(module, _aten.copy_.default, _added(module, _aten.slice.Tensor, there, axis, start, end), part)
            start = end
        # Other users of the row read it from the place. Not if it is a result: that needs its own memory.
        if not any(user.op == "output" or is_view(user) for user in row.users):
            row.replace_all_uses_with(_added(module, _aten.select.int, place, 0, i))


def _axis(joined: Node) -> int:
    axis: Any = joined.args[1] if len(joined.args) > 1 else 0
    return int(axis % joined.meta["val"].dim())


def _added(module: GraphModule, operation: Any, *arguments: Any) -> Node:
    node = module.graph.call_function(operation, arguments)
    node.meta["val"] = operation(*[x.meta["val"] if isinstance(x, Node) else x for x in arguments])
    return node
