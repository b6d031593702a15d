"""All branches of a choice at once, of which `where` takes one: on a GPU, where reading the index means waiting."""

from collections.abc import Sequence

import torch

from .nodes import acts, effort, multiplications, number_of, size_of
from .operation import Body, Tensors

__all__ = ["all_at_once", "is_better"]

#: The cost of a wait, about 50 µs in which the device's queue runs dry, as bytes of traffic and as multiplications.
_BYTES = 2**25
_MULTIPLICATIONS = 2**28
_aten = torch.ops.aten
#: Allowed besides element-wise operations, views and products. Lookups are not: an index out of range in a branch that
#: is not taken would be a device-side assertion.
_REDUCTIONS = {
    *(_aten.sum.default, _aten.sum.dim_IntList, _aten.mean.default, _aten.mean.dim, _aten.prod.default),
    *(_aten.amax.default, _aten.amin.default, _aten.any.default, _aten.all.default, _aten.any.dim, _aten.all.dim),
    *(_aten.cat.default, _aten.stack.default, _aten.copy.default),
}


def is_better(branches: Sequence[Body], device: torch.device) -> bool:
    """Whether to run all branches: they have no side effects, and take less time than a wait for the index."""
    if device.type == "cpu":
        return False
    nodes = [node for body in branches for node in body.graph.graph.nodes if node.op == "call_function"]
    if any(number_of(node) is not None for node in nodes) or any(acts(body.graph) for body in branches):
        return False
    products = [multiplications(node) for node in nodes]
    if any(
        effort(node) == float("inf") and work is None and node.target not in _REDUCTIONS
        for node, work in zip(nodes, products, strict=True)
    ):
        return False
    size = sum(size_of(node) or 0 for node in nodes)
    return size <= _BYTES and sum(work or 0 for work in products) <= _MULTIPLICATIONS


def all_at_once(branches: Sequence[Body], index: torch.Tensor) -> Body:
    """index, operands, extras of each branch -> the results of the branch with that number.

    For values only, not for derivatives: a branch that was not chosen may have an infinite one.
    """
    count = len(branches[0].like)

    def every(index: torch.Tensor, *tensors: torch.Tensor) -> Tensors:
        operands, extras = tensors[:count], iter(tensors[count:])
        rows = [body.graph(*operands, *[next(extras) for _ in body.extras]) for body in branches]
        chosen = list(rows[-1])
        for number, row in enumerate(rows[:-1]):
            chosen = [torch.where(index == number, x, y) for x, y in zip(row, chosen, strict=True)]
        return [x.contiguous() for x in chosen]

    return Body(every, [index, *branches[0].like, *[x for body in branches for x in body.extras]])
