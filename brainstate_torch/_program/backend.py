"""From a program to machine code."""

import contextlib
import functools
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from .._host.dispatch import OpOverload
from .._host.fx import GraphModule, Node, map_arg
from .._host.library import before_compiling
from .calls import CALL
from .detours import DETOURS
from .nodes import multiplications, number_of, outputs
from .overlapping import diagonal_replaced, spread_out
from .purity import functional
from .stores import write_parts
from .tiered import Tiered, tiered
from .uncompiled import LOW_PRECISION, leave_to_torch

__all__ = ["BACKENDS", "TIERED", "Made", "compiled", "counted", "machine_code", "made"]

#: 'inductor' compiles; 'replay' runs the operations of the graph one after the other.
BACKENDS = ("inductor", "replay")
#: 'inductor', with a replay until the compiler is done.
TIERED = "tiered"

Program = Callable[[list[torch.Tensor]], Sequence[torch.Tensor]]


class Made:
    """How many graphs were compiled, the operations in them, and the kernels that the compiler wrote for them."""

    def __init__(self) -> None:
        self.pieces = self.operations = self.kernels = 0
        #: The graphs that are still replayed.
        self.waiting: list[Tiered] = []

    def add(self, module: GraphModule) -> None:
        """Count a graph."""
        self.pieces += 1
        self.operations += sum(node.op == "call_function" for node in module.graph.nodes)

    def finish(self) -> None:
        """Wait until all graphs are compiled."""
        while self.waiting:
            self.waiting[-1].finish()
            self.waiting.pop()


class _Thread(threading.local):
    counts: Made | None = None


_THREAD = _Thread()


@contextlib.contextmanager
def made() -> Iterator[Made]:
    """Within: what this thread compiles is counted."""
    before, _THREAD.counts = _THREAD.counts, Made()
    try:
        yield _THREAD.counts
    finally:
        _THREAD.counts = before


def compiled(module: GraphModule, like: Sequence[Any], backend: str) -> Program:
    """A program for a graph, which takes contiguous tensors in a list, of shapes, dtypes and devices like these.

    What it gives has the strides that it has in the graph.
    """
    _hold_memory()
    if _THREAD.counts is not None:
        _THREAD.counts.add(module)
    if backend == TIERED:
        waiting = tiered(module, like, lambda: machine_code(module, like))
        if waiting is not None:
            if _THREAD.counts is not None:
                _THREAD.counts.waiting.append(waiting)
            return waiting
    return _replayed(module) if backend == "replay" else machine_code(module, like)


def counted(module: GraphModule, kernels: int) -> None:
    """Count a graph that another than Inductor has compiled."""
    if _THREAD.counts is not None:
        _THREAD.counts.add(module)
        _THREAD.counts.kernels += kernels


def _replayed(module: GraphModule) -> Program:
    return lambda tensors: module(*tensors)


@functools.cache
def _hold_memory() -> None:
    """Let the process's memory allocator keep freed blocks, so that the next call of a program reuses them.

    glibc returns a block to the system if it is larger than any freed before. The first touch of new memory takes up to
    4 µs per page of 4 KiB: a quarter of the time of a recurrent network's gradient.
    """
    torch.empty(2**25 - 2**16, dtype=torch.uint8, device="cpu")


def machine_code(module: GraphModule, like: Sequence[Any]) -> Program:
    """The program of a graph, by Inductor; a replay, with a warning, where there is no compiler."""
    # Importing Inductor takes a second; only code that compiles should pay for it.
    from .._host.inductor import NO_COMPILER, compile_fx_inner, config, fake_mode, kernels_written, select_decomp_table

    detours = {torch.ops.aten.diagonal_scatter.default: diagonal_replaced, **DETOURS}
    casts = _casts(module)
    with config.patch(**casts):  # Inductor reads this setting while the graph is traced.
        graph = functional(module, like, {**select_decomp_table(), **detours}, mode := fake_mode())
    inputs = [node.meta["val"] for node in graph.graph.nodes if node.op == "placeholder"]
    if all(x.is_cpu for x in inputs):
        # Only on the CPU: Triton does not fuse several writes into one buffer. Each row became a kernel, 2.9 launches
        # per step of a spiking layer's gradient instead of 0.4.
        write_parts(graph)
    spread_out(graph)
    held = leave_to_torch(graph)
    _keep_strides(graph)
    _describe_calls(graph)
    before = kernels_written()
    try:
        # The caller guarantees shapes and strides.
        for node in graph.graph.nodes:
            before_compiling(node.target, map_arg(node.args, lambda x: x.meta["val"]))
        with torch.no_grad(), config.patch(size_asserts=False, **_limits(graph), **casts):
            output: Any = compile_fx_inner(graph, inputs, mode)
    except Exception as error:
        # Inductor raises its own error `from None`: what it wraps is the context.
        found = next((e for e in (error, error.__cause__, error.__context__) if isinstance(e, NO_COMPILER)), None)
        if found is None:
            raise
        warnings.warn(
            "no compiler was found, so that compiled functions replay their graphs, which is slower. "
            f"Got {type(found).__name__}. Install g++, and Triton for CUDA, or pass "
            "`backend='replay'` to say that this is meant.",
            RuntimeWarning,
            stacklevel=2,
        )
        return _replayed(module)
    if _THREAD.counts is not None:
        _THREAD.counts.kernels += kernels_written() - before
    # A graph without operations comes back as a function.
    program: Program = getattr(output, "current_callable", output)
    return _Holding(program, held) if held else program


