"""A function that runs as a compiled program."""

import functools
import sys
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

import torch

from ... import environ
from ..._host.functorch import is_transformed
from ..._host.switches import changed_switches, is_dual, switches
from ..._program.backend import BACKENDS, TIERED
from ..._program.recording import is_recording
from ..._state.context import CONTEXT
from .._core.abstract import eval_shape
from .._core.carry import as_arrays, protected
from .._core.functional import checked_arguments, run
from .._core.placing import device_beside
from .._core.signatures import P
from .call_key import dynamic_key, static_key
from .cost import Costs
from .program import Program
from .programs import Programs
from .setting_inputs import FirstSteps, SettingInputs, recorded_with_inputs
from .stateful_function import StatefulFunction
from .watched import MOST

__all__ = ["CAPACITY", "Jitted"]

#: Programs kept for one function.
CAPACITY = 64
#: A compilation that takes longer than this many seconds is reported.
_PATIENCE = 2.0

Out = TypeVar("Out", covariant=True)
S = TypeVar("S")
Q = ParamSpec("Q")


class Jitted(Generic[P, Out]):
    """A function that runs as a compiled program; what :func:`jit` returns."""

    def __init__(
        self,
        fun: Callable[..., Any],
        static: tuple[frozenset[int], frozenset[str]],
        backend: str | None,
        name: str | None,
        maxsize: int = CAPACITY,
        cuda_graphs: bool | None = None,
        tiered: bool | None = None,
    ) -> None:
        functools.update_wrapper(self, fun, updated=())
        self.origin_fun, self.name, self.backend, self.tiered = fun, name, backend, tiered
        self._static_places, self._static_names = static
        self._label = str(name or getattr(fun, "__qualname__", type(fun).__name__))
        self.cuda_graphs, self._told_of_graphs, self._told_of_objects = cuda_graphs, False, False
        self._maxsize, self._programs = maxsize, Programs(maxsize, self._label)
        #: The settings whose numbers Python code needs, so that they cannot be inputs.
        self._fixed: set[str] = set()
        self._step = FirstSteps()
        #: The arguments and switches that the last program was made for.
        self._key: Any = None
        self._method: Jitted[..., Any] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Without the programs: a copy reads and writes other States."""
        return {**vars(self), "_step": None, "_key": None, "_method": None}

    def __setstate__(self, kept: dict[str, Any]) -> None:
        vars(self).update(kept, _step=FirstSteps())

    @property
    def stateful_fun(self) -> StatefulFunction:
        """The function together with the States that it touches."""
        return StatefulFunction(self.origin_fun, tuple(self._static_places), tuple(self._static_names), name=self.name)

    @property
    def jitted_fun(self) -> Self:
        """The object itself."""
        return self

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Out:
        """Run the program for arguments of this kind, which is compiled at the first call."""
        if CONTEXT.frames or is_recording() or is_transformed() or is_dual():
            return self._plain(args, kwargs)  # type: ignore[no-any-return]
        key, tensors = self._signature(args, kwargs)
        followed = torch.is_grad_enabled()
        if key is None or (followed and any(x.requires_grad for x in tensors)):
            return self._plain(args, kwargs)  # type: ignore[no-any-return]
        program, inputs = self._programs.find(key, tensors) or self._made(key, args, kwargs, tensors)
        if followed and program.is_attached(inputs):
            return self._plain(args, kwargs)  # type: ignore[no-any-return]
        return program(inputs)  # type: ignore[no-any-return]

    def _plain(self, args: Any, kwargs: Any) -> Any:
        """Inside another transform the function is a part of what that transforms."""
        positional, named = protected(checked_arguments(args, kwargs, [self.origin_fun]))
        return run(self.origin_fun, positional, named).committed()

    def _signature(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, list[torch.Tensor]]:
        """The key of a call, None where a mode sees each operation; and the tensors in the arguments."""
        tensors: list[torch.Tensor] = []
        key: list[Any] = []

        def place() -> torch.device | None:
            return device_beside((args, kwargs), [self.origin_fun])

        for i, arg in enumerate(args):
            if i in self._static_places:
                key.append(static_key(arg, str(i)))
            elif type(arg) is torch.Tensor:
                tensors.append(arg)
                key.append((arg.shape, arg.dtype, arg.device))
            else:
                key.append(dynamic_key(arg, f"argument {i}", tensors, place))
        for name in sorted(kwargs):
            static = name in self._static_names
            arg = kwargs[name]
            key.append(
                (name, static_key(arg, name) if static else dynamic_key(arg, f"argument `{name}`", tensors, place))
            )
        stand = switches()
        return None if stand is None else (tuple(key), stand), tensors

    def _made(
        self, key: Any, args: Sequence[Any], kwargs: Mapping[str, Any], tensors: list[torch.Tensor]
    ) -> tuple[Program, list[torch.Tensor]]:
        """A new program, recorded from these arguments, and its inputs."""
        causes = self._causes(key)
        fixed = {i: arg for i, arg in enumerate(args) if i in self._static_places}
        fixed_names = {name: arg for name, arg in kwargs.items() if name in self._static_names}
        arguments = as_arrays(
            (
                [arg for i, arg in enumerate(args) if i not in fixed],
                {name: kwargs[name] for name in sorted(kwargs) if name not in fixed_names},
            )
        )
        program: Program | None = None
        backend = self.backend or _default_backend()
        if backend == BACKENDS[0] and (_default_tiers() if self.tiered is None else self.tiered):
            backend = TIERED
        mine = weakref.ref(self)

        def dropped(_: Any) -> None:
            owner = mine()
            if owner is not None and program is not None:
                owner._programs.drop(key, program)

        def make(settings: SettingInputs) -> Program:
            fun = _filled(self.origin_fun, len(args), fixed, fixed_names) if fixed or fixed_names else self.origin_fun
            roots = (self.origin_fun, *fixed.values(), *fixed_names.values())
            settings.home = device_beside((args, kwargs), [self.origin_fun])
            return Program(fun, arguments, tensors, backend, self.name, dropped, settings, roots, self.cuda_graphs)

        begin = time.perf_counter()
        program = recorded_with_inputs(make, self._fixed, self._step)
        self._key = key
        self._programs.add(key, program, causes)
        made: Program = program
        made.on_hindrance = lambda: self._tell_of_graphs(made.hindrance)
        program.compile()
        self._tell_of_graphs(program.hindrance)
        self._tell_of_objects(program)
        seconds = time.perf_counter() - begin
        if seconds > _PATIENCE:
            done = "compiled" if backend in (BACKENDS[0], TIERED) else "recorded"
            print(f"jit: {done} {self._label} in {seconds:.1f} s, for all calls with such arguments", file=sys.stderr)
        inputs = program.inputs(tensors)
        assert inputs is not None, f"a program must fit what it was recorded with: {program.changed()}"
        return program, inputs

    def _tell_of_objects(self, program: Program) -> None:
        """Say once that the function reads more objects than are looked at."""
        if not program.watched.is_cut or self._told_of_objects:
            return
        self._told_of_objects = True
        print(
            f"jit: {self._label} refers to more than {MOST} objects of Python. The others are taken as they are now: "
            "what changes in them later is not seen. Pass what changes as an argument, or hold it in a State.",
            file=sys.stderr,
        )

    def _tell_of_graphs(self, hindrance: str | None) -> None:
        """Say once why the function does not run as one CUDA graph."""
        if hindrance is None or self._told_of_graphs:
            return
        self._told_of_graphs = True
        print(
            f"jit: {self._label} runs kernel by kernel, not as one CUDA graph: {hindrance}. "
            "`cuda_graphs=False` says that this is meant.",
            file=sys.stderr,
        )

    def _causes(self, key: Any) -> set[str]:
        """In what a call differs from the one that the last program was made for."""
        if self._key is None:
            return set()
        (arguments, stand), (before, stood) = key, self._key
        last = self._programs.last
        found = set() if last is None else last.changed()
        found |= set(changed_switches(stand, stood))
        if len(arguments) != len(before):
            return {*found, "the number of arguments"}
        for i, (now, then) in enumerate(zip(arguments, before, strict=True)):
            if now != then:
                named = isinstance(now, tuple) and now and isinstance(now[0], str)
                found.add(f"argument `{now[0]}`" if named else f"the shape, dtype or structure of argument {i}")
        return found

    def clear_cache(self) -> None:
        """Forget all programs."""
        self._programs.clear()

    def cost(self) -> Costs:
        """What the programs cost, as a table: how long they took to make and to run, their operations and memory.

        Returns
        -------
        Costs
            A tuple with an entry for each program, the one used last first; see there for the fields.

        Examples
        --------
        >>> import torch, brainstate_torch as brainstate
        >>> f = brainstate.transform.jit(lambda x: x * 2 + 1, backend='replay')
        >>> y = f(torch.ones(3)), f(torch.zeros(3))
        >>> cost, = f.cost()
        >>> cost.arguments, cost.operations, cost.calls, cost.inputs, cost.outputs
        (('float32[3]',), 2, 2, 12, 12)
        """
        return self._programs.costs()

    def compile(self, *args: Any, **kwargs: Any) -> Self:
        """Record and compile for arguments like these, without running; no State is changed."""
        key, tensors = self._signature(args, kwargs)
        if key is not None:
            program, _ = self._programs.find(key, tensors) or self._made(key, args, kwargs, tensors)
            program.finish()
        return self

    def eval_shape(self, *args: Any, **kwargs: Any) -> Any:
        """The shapes of the result, at no cost; see :func:`eval_shape`."""
        return eval_shape(self.origin_fun, *args, **kwargs)

    def _as_method(self) -> "Jitted[..., Any]":
        """The same function with its first argument static, for an instance."""
        if self._method is None:
            self._method = Jitted(
                self.origin_fun,
                (self._static_places | {0}, self._static_names),
                self.backend,
                self.name,
                self._maxsize,
                self.cuda_graphs,
                self.tiered,
            )
        return self._method

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...

    @overload
    def __get__(self: "Jitted[Concatenate[S, Q], Out]", instance: S, owner: Any = None) -> "Jitted[Q, Out]": ...

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """As a method of a class it is bound to the instance, which is static; `static_argnums` count ``self`` as 0."""
        return self if instance is None else _Bound(self, instance)

    def __repr__(self) -> str:
        name = self.name or getattr(self.origin_fun, "__qualname__", repr(self.origin_fun))
        return f"jit({name}, programs={len(self._programs)})"


def _filled(
    fun: Callable[..., Any], count: int, fixed: Mapping[int, Any], fixed_names: Mapping[str, Any]
) -> Callable[..., Any]:
    """The function of the arguments that are not static."""

    def dynamic(*some: Any, **named: Any) -> Any:
        supply = iter(some)
        whole = [fixed[i] if i in fixed else next(supply) for i in range(count)]
        return fun(*whole, **named, **fixed_names)

    return dynamic


class _Bound:
    """A compiled function as a method of an object, which is a static argument that is held weakly."""

    def __init__(self, jitted: Jitted[..., Any], instance: Any) -> None:
        self._method = jitted._as_method()
        self._instance = instance

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._method(self._instance, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._method, name)
        return functools.partial(found, self._instance) if name in ("compile", "eval_shape") else found


def _default_backend() -> str:
    """The backend of a function that names none."""
    backend: str = environ.get("jit_backend", BACKENDS[0])
    if backend not in BACKENDS:
        raise ValueError(
            f"`jit_backend` of environ must be one of {', '.join(map(repr, BACKENDS))}. Got {backend!r}. "
            "Set it with environ.set(jit_backend=...)."
        )
    return backend


def _default_tiers() -> bool:
    """Whether a function that does not say so replays until it is compiled."""
    return bool(environ.get("jit_tiered", False))
