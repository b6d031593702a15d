"""jit: a stateful function as a compiled program."""

import functools
import sys
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from .. import _tree
from .._arrays import is_arraylike
from .._func import is_transformed
from .._graph import is_recording
from .._state.context import CONTEXT
from ..typing import Missing
from ._compiled.program import Program
from ._compiled.stateful import numbers_as_tensors
from ._functional import checked_arguments, run
from ._stateful import StatefulFunction

__all__ = ["Jitted", "jit"]

_MISSING = Missing()
_CAPACITY = 128
#: Seconds of compilation after which a word is due.
_PATIENCE = 2.0


class Jitted:
    """A function that runs as a compiled program; what :func:`jit` returns.

    Attributes
    ----------
    origin_fun
        The function.
    stateful_fun
        The :class:`StatefulFunction` of it, which tells the States that it touches.
    jitted_fun
        This object.
    """

    def __init__(
        self, fun: Callable[..., Any], static: tuple[frozenset[int], frozenset[str]], backend: str, name: str | None
    ) -> None:
        functools.update_wrapper(self, fun, updated=())
        self.origin_fun, self.name, self.backend = fun, name, backend
        self._static_places, self._static_names = static
        self._programs: OrderedDict[Any, list[Program]] = OrderedDict()

    @property
    def stateful_fun(self) -> StatefulFunction:
        """The function together with the States that it touches."""
        return StatefulFunction(self.origin_fun, tuple(self._static_places), tuple(self._static_names), name=self.name)

    @property
    def jitted_fun(self) -> "Jitted":
        """The object itself."""
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program for arguments of this kind, which is compiled at the first call."""
        if CONTEXT.frames or is_recording() or is_transformed():
            return self._plain(args, kwargs)
        key, tensors = self._signature(args, kwargs)
        for program in self._programs.get(key, ()):
            inputs = program.inputs(tensors)
            if inputs is not None:
                return program(inputs)
        if torch.is_grad_enabled() and any(x.requires_grad for x in tensors):
            return self._plain(args, kwargs)
        program = self._made(key, args, kwargs, tensors)
        inputs = program.inputs(tensors)
        assert inputs is not None, "a program takes the States that it was recorded with"
        return program(inputs)

    def _plain(self, args: Any, kwargs: Any) -> Any:
        """Inside another transform the function is a part of what that transforms."""
        positional, named = checked_arguments(args, kwargs)
        outcome = run(self.origin_fun, positional, named)
        outcome.frame.commit(outcome.written, outcome.created)
        return outcome.result

    def _signature(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, list[torch.Tensor]]:
        """What tells one kind of arguments from another, and the tensors in them."""
        tensors: list[torch.Tensor] = []
        key: list[Any] = []
        for i, arg in enumerate(args):
            if type(arg) is torch.Tensor:
                tensors.append(arg)
                key.append((arg.shape, arg.dtype, arg.device))
            elif i in self._static_places:
                key.append(_static_key(arg, str(i)))
            else:
                key.append(_dynamic_key(arg, f"argument {i}", tensors))
        for name in sorted(kwargs):
            static = name in self._static_names
            arg = kwargs[name]
            key.append((name, _static_key(arg, name) if static else _dynamic_key(arg, f"argument `{name}`", tensors)))
        return tuple(key), tensors

    def _made(self, key: Any, args: Sequence[Any], kwargs: Mapping[str, Any], tensors: list[torch.Tensor]) -> Program:
        """A new program, recorded from these arguments."""
        fun, places, names = self.origin_fun, self._static_places, self._static_names
        fixed = {i: arg for i, arg in enumerate(args) if i in places}
        fixed_names = {name: arg for name, arg in kwargs.items() if name in names}

        def dynamic(*some: Any, **named: Any) -> Any:
            supply = iter(some)
            whole = [fixed[i] if i in fixed else next(supply) for i in range(len(args))]
            return fun(*whole, **named, **fixed_names)

        arguments = numbers_as_tensors(
            (
                [arg for i, arg in enumerate(args) if i not in fixed],
                {name: kwargs[name] for name in sorted(kwargs) if name not in fixed_names},
            )
        )
        programs = self._programs.setdefault(key, [])
        self._programs.move_to_end(key)
        program: Program | None = None
        mine = weakref.ref(self)

        def dropped(_: Any) -> None:
            owner = mine()
            if owner is not None and program is not None:
                owner._drop(key, program)

        begin = time.perf_counter()
        program = Program(
            dynamic if fixed or fixed_names else fun, arguments, tensors, self.backend, self.name, dropped
        )
        programs.insert(0, program)
        program.compile()
        seconds = time.perf_counter() - begin
        if seconds > _PATIENCE:
            label = self.name or getattr(fun, "__qualname__", repr(fun))
            print(f"jit: compiled `{label}` in {seconds:.1f} s; calls with like arguments will not", file=sys.stderr)
        while len(self._programs) > _CAPACITY:
            self._programs.popitem(last=False)
        return program

    def _drop(self, key: Any, program: Program) -> None:
        """Forget a program whose States are gone."""
        programs = self._programs.get(key, [])
        if program in programs:
            programs.remove(program)
        if not programs:
            self._programs.pop(key, None)

    def clear_cache(self) -> None:
        """Forget all programs."""
        self._programs.clear()

    def compile(self, *args: Any, **kwargs: Any) -> "Jitted":
        """Record and compile for arguments like these, without running; no State is changed."""
        key, tensors = self._signature(args, kwargs)
        if not any(program.inputs(tensors) is not None for program in self._programs.get(key, ())):
            self._made(key, args, kwargs, tensors)
        return self

    def eval_shape(self, *args: Any, **kwargs: Any) -> Any:
        """The shapes of the result, at no cost; see :func:`eval_shape`."""
        from ._abstract import eval_shape

        return eval_shape(self.origin_fun, *args, **kwargs)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """As a method: the instance is a static argument."""
        return self if instance is None else _Bound(self, instance)

    def __repr__(self) -> str:
        name = self.name or getattr(self.origin_fun, "__qualname__", repr(self.origin_fun))
        return f"jit({name}, programs={sum(map(len, self._programs.values()))})"


class _Weak:
    """A key for an object, which does not keep it alive."""

    __slots__ = ("_hash", "ref")

    def __init__(self, x: Any) -> None:
        self.ref, self._hash = weakref.ref(x), hash(x)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Weak):
            return False
        mine, theirs = self.ref(), other.ref()
        return self is other or (mine is not None and theirs is not None and bool(mine == theirs))


def _static_key(arg: Any, name: str) -> Any:
    try:
        hash(arg)
    except TypeError:
        raise ValueError(
            f"the static argument {name} must be hashable. Got a {type(arg).__name__}. "
            "Pass a tuple, a number or a text, or let it be a tensor."
        ) from None
    try:
        return _Weak(arg)
    except TypeError:
        return type(arg), arg


def _dynamic_key(arg: Any, name: str, tensors: list[torch.Tensor]) -> Any:
    leaves, spec = _tree.flatten(arg)
    key: list[Any] = [spec]
    for leaf in leaves:
        if not is_arraylike(leaf):
            raise TypeError(
                f"{name} of a compiled function must be made of tensors, arrays, quantities and numbers. "
                f"Got a {type(leaf).__name__}. Name it in `static_argnums` or `static_argnames`."
            )
        tensor = leaf if isinstance(leaf, torch.Tensor) else numbers_as_tensors(leaf)
        tensors.append(tensor)
        key.append((tensor.shape, tensor.dtype, tensor.device))
    return tuple(key)


class _Bound:
    """A compiled function as a method of an object."""

    def __init__(self, jitted: Jitted, instance: Any) -> None:
        self.jitted, self.instance = jitted, instance


def jit(
    fun: Any = _MISSING,
    *,
    static_argnums: Any = None,
    static_argnames: Any = None,
    backend: str | None = None,
    name: str | None = None,
) -> Any:
    def make(fun: Any) -> Jitted:
        return Jitted(
            fun, (frozenset(static_argnums or ()), frozenset(static_argnames or ())), backend or "inductor", name
        )

    return make if isinstance(fun, Missing) else make(fun)
