"""torch.fx and its tracer."""

from torch.fx import Graph, GraphModule, Node
from torch.fx.experimental.proxy_tensor import get_proxy_mode, make_fx
from torch.fx.node import has_side_effect, map_arg

__all__ = [
    "Graph",
    "GraphModule",
    "Node",
    "get_proxy_mode",
    "has_side_effect",
    "make_fx",
    "map_arg",
]
