"""torch.func, its interpreter stack and its wrappers; autograd's engine; fake tensors."""

import contextlib
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch._functorch.pyfunctorch import retrieve_all_functorch_interpreters
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensor,
    FakeTensorMode,
)
from torch.autograd import forward_ad
from torch.autograd.graph import _engine_run_backward
from torch.func import functional_call, functionalize, hessian, jacfwd, jacrev
from torch.func import grad_and_value as _grad_and_value
from torch.func import jvp as _jvp
from torch.func import vjp as _vjp
from torch.func import vmap as _vmap

from .._source import is_users
from .deferring import deferred
from .lane_rules import add_lane_rules
from .leaving import below, outside_of_fakes, outside_of_graphs, outside_of_transforms, transformed_again
from .sound_rules import SoundRules, constant_outside, is_constant
from .unwinding import EXCLUSIVE, in_this_thread, unwinding

__all__ = [
    "EXCLUSIVE",
    "NO_NUMBER",
    "TAPE",
    "AutogradFunction",
    "DataDependentOutputException",
    "Dual",
    "FakeTensor",
    "FakeTensorMode",
    "FakeValue",
    "alive",
    "along_directions",
    "applied",
    "as_number",
    "below",
    "concrete",
    "dual_of",
    "enclosing",
    "forward_levels",
    "functional_call",
    "functionalize",
    "grad_and_value",
    "hessian",
    "in_this_thread",
    "innermost_map",
    "is_batched",
    "is_constant",
    "is_differentiated",
    "is_spelled_out",
    "is_tracked",
    "is_transformed",
    "jacfwd",
    "jacrev",
    "jvp",
    "lane_marker",
    "lanes_of",
    "lanes_within",
    "level",
    "level_of",
    "moving",
    "outside_of_fakes",
    "outside_of_graphs",
    "outside_of_transforms",
    "protected_fake",
    "pulled_back",
    "shapes_alone",
    "spelled_out",
    "transformed_again",
    "unmapped",
    "untracked",
    "vjp",
    "vmap",
]

_NOTHING = contextlib.nullcontext()


class _Tape(threading.local):
    """Per thread: whether a reverse pass runs on a tape of autograd's, of which torch.func knows nothing."""

    active = False


TAPE = _Tape()


def _followed() -> list[str]:
    """The transforms that will enclose a derivative that is about to begin; a tape counts as one."""
    return [*["Tape"] * TAPE.active, *enclosing()]


@unwinding
def vjp(*args: Any, **kwargs: Any) -> Any:
    """`torch.func.vjp`, which a signal does not damage; the pullback runs in the thread of its caller."""
    deferred()
    kinds = _followed()
    with constant_outside(kinds), SoundRules([*kinds, "Grad"]) if kinds else _NOTHING:
        result, pull, *aux = _vjp(*args, **kwargs)

    def pulled(*cotangents: Any, **kwargs: Any) -> Any:
        with in_this_thread():
            return pull(*cotangents, **kwargs)

    return (result, pulled, *aux)


def jvp(*args: Any, **kwargs: Any) -> Any:
    """`torch.func.jvp`, which a signal does not damage, in one thread at a time."""
    kinds = _followed()
    with EXCLUSIVE, constant_outside(kinds), SoundRules([*kinds, "Jvp"]):
        return _unwinding_jvp(*args, **kwargs)


_unwinding_jvp = unwinding(_jvp)


def vmap(*args: Any, **kwargs: Any) -> Any:
    """`torch.func.vmap`, which a signal does not damage."""
    add_lane_rules()
    mapped = unwinding(_vmap(*args, **kwargs))

    def soundly(*tensors: Any) -> Any:
        kinds = [*_followed(), "Vmap"]
        if len(kinds) == 1 and not (torch.is_grad_enabled() and any(_requires_grad(x) for x in tensors)):
            return mapped(*tensors)
        with SoundRules(kinds):
            return mapped(*tensors)

    return soundly


def along_directions(push: Any, directions: Sequence[torch.Tensor]) -> Any:
    """Map a forward derivative over directions: its tangents, stacked, and what else it gives, the same in each lane.

    torch refuses the other results if another map around this one batches them.
    """
    is_mapped = "Vmap" in enclosing()
    pushed, carried = vmap(push, out_dims=(0, 0 if is_mapped else None), randomness="same")(*directions)
    return pushed, tuple([x[0] for x in carried]) if is_mapped else carried


def _requires_grad(x: Any) -> bool:
    return isinstance(x, torch.Tensor) and x.requires_grad


def grad_and_value(*args: Any, **kwargs: Any) -> Any:
    """`torch.func.grad_and_value`, which a signal does not damage."""
    deferred()
    host = unwinding(_grad_and_value(*args, **kwargs))

    def soundly(*arguments: Any) -> Any:
        kinds = _followed()
        if not kinds:
            return host(*arguments)
        with constant_outside(kinds), SoundRules([*kinds, "Grad"]):
            return host(*arguments)

    return soundly


