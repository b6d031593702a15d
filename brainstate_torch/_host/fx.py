"""torch.fx and its tracer."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.fx import Graph, GraphModule, Node
from torch.fx.experimental import proxy_tensor
from torch.fx.experimental.proxy_tensor import get_proxy_mode, make_fx
from torch.fx.node import has_side_effect, map_arg

__all__ = [
    "Graph",
    "GraphModule",
    "Node",
    "get_proxy_mode",
    "has_side_effect",
    "map_arg",
    "trace_as_constants",
    "traced",
]


def traced(
    fun: Callable[..., Any], inputs: Sequence[torch.Tensor], decompositions: Mapping[Any, Any] | None = None
) -> GraphModule:
    """The graph of a function of fake tensors, called under their mode."""
    # The tracer takes for granted that importing dynamo has brought it.
    importlib.import_module("torch._higher_order_ops.triton_kernel_wrap")
    # "real": in the mode "fake" torch would look for the mode of the inputs, by code of dynamo.
    return make_fx(fun, decomposition_table=dict(decompositions or {}), tracing_mode="real")(*inputs)


def trace_as_constants(*kinds: type[torch.Tensor]) -> None:
    """Let torch's tracer take tensors of these classes as it takes Parameters: as constants of the graph.

    Without that it waits for a ``__torch_dispatch__`` of theirs, and ``make_fx`` and ``torch.func.linearize`` fail.
    """
    handled: Any = proxy_tensor.HANDLED_TYPES
    proxy_tensor.HANDLED_TYPES = (*handled, *kinds)
