"""Operations that Inductor gets wrong for some dtypes, run by torch's own kernels within compiled code."""

import operator
from collections.abc import Sequence
from typing import Any

import torch

from .._host.dispatch import OpOverload
from .._host.fx import GraphModule, Node, map_arg
from .calls import CALL, call_number
from .nodes import is_view

__all__ = ["LOW_PRECISION", "leave_to_torch"]

_aten = torch.ops.aten
_NARROW = (torch.int8, torch.uint8, torch.int16, torch.uint16)
LOW_PRECISION = (torch.bfloat16, torch.float16)
#: Exact operations: they move or compare numbers, and round nothing.
_EXACT = {
    *("clone", "copy", "copy_", "expand", "cat", "stack", "where", "index", "gather", "index_select", "embedding"),
    *("constant_pad_nd", "flip", "roll", "repeat", "alias", "full", "full_like", "new_zeros", "zeros", "zeros_like"),
    *("ones", "ones_like", "empty", "empty_like", "select_scatter", "slice_scatter", "index_put", "scatter"),
    *("eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or", "logical_not", "masked_fill", "scalar_tensor"),
    *("empty_strided", "arange", "iota", "lift_fresh_copy", "fill", "permute", "contiguous"),
}
_CONVERSIONS = {"_to_copy", "convert_element_type"}
#: Their result depends on a rounded quotient, or on the last bit: Inductor computes with more bits than torch.
_ROUNDED = {"remainder", "fmod", "floor_divide", "div", "nextafter"}

_MEANS = {"avg_pool2d_backward", "avg_pool3d_backward"}
#: Their derivative takes the ratio of the lengths for the scale: 0.6 of 4 pixels are 2, but each stands for 1.67.
_RESIZED = {f"{name}{n}d_backward" for name in ("upsample_nearest", "_upsample_nearest_exact") for n in (1, 2, 3)}


#: They add, or the like, to places that an index gives; the second only if they are told to.
_GATHERING = {"scatter_add", "index_add", "scatter_reduce", "index_reduce"}
_WRITING = {"index_put", "_unsafe_index_put", "_index_put_impl", "put"}


class _Node:
    """One operation as torch runs it.

    Parameters
    ----------
    node
        Its node; the tensors among its arguments are what it takes.
    """

    acts = False

    def __init__(self, node: Node) -> None:
        self._operation: Any = node.target
        self.title = f"{node.target} by torch"
        self._args, self._kwargs = node.args, dict(node.kwargs)
        self.inputs = list(node.all_input_nodes)

    def _results(self, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        given = dict(zip(self.inputs, tensors, strict=True))
        args, kwargs = map_arg((self._args, self._kwargs), lambda node: given[node])
        found = self._operation(*args, **kwargs)
        return list(found) if isinstance(found, (tuple, list)) else [found]

    def apply(self, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """The results. Transforms need no rule: such a node is in compiled code only."""
        return self.run(tensors)

    def run(self, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """The results, contiguous."""
        return [x.contiguous() for x in self._results(tensors)]

    def shapes(self, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Empty tensors like the results."""
        return [torch.empty(x.shape, dtype=x.dtype, device=x.device) for x in self._results(tensors)]


def leave_to_torch(graph: GraphModule) -> list[Any]:
    """Replace the operations that Inductor of torch 2.13 gets wrong by calls of torch's own; what they call.

    Bytes are computed in C++ integers that do not wrap, and a minimum of 16 bytes or more starts from zero (pytorch
    issues 105264, 187018, 191308, 191499). Remainders, rounded quotients and neighbours of 16-bit floating numbers use
    more bits than torch's. The mean of nothing is 0 (`var_mean`), not nan. Derivatives of the nearest neighbour in
    images that shrink, and of means over windows that reach over the edge (`ceil_mode`), are other numbers.
    Of several sums by index, a kernel of the CPU may read one before it is made: a loop that was fused with an earlier
    one is put before the sum that it takes.
    """
    held: list[Any] = []
    sums = [node for node in graph.graph.nodes if _adds_up(node)]
    for node in list(graph.graph.nodes):
        if not _is_wrong(node) and not (len(sums) > 1 and node in sums):
            continue
        target = _Node(node)
        held.append(target)
        several = isinstance(node.meta["val"], (tuple, list))
        with graph.graph.inserting_before(node):
            called = graph.graph.call_function(CALL, (target.inputs, call_number(target)))
            called.meta["val"] = target.run([x.meta["val"] for x in target.inputs])
            place = called if several else graph.graph.call_function(operator.getitem, (called, 0))
            if not several:
                place.meta["val"] = called.meta["val"][0]
        node.replace_all_uses_with(place)
        graph.graph.erase_node(node)
    graph.recompile()
    return held


def _is_wrong(node: Node) -> bool:
    operation = node.target
    if node.op != "call_function" or not isinstance(operation, OpOverload) or operation is CALL or is_view(node):
        return False
    if operation._schema.is_mutable or not node.all_input_nodes:
        return False
    name = operation._schema.name.split("::")[1]
    if name in _RESIZED or (name in _MEANS and not _is_plain_mean(node.args)):
        return True
    taken, results = _values(node.all_input_nodes), _values([node])
    if name not in _EXACT and taken and not any(x.numel() for x in taken) and any(x.numel() for x in results):
        return True
    given, made = ([x.dtype for x in found] for found in (taken, results))
    if name in _CONVERSIONS:
        return any(dtype in _NARROW for dtype in made)
    if any(dtype in _NARROW for dtype in (*given, *made)):
        return name not in _EXACT
    return (
        name in _ROUNDED
        and any(dtype in LOW_PRECISION for dtype in made)
        and (name != "div" or "mode" in str(operation))
    )


def _adds_up(node: Node) -> bool:
    if not isinstance(node.target, OpOverload):
        return False
    name = node.target._schema.name.split("::")[1]
    if name not in _GATHERING | _WRITING or not node.meta["val"].is_cpu:
        return False
    place = 3 if name != "put" else len(node.args) - 1
    told = node.kwargs.get("accumulate", len(node.args) > place and node.args[place])
    return name in _GATHERING or (name in _WRITING and told is True)


def _is_plain_mean(args: Sequence[Any]) -> bool:
    window, stride, padding, ceil_mode = args[2:6]
    # Inductor asks for as many paddings as axes, where torch takes one for all.
    return not ceil_mode and len(padding) == len(window) and len(stride) in (0, len(window))


def _values(nodes: Sequence[Node]) -> list[torch.Tensor]:
    found: list[torch.Tensor] = []
    for node in nodes:
        value = node.meta.get("val")
        found += [x for x in (value if isinstance(value, (tuple, list)) else [value]) if isinstance(x, torch.Tensor)]
    return found