_NoneType = type(None)
_run_backward: Any = torch.autograd.Variable._execution_engine.run_backward
_functorch = torch._C._functorch
_maybe_current_level = _functorch.maybe_current_level
AutogradFunction = torch.autograd.Function
#: What a tensor without numbers raises when it is asked for one.
NO_NUMBER = (DataDependentOutputException, DynamicOutputShapeException)

#: The torch.func level that a tensor is wrapped for: -1 for a plain tensor, -2 for a wrapper that outlived its own.
level_of = _functorch.maybe_get_level


def shapes_alone() -> FakeTensorMode:
    """A context within which new tensors have shapes and no numbers."""
    deferred()
    return FakeTensorMode(allow_non_fake_inputs=True)


class FakeValue(FakeTensor):
    """A fake tensor whose ``+=`` and the like compute a new one; what a State hands out while shapes are traced."""


class FakeNumber(FakeValue):
    """A proxy for a Python number. Code of the user that needs the number itself gets an error.

    As a key it would be found by identity, and ``isinstance(x, int)`` would be False.
    """

    def __hash__(self) -> int:
        if _asks_as_user(sys._getframe(1)):
            raise DataDependentOutputException("hash")  # type: ignore[arg-type]
        return id(self)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        if _asks_as_user(sys._getframe(1)):
            raise DataDependentOutputException("isinstance")  # type: ignore[arg-type]
        return FakeNumber


def _asks_as_user(frame: Any) -> bool:
    """Whether the caller is code of the user, directly or through an abstract class such as `numbers.Number`."""
    while frame is not None and frame.f_globals.get("__name__") in ("abc", "numbers"):
        frame = frame.f_back
    return frame is not None and is_users(frame.f_code)


def as_number(x: Any) -> FakeTensor:
    """The fake tensor as a :class:`FakeNumber`."""
    found: Any = protected_fake(x)
    found.__class__ = FakeNumber
    return found  # type: ignore[no-any-return]


def protected_fake(x: FakeTensor) -> FakeTensor:
    """The fake tensor as a :class:`FakeValue`. A plain subclass would lose what makes it fake."""
    with outside_of_transforms():  # there the copy would be a wrapper
        fake: Any = x._lazy_clone()
    fake.__class__ = FakeValue
    return fake  # type: ignore[no-any-return]


def pulled_back(
    outputs: Sequence[torch.Tensor], cotangents: Sequence[torch.Tensor], inputs: Sequence[torch.Tensor]
) -> list[torch.Tensor]:
    """The gradients that autograd finds for `inputs`, zeros for those that the outputs do not depend on.

    Calls the engine as torch.autograd.grad does, without its checks: on a small graph these cost 20 of 74 µs.
    """
    # On a CPU the engine runs in this thread anyway, without the settings that other threads would need. These, torch's
    # log of nodes and the context cost 5 of the 33 µs of a small gradient.
    if (len(outputs) == 1 and outputs[0].is_cpu) or all(x.is_cpu for x in outputs):
        found = _run_backward(tuple(outputs), tuple(cotangents), False, False, tuple(inputs), True, False)
    else:
        with in_this_thread():
            found = _engine_run_backward(
                tuple(outputs),
                tuple(cotangents),
                False,
                False,
                tuple(inputs),
                allow_unreachable=True,
                accumulate_grad=False,
            )
    if _NoneType in map(type, found):
        return [torch.zeros_like(x) if grad is None else grad for grad, x in zip(found, inputs, strict=True)]
    return list(found)


def concrete(x: torch.Tensor) -> torch.Tensor:
    """The tensor with the numbers of all lanes: out of every torch.func transform."""
    while _functorch.is_functorch_wrapped_tensor(x):
        x = _functorch.get_unwrapped(x)
    return x


def is_batched(x: Any, at: int | None = None) -> bool:
    """Whether `x` is batched by an enclosing vmap, or by the one at level `at`, if given."""
    while isinstance(x, torch.Tensor) and _functorch.is_functorch_wrapped_tensor(x):
        if _functorch.is_batchedtensor(x) and at in (None, level_of(x)):
            return True
        x = _functorch.get_unwrapped(x)
    return False


def is_tracked(x: torch.Tensor) -> bool:
    """Whether autograd, or a reverse derivative of torch.func at any level, follows a tensor."""
    while not x.requires_grad and _functorch.is_functorch_wrapped_tensor(x):
        x = _functorch.get_unwrapped(x)
    return x.requires_grad


