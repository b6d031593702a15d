"""What keeps a program from being one CUDA graph."""

from collections.abc import Sequence
from typing import Any

import torch

from .._host.fx import GraphModule, Node
from .branch import Branch
from .calls import target
from .effect import Effect
from .every_branch import is_better
from .loop import Loop
from .nodes import arguments, number_of, written_input
from .operation import Operation
from .recording import Like
from .repeat import Repeat

__all__ = ["graph_device", "hindrance"]

#: A CUDA graph takes about a kilobyte per kernel, and some microseconds of the driver when it is made.
_KERNELS = 200_000


def graph_device(like: Sequence[Like]) -> torch.device | None:
    """The CUDA device that a program runs on; None if there is none, or another too."""
    found = {x.device for x in like if x.device.type not in ("cpu", "meta")}
    return next(iter(found)) if len(found) == 1 and next(iter(found)).type == "cuda" else None


def hindrance(graph: GraphModule, like: Sequence[Like], constant: Sequence[int]) -> str | None:
    """The reason why a program cannot be a CUDA graph, as a string; None if it can.

    Parameters
    ----------
    like
        What its inputs are like.
    constant
        The inputs that are the same tensors with the same numbers at each call.
    """
    writer = written_input(graph)
    if writer is not None:
        return f"it writes in place into a tensor from outside (`{writer}`)"
    places = arguments(graph)
    frozen = {places[i] for i in constant}
    if sum(_kernels(graph)) > _KERNELS:
        return f"it has more than {_KERNELS:,} kernels; shorten its loops, and call it more often"
    return _in(graph, frozen)


def _in(graph: GraphModule, frozen: set[Node]) -> str | None:
    """The first hindrance in a graph, where some nodes have the same numbers in each run."""
    for node in graph.graph.nodes:
        if (number := number_of(node)) is not None:
            found = _of_operation(target(number))  # type: ignore[arg-type]
            if found is not None:
                return found
        value = node.meta.get("val")
        if not isinstance(value, torch.Tensor) or not value.is_cpu or node.op == "output":
            continue
        if node in frozen or (node.op == "call_function" and all(x in frozen for x in node.all_input_nodes)):
            frozen.add(node)
        elif not _is_handed_on(node):
            what = "the state of a generator" if _is_state(value) else f"a tensor of {value.dtype}{list(value.shape)}"
            return f"{what} lies on the CPU and changes from call to call; move it to the device"
    return None


def _of_operation(operation: Operation) -> str | None:
    if isinstance(operation, Repeat):
        return "a `while` loop looks at a number at each step; `bounded_while_loop` or `for_loop` does not"
    if isinstance(operation, Branch):
        # The index is on the device like the operands; one on the CPU would be read there without a wait.
        if not is_better(operation.branches, torch.device("cuda")):
            return "a choice looks at a number, since its branches draw, look up, or take long"
        return None
    if isinstance(operation, Loop) and operation.watch is not None:
        return "a loop tells of each step"
    if isinstance(operation, Effect):
        return None
    for body in operation.bodies():
        places = arguments(body.graph)
        found = _in(body.graph, set(places[len(body.like) :]))
        if found is not None:
            return found
    return None


def _is_state(value: torch.Tensor) -> bool:
    return value.dtype is torch.uint8 and value.ndim == 1 and value.numel() >= 16


def _is_handed_on(node: Node) -> bool:
    """Whether a node is the state of a stream, which only operations take and give."""
    if not _is_state(node.meta["val"]):
        return False
    if node.op == "call_function" and number_of(node.all_input_nodes[0]) is None:
        return False
    return all(number_of(user) is not None or user.op == "output" for user in node.users)


def _kernels(graph: GraphModule) -> list[int]:
    """About how many kernels each node of a graph is."""
    found = []
    for node in graph.graph.nodes:
        number = number_of(node)
        if number is None:
            found.append(int(node.op == "call_function"))
            continue
        operation: Any = target(number)
        length = operation.length if isinstance(operation, Loop) else 1
        inner = sum([sum(_kernels(body.graph)) for body in operation.bodies()])
        if isinstance(operation, Loop) and operation.backend != "replay":
            inner = min(inner, 8)
        found.append(length * inner)
    return found
