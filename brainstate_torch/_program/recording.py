"""Programs of tensor operations, recorded from a function."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch

from .._errors import ConcretizationError
from .._host.dispatch import OpOverload, TorchFunctionMode
from .._host.functorch import (
    EXCLUSIVE,
    NO_NUMBER,
    DataDependentOutputException,
    FakeTensor,
    FakeTensorMode,
    concrete,
    in_this_thread,
    lanes_of,
    lanes_within,
    outside_of_fakes,
    outside_of_graphs,
    shapes_alone,
    transformed_again,
)
from .._host.fx import GraphModule, Node, get_proxy_mode, has_side_effect, traced
from .._host.seeding import seeds_noticed
from .._source import is_in, line_of, place_of
from .calls import CALL, act, perform, target
from .chosen_lanes import CHOSEN
from .indexing import WITHOUT_NUMBERS
from .rewriting import Rewriting

__all__ = [
    "THREAD",
    "Like",
    "Recorded",
    "alone",
    "check_numbers",
    "is_recording",
    "local",
    "record",
    "recording",
    "tidy",
    "with_numbers",
]

Flat = Callable[..., Sequence[torch.Tensor]]
has_side_effect(act)
#: Operations that need numbers. DLPack of a tensor without any ends the process (torch 2.13).
_NUMPY = (torch.Tensor.numpy, torch.Tensor.__array__, torch.Tensor.__dlpack__)
#: Torch's errors where code asks for a number, or for memory, of a tensor without any.
_ASKS = ("FakeTensor.__format__", "Cannot access data pointer of Tensor", "its data is not allocated yet")
#: What autograd knows of a tensor; a proxy is part of no autograd graph.
_FACTS: Any = (torch.Tensor.requires_grad.__get__, torch.Tensor.is_leaf.__get__)  # type: ignore[attr-defined]


class _Thread(threading.local):
    """Per thread: the recordings under way, outermost first."""

    def __init__(self) -> None:
        self.recordings: list[Recording] = []


THREAD = _Thread()


class Recording(TorchFunctionMode):
    """The recording of one graph. A tensor from outside is replaced by a proxy, which becomes an input.

    The mode is above torch.func's transforms, so that it sees a tensor before a transform takes it for a constant.
    """

    def __init__(self, mode: FakeTensorMode, transforms: Any) -> None:
        super().__init__()
        self.mode = mode
        #: The recording that this one was begun in, and the transforms that were active there.
        self._outer = THREAD.recordings[-1] if THREAD.recordings else None
        self._transforms = transforms
        self._aliases: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        #: For each proxy, the tensor that it stands for.
        self.originals: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        #: The targets that the graph refers to by number, kept alive with it.
        self.held: list[Any] = []
        self._proxies: Any = None
        self.rewriting = Rewriting(lambda: bool(THREAD.recordings) and THREAD.recordings[-1] is self)

    @property
    def is_outermost(self) -> bool:
        """Whether no other recording was under way when this one was begun."""
        return self._outer is None

    def outermost(self) -> "Recording":
        """The recording that was under way first."""
        return self if self._outer is None else self._outer.outermost()

    @contextlib.contextmanager
    def resumed(self) -> Iterator[None]:
        """Within: this recording goes on outside of every transform, though another may have begun inside it."""
        THREAD.recordings.append(self)
        try:
            with outside_of_graphs(), self.mode, self._proxies or contextlib.nullcontext():
                yield
        finally:
            THREAD.recordings.pop()

    @contextlib.contextmanager
    def outside(self) -> Iterator[None]:
        """Within: the caller is where this recording was begun, in the transforms that are active there."""
        if self._outer is None:
            yield
            return
        with self._outer.resumed(), transformed_again(self._transforms):
            yield

    def begin(self) -> None:
        """Note the tracer, which has just started."""
        self._proxies = get_proxy_mode()

    def stand_in(self, x: torch.Tensor) -> torch.Tensor:
        """A new input of the graph, like a tensor from outside."""
        with outside_of_graphs(), self.mode:
            fake = torch.empty(x.shape, dtype=x.dtype, device=x.device)
        self.originals[id(fake)] = (fake, x)
        return fake

    @contextlib.contextmanager
    def aliased(self, pairs: Sequence[tuple[torch.Tensor, torch.Tensor]]) -> Iterator[None]:
        """Within: the first of each pair, a tensor from outside, is replaced by the second."""
        before = self._aliases
        self._aliases = {**before, **{id(outer): (outer, inner) for outer, inner in pairs}}
        try:
            yield
        finally:
            self._aliases = before

    def local(self, x: Any) -> Any:
        """Return the proxy of an outer tensor in this graph; other values unchanged."""
        if not isinstance(x, torch.Tensor):
            return x
        if x_alias := self._aliases.get(id(x)):
            return x_alias[1]
        numbers = concrete(x)
        if isinstance(numbers, FakeTensor) and numbers.fake_mode is self.mode:
            return x
        if numbers is not x and THREAD.recordings[0] is self:
            return self._wrapped_local(x)
        inner = self.stand_in(x)
        self._aliases[id(x)] = (x, inner)
        return inner

    def _wrapped_local(self, x: torch.Tensor) -> torch.Tensor:
        """The proxy inside a tensor from outside that a transform of torch.func wrapped before this graph met it.

        A derivative knows its tensor by identity, so that stays. The tracer sees the tensor inside as a constant.
        """
        lanes = lanes_within(x)
        return x if lanes is None else lanes_of(self.local(lanes.tensor), lanes.axis, lanes.level)

    def _stands_outside(self, x: torch.Tensor) -> bool:
        """Whether a tensor is an input of the graph or new to it; not one that a derivative computed in it."""
        numbers = concrete(x)
        if isinstance(numbers, FakeTensor) and numbers.fake_mode is self.mode:
            return False
        alias = self._aliases.get(id(x))
        return alias is None or id(alias[1]) in self.originals

    def _check_own(self, x: torch.Tensor) -> None:
        """Raise if torch.func differentiates with respect to an outer tensor; `requires_grad_` is its first call."""
        numbers = concrete(x)
        own = isinstance(numbers, FakeTensor) and numbers.fake_mode is self.mode
        if numbers is not x and not own and THREAD.recordings[0] is not self:
            raise ValueError(
                "what torch.func differentiates in a compiled loop or branch must be made there, or handed to it. "
                f"Got a tensor of shape {list(x.shape)} from outside. Use the derivatives of `transform`."
            )

    def _locals(self, x: Any) -> Any:
        if isinstance(x, torch.Tensor):
            return self.local(x)
        if type(x) is list or type(x) is tuple:
            return type(x)([self._locals(item) for item in x])
        return x

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if not THREAD.recordings or THREAD.recordings[-1] is not self:
            return func(*args, **(kwargs or {}))
        if func is torch.Tensor.requires_grad_:
            self._check_own(args[0])
        elif func in _NUMPY:
            raise DataDependentOutputException(func)  # type: ignore[arg-type]
        elif func in _FACTS and self._stands_outside(args[0]):
            return func(args[0])
        func = WITHOUT_NUMBERS.get(func, func)
        return func(*self._locals(args), **{key: self._locals(x) for key, x in (kwargs or {}).items()})


def is_recording() -> bool:
    """Whether a graph is being recorded in this thread."""
    return bool(THREAD.recordings)


def recording() -> Recording:
    """The innermost recording."""
    return THREAD.recordings[-1]


def local(x: Any) -> Any:
    """Return the proxy of an outer tensor in the innermost graph, where one is recorded; other values unchanged.

    Code that passes tensors to a transform of torch.func must call this first: the transform would wrap the outer
    tensor.
    """
    return THREAD.recordings[-1].local(x) if THREAD.recordings else x


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Within: the caller may trace another function, as if no transform and no recording were active."""
    outer, THREAD.recordings = THREAD.recordings, []
    try:
        with EXCLUSIVE, outside_of_graphs():
            yield
    finally:
        THREAD.recordings = outer