def lanes_of(x: torch.Tensor, axis: int, at: int) -> torch.Tensor:
    """The tensor as each lane of the vmap at a level sees it, which is one slice along an axis."""
    lanes: torch.Tensor = _functorch._add_batch_dim(x, axis, at)
    return lanes


class Lanes(NamedTuple):
    """All lanes of a tensor inside a vmap: one tensor, the axis of the lanes, and the level of the vmap."""

    tensor: torch.Tensor
    axis: int
    level: int


def lanes_within(x: torch.Tensor) -> Lanes | None:
    """What :func:`lanes_of` made the tensor of; None if another transform made it."""
    if not _functorch.is_batchedtensor(x):
        return None
    return Lanes(_functorch.get_unwrapped(x), _functorch.maybe_get_bdim(x), level_of(x))


#: The tensor inside a wrapper that outlived its transform, as a backward pass meets it; any other tensor itself.
alive = _functorch.unwrap_if_dead


def unmapped(x: torch.Tensor, at: int) -> tuple[torch.Tensor, int | None]:
    """All lanes of a tensor for the vmap at a level, and their axis; None if all lanes have the same tensor."""
    return _functorch._unwrap_batched(x, at)


def untracked(x: torch.Tensor, at: int) -> torch.Tensor:
    """The tensor as it is outside of the derivative at a level."""
    return _functorch._unwrap_for_grad(x, at) if level_of(x) == at else x


class Dual(NamedTuple):
    """A tensor and its tangent, None where it has none."""

    primal: torch.Tensor
    tangent: torch.Tensor | None


def dual_of(x: torch.Tensor, at: int) -> Dual:
    """The tensor and its tangent as they are outside of the forward derivative at a level, the innermost."""
    primal, tangent = forward_ad.unpack_dual(x, level=0)  # type: ignore[no-untyped-call]
    return Dual(untracked(primal, at), None if tangent is None else untracked(tangent, at))


def moving(dual: Dual) -> torch.Tensor:
    """The tensor as the forward derivative around the caller sees it; inverse of :func:`dual_of`."""
    if dual.tangent is None:
        return dual.primal
    made: torch.Tensor = forward_ad.make_dual(dual.primal, dual.tangent, level=0)  # type: ignore[no-untyped-call]
    return made


def innermost_map() -> tuple[int, str]:
    """How many lanes the innermost transform has, a vmap, and what it does with random draws."""
    interpreter: Any = retrieve_all_functorch_interpreters()[-1]
    return interpreter.batch_size(), interpreter.randomness()


def lane_marker() -> torch.Tensor | None:
    """A tensor that differs from lane to lane in every vmap around the caller; None if there is none."""
    maps: list[Any] = [x for x in retrieve_all_functorch_interpreters() if x.key().name == "Vmap"]
    if not maps:
        return None
    with outside_of_transforms():
        marker = torch.zeros([x.batch_size() for x in maps])
    for x in maps:
        marker = lanes_of(marker, 0, x.level())
    return marker


def level() -> int:
    """How many torch.func transforms enclose the caller, in this thread."""
    return _maybe_current_level() or 0


def is_transformed() -> bool:
    """Whether a torch.func transform encloses the caller."""
    return _maybe_current_level() is not None


def enclosing() -> list[str]:
    """The torch.func transforms that enclose the caller, outermost first: 'Grad', 'Jvp', 'Vmap' or 'Functionalize'."""
    return [interpreter.key().name for interpreter in _functorch.get_interpreter_stack() or ()]


def forward_levels() -> int:
    """How many torch.func transforms in forward mode enclose the caller."""
    return enclosing().count("Jvp")


class _Spelling(threading.local):
    on = False


_SPELLING = _Spelling()


@contextlib.contextmanager
def spelled_out() -> Iterator[None]:
    """Within: code with a derivative of its own runs as operations that have the same, for a graph to be recorded."""
    before, _SPELLING.on = _SPELLING.on, True
    try:
        yield
    finally:
        _SPELLING.on = before


def is_spelled_out() -> bool:
    """Whether the graph that is recorded is to be differentiated."""
    return _SPELLING.on


def is_differentiated(*tensors: torch.Tensor) -> bool:
    """Whether a derivative with respect to one of these may be asked for, or a vmap batches them."""
    if _SPELLING.on or _maybe_current_level() is not None or forward_ad._current_level >= 0:
        return True
    return torch.is_grad_enabled() and any(x.requires_grad for x in tensors)


def applied(function: type[torch.autograd.Function], *args: Any) -> Any:
    """``function.apply(*args)``, of a Function with `setup_context` whose arguments are all given.

    Outside of torch.func, without binding the signature of `forward` at each call: 17 instead of 64 µs.
    """
    if _maybe_current_level() is None:
        return super(torch.autograd.Function, function).apply(*args)  # type: ignore[misc]
    return function.apply(*args)  # type: ignore[no-untyped-call]
