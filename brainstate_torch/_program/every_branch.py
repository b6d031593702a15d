"""All branches of a choice at once, of which `where` takes one: on a GPU, where looking at the choice is a wait."""

from collections.abc import Sequence

import torch

from .nodes import acts, effort, multiplications, number_of, size_of
from .operation import Body, Tensors

__all__ = ["all_at_once", "is_better"]

#: What a wait costs, about 50 us while the queue of the device runs dry: so many bytes, or so many multiplications.
_BYTES = 2**25
_MULTIPLICATIONS = 2**28
_aten = torch.ops.aten
#: Besides operations on each element, views and products: reductions. An index out of range in a branch that is not
#: taken would be an error of the device, so what looks up is not here.
_REDUCTIONS = {
    *(_aten.sum.default, _aten.sum.dim_IntList, _aten.mean.default, _aten.mean.dim, _aten.prod.default),
    *(_aten.amax.default, _aten.amin.default, _aten.any.default, _aten.all.default, _aten.any.dim, _aten.all.dim),
    *(_aten.cat.default, _aten.stack.default, _aten.copy.default),
}


def is_better(branches: Sequence[Body], device: torch.device) -> bool:
    """Whether to run all branches: they only compute, and take less time than a wait for the device of the index."""
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

    Only for numbers, not to be differentiated: what was not chosen may be infinite.
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