class with_numbers(outside_of_fakes):
    """Context within which no graph is recorded, and tensors have numbers, whatever goes on around it."""

    __slots__ = ("recordings",)

    def __enter__(self) -> list[Any]:
        self.recordings, THREAD.recordings = THREAD.recordings, []
        try:
            return super().__enter__()
        except BaseException:
            THREAD.recordings = self.recordings
            raise

    def __exit__(self, *error: object) -> None:
        try:
            super().__exit__(*error)
        finally:
            THREAD.recordings = self.recordings


class Like(NamedTuple):
    """Shape, dtype, device and strides of a tensor, without its numbers."""

    shape: torch.Size
    dtype: torch.dtype
    device: torch.device


class Recorded(NamedTuple):
    """A graph, and the tensors that it took from outside.

    Attributes
    ----------
    graph
        Takes the tensors of the recorded function, then one for each of `captured`.
    captured
        The tensors to pass for the further inputs, as the enclosing code of the recording has them.
    originals
        The captured tensors as the user's function holds them, before an outer recording replaced them by proxies.
    stand_ins
        Their proxies while the graph was recorded; a tensor that the function made from numbers is its own.
    unused
        Other tensors from outside that the function computed with, on which no result depends.

    The graph keeps alive, as ``held``, the operations that its nodes refer to by number.
    """

    graph: GraphModule
    captured: list[torch.Tensor]
    originals: list[torch.Tensor]
    stand_ins: list[torch.Tensor]
    unused: list[torch.Tensor]


