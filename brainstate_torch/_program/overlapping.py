"""Tensors whose elements share memory, made contiguous before a part of them is replaced."""

import torch

from .._host.fx import GraphModule, Node

__all__ = ["diagonal_replaced", "spread_out"]

_aten = torch.ops.aten
#: Operations whose result is their first argument with some elements replaced.
_REPLACING = {
    getattr(_aten, name)
    for name in (
        *("index_put", "_unsafe_index_put", "_index_put_impl", "index_add", "index_copy", "index_fill", "index_reduce"),
        *("scatter", "scatter_add", "scatter_reduce", "slice_scatter", "select_scatter", "diagonal_scatter"),
        *("as_strided_scatter", "masked_scatter", "masked_fill", "put", "copy", "fill_diagonal"),
    )
    if hasattr(_aten, name)
}


def spread_out(graph: GraphModule) -> None:
    """Give memory of its own to each element of an expanded tensor in which some are to be replaced.

    Inductor of torch 2.13 replaces them in place, where one number stands for a whole row, or takes an expanded axis
    for one of length one (pytorch issues 183986, 188084, 180164, 182765).
    """
    for node in list(graph.graph.nodes):
        if getattr(node.target, "overloadpacket", None) not in _REPLACING:
            continue
        base = node.args[0]
        if isinstance(base, Node) and _overlaps(base.meta["val"]):
            with graph.graph.inserting_before(node):
                whole = graph.graph.call_function(
                    _aten.clone.default, (base,), {"memory_format": torch.contiguous_format}
                )
            whole.meta["val"] = base.meta["val"].clone(memory_format=torch.contiguous_format)
            node.update_arg(0, whole)
    graph.recompile()


def _overlaps(x: torch.Tensor) -> bool:
    return any(size > 1 and stride == 0 for size, stride in zip(x.shape, x.stride(), strict=True))


def diagonal_replaced(
    x: torch.Tensor, source: torch.Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1
) -> torch.Tensor:
    """`torch.diagonal_scatter` without a write.

    Inductor of torch 2.13 writes into its argument, which others may read (pytorch issue 182765).
    """
    whole = x.movedim((dim1, dim2), (-2, -1))
    row, column = (torch.arange(size, device=x.device) for size in whole.shape[-2:])
    place = (row if offset >= 0 else column).clamp(max=source.shape[-1] - 1)
    spread = source.index_select(-1, place).unsqueeze(-1 if offset >= 0 else -2)
    found = torch.where(column - row[:, None] == offset, spread.to(x.dtype), whole)
    return found.movedim((-2, -1), (dim1, dim2))