class _Holding:
    """A program with what it calls by number."""

    __slots__ = ("held", "program")

    def __init__(self, program: Program, held: list[Any]) -> None:
        self.program, self.held = program, held

    def __call__(self, tensors: list[torch.Tensor]) -> Sequence[torch.Tensor]:
        return self.program(tensors)


def _describe_calls(graph: GraphModule) -> None:
    """Add the shapes of the results to each call by number, for the key of Inductor's cache."""
    for node in graph.graph.nodes:
        if node.target is CALL:
            shown = [f"{x.dtype}{list(x.shape)}{x.device}" for x in node.meta["val"]]
            node.args = (*node.args[:2], " ".join(shown))


def _keep_strides(graph: GraphModule) -> None:
    """Give results the strides that they have in the graph; by default Inductor chooses them."""
    found = [x.meta["val"].stride() if isinstance(x, Node) else None for x in outputs(graph)]
    graph.graph.output_node().meta.update(
        user_visible_output_idxs=list(range(len(found))), original_output_strides=found
    )


def _limits(graph: GraphModule) -> dict[str, Any]:
    """Settings of Inductor for a graph: how much it inlines, and how large a kernel must be to start threads.

    Inductor inlines a value at each use, with all operations that it is computed from, up to a threshold. With the
    default of 30 the rounds of one draw from a Threefry key become 50,000 operations. A lower threshold for all
    programs was tried: it made a gradient through neurons three times as slow.
    """
    hashes = any(node.target is torch.ops.aten.bitwise_xor.Tensor for node in graph.graph.nodes)
    limits: dict[str, Any] = {"realize_opcount_threshold": 10} if hashes else {}
    # The number of threads is compiled into a kernel, but it is not part of the key of Inductor's cache.
    return {**limits, "cpp.min_chunk_size": _elements_per_thread(graph), "cpp.threads": torch.get_num_threads()}


#: A second thread costs 5 to 10 µs in a kernel; one vectorised operation takes about 1/4 ns for each element.
_WORTH_A_THREAD = 2**16
#: Operations that cost as much as `_DEAR_AS` additions.
_DEAR_OPERATIONS = frozenset(
    [
        "acos",
        "asin",
        "atan",
        "atan2",
        "cos",
        "cosh",
        "erf",
        "erfc",
        "exp",
        "exp2",
        "expm1",
        "gelu",
        "lgamma",
        "log",
        "log10",
        "log1p",
        "log2",
        "mish",
        "pow",
        "rsqrt",
        "sigmoid",
        "silu",
        "sin",
        "sinh",
        "softplus",
        "tan",
        "tanh",
    ]
)
_DEAR_AS = 8


def _elements_per_thread(graph: GraphModule) -> int:
    """The number of elements that justifies a thread; a kernel with fewer runs in one.

    With Inductor's default of 512 a kernel of 1,100 elements starts threads. With two threads on a core that other work
    shares, an element-wise kernel of 64,000 elements took 670 µs instead of 140.
    """
    work = 0
    for node in graph.graph.nodes:
        if isinstance(node.target, OpOverload):
            name = node.target._schema.name.partition("::")[2]
            work += _DEAR_AS if name in _DEAR_OPERATIONS else 1
    return max(2048, _WORTH_A_THREAD // max(work, 1))


def _casts(module: GraphModule) -> dict[str, Any]:
    """Settings by which each result in 16 bits is rounded as torch rounds it.

    Otherwise a comparison sees bits that torch rounds away after each operation.
    """
    low = any(getattr(node.meta.get("val"), "dtype", None) in LOW_PRECISION for node in module.graph.nodes)
    return {"emulate_precision_casts": True} if low else {}


#: Operations in one piece of a compiled loop, roughly: smaller pieces cost calls, larger ones compilation.
_PIECE = 200
#: Above this many multiplications per step, the overhead of calling a piece is negligible.
_DEAR = 2**19


def steps_per_piece(module: GraphModule) -> int:
    """How many steps of a loop to compile as one, by the number and kind of operations in a step.

    Unrolling helps code that is fused; library calls such as matmul take the same time.
    """
    nodes = [node for node in module.graph.nodes if node.op == "call_function"]
    if any(number_of(node) is not None for node in nodes):
        return 1
    products = [work for node in nodes if (work := multiplications(node)) is not None]
    most = 20 if not products else 4 if sum(products) < _DEAR else 1
    count = max(len(nodes), 1)
    return max(1, min(most, max(_PIECE // count, min(5, 2 * _PIECE // count))))