def record(fun: Flat, like: Sequence[Any]) -> Recorded:
    """Record what a function of tensors does, once, without numbers.

    Parameters
    ----------
    fun
        Takes and returns a sequence of tensors.
    like
        For each argument a tensor, or a :class:`Like`, of that shape, dtype and device.

    Raises
    ------
    ConcretizationError
        The function needs a number to go on.
    """
    with (
        EXCLUSIVE,
        in_this_thread(),
        outside_of_graphs() as transforms,
        shapes_alone() as mode,
        seeds_noticed(_refuse_seed),
    ):
        # Otherwise `torch.utils.dlpack.to_dlpack` returns a pointer to no memory, and the process ends.
        mode._allow_unsafe_data_ptr_access = False
        inner = Recording(mode, transforms)
        inputs = [torch.empty(x.shape, dtype=x.dtype, device=x.device) for x in like]

        def recorded(*tensors: torch.Tensor) -> list[torch.Tensor]:
            THREAD.recordings.append(inner)
            inner.begin()
            try:
                with inner, inner.rewriting:
                    return [inner.local(x) for x in fun(*tensors)]
            finally:
                THREAD.recordings.pop()

        # What the graph takes from a branch around it, it takes as operands, which are masked there.
        branches, CHOSEN.branches = CHOSEN.branches, ()
        try:
            module = traced(recorded, inputs)
        except NO_NUMBER as error:
            raise _without_numbers(error) from None
        except (TypeError, RuntimeError) as error:
            if not any(text in str(error) for text in _ASKS):
                raise
            raise _without_numbers(error) from None
        finally:
            CHOSEN.branches = branches
    tidy(module)
    stand_ins = _inputs_of_constants(module)
    module.held = inner.held  # type: ignore[assignment]
    originals = [inner.originals.get(id(x), (x, x))[1] for x in stand_ins]
    captured = [recording().local(x) for x in originals] if is_recording() else originals
    if not is_recording():
        check_numbers(captured)
    used = {id(x) for x in stand_ins}
    unused = [x for stand_in, x in inner.originals.values() if id(stand_in) not in used]
    return Recorded(module, captured, originals, stand_ins, unused)


def _refuse_seed() -> None:
    """Raise if the function that is recorded seeds torch's generator."""
    if is_recording():
        raise NotImplementedError(
            "a compiled function must not seed torch's generator, or put back its state: it is recorded once, and its "
            "draws go on from call to call. Got `torch.manual_seed`, `torch.set_rng_state` or `torch.random.fork_rng` "
            "in it. Seed before the call, or draw from a `random.RandomState`."
        )


def check_numbers(captured: Sequence[torch.Tensor]) -> None:
    """Raise if a program would compute with a proxy of another recording that is none of its inputs."""
    for x in captured:
        if isinstance(concrete(x), FakeTensor):
            raise ConcretizationError(
                "what a compiled function computes with must have numbers, or be computed by it. Got a tensor of shape "
                f"{list(x.shape)} that stands for numbers in a recording that is over: a list, an attribute or a "
                "global variable kept it, or was given another value before a derivative ran the function again. "
                "Return it, or hold it in a State."
            )


def tidy(module: GraphModule) -> None:
    """Let operations be called by name, and eliminate dead code."""
    for node in module.graph.nodes:
        if node.target is CALL:
            node.target = act if target(node.args[1]).acts else perform
        elif node.target is torch.ops.aten._efficientzerotensor.default:
            # A zero tangent of torch has no memory, but a program needs a tensor with memory.
            node.target = torch.ops.aten.zeros.default
        elif node.target is torch.ops.aten.view.default and _shape(node.args[0]) == _shape(node):
            node.replace_all_uses_with(node.args[0])
        elif node.target is torch.ops.aten.slice_scatter.default and len(node.args) > 4:
            # vmap overflows on an end like 2**63 - 1.
            node.update_arg(4, min(node.args[4], node.meta["val"].shape[node.args[2]]))
        elif isinstance(node.target, OpOverload) and torch.Tag.inplace_view in node.target.tags:
            # matmul of a vector squeezes in place. No memory is written, and later uses refer to what this returns.
            node.target = _out_of_place(node.target)
    if not any(isinstance(node.target, OpOverload) and node.target._schema.is_mutable for node in module.graph.nodes):
        # Nothing is written in place, so that the copy of a copy-on-write tensor is never made.
        for node in module.graph.nodes:
            if _is_copy_on_write(node):
                node.replace_all_uses_with(node.args[0])
    else:
        # The lazy clone raises for tensors without memory of torch's own, which compiled code has.
        for node in module.graph.nodes:
            if node.target is torch.ops.aten._lazy_clone.default:
                node.target = torch.ops.aten.clone.default
    module.graph.eliminate_dead_code()
    module.recompile()


def _out_of_place(target: OpOverload) -> OpOverload:
    """The out-of-place form of an operation like ``squeeze_``, which makes its argument a view."""
    packet = getattr(torch.ops.aten, target._schema.name.partition("::")[2].removesuffix("_"), None)
    found: OpOverload = getattr(packet, target._overloadname, target)
    return found


def _is_copy_on_write(node: Node) -> bool:
    """Whether a node copies a State's value in case it is written in place."""
    if node.target is torch.ops.aten._lazy_clone.default:
        return True
    return (
        node.target is torch.ops.aten.clone.default
        and node.kwargs.get("memory_format") is torch.preserve_format
        and node.args[0].meta["val"].stride() == node.meta["val"].stride()  # type: ignore[union-attr]
    )


def _shape(node: Any) -> Any:
    value = node.meta.get("val")
    return value.shape if isinstance(value, torch.Tensor) else None


def _inputs_of_constants(module: GraphModule) -> list[torch.Tensor]:
    """Lift the constants of a graph, proxies and tensors made of numbers, to extra inputs at the end."""
    graph = module.graph
    captured: list[torch.Tensor] = []
    last = None
    for node in graph.nodes:
        if node.op == "placeholder":
            last = node
    found: dict[int, Node] = {}
    for node in list(graph.nodes):
        if node.op != "get_attr":
            continue
        value = getattr(module, node.target)
        if not isinstance(value, torch.Tensor):
            continue
        place = found.get(id(value))
        if place is None:
            start = last.next if last is not None else next(iter(graph.nodes))
            with graph.inserting_before(start):
                place = last = graph.placeholder(f"captured_{len(captured)}")
            place.meta["val"] = value
            found[id(value)] = place
            captured.append(value)
        node.replace_all_uses_with(place)
        graph.erase_node(node)
    module.recompile()
    return captured


def _without_numbers(error: BaseException) -> ConcretizationError:
    """The error for code that looks at a number while a graph is recorded, with its place."""
    line = line_of(error)
    cure = (
        "Choose with `transform.cond` or `torch.where`, loop with `transform.while_loop`, or name the argument in "
        "`static_argnums`."
    )
    if line.startswith("assert"):
        cure = "Check with `transform.jit_error_if`, which looks at the numbers of every run."
    elif "numpy(" in line or "dlpack" in line or ".__array__" in line or "np." in line:
        cure = "Compute with torch, or leave this part outside of what is compiled."
    elif line.startswith(("print", "logging", "logger")) or "__format__" in str(error):
        cure = "Return the tensor and show it after the call, or leave out `jit` while you look for a fault."
    elif "lstsq(" in line:
        cure = "Compute the solution with `units.math.linalg.lstsq`, or as `torch.linalg.pinv(A) @ B`."
    elif "_reduce" in line and "prod" in line:
        cure = "The derivative of products by index is not to be had in compiled code, as in JAX: add logarithms."
    elif is_in(error, "distributions/"):
        cure = "Give the distribution `validate_args=False`: torch checks its matrices by their numbers."
    return ConcretizationError(
        "a compiled function must not need a number of a tensor to go on: it is recorded once, for all numbers. "
        f"Got {place_of(error)}. {cure}"
    )
