"""One case, two libraries: what a case gets, how results are compared, and how cases are registered."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

import brainstate_torch
import brainstate_torch.units as torch_units

jax = pytest.importorskip("jax")
brainstate = pytest.importorskip("brainstate")
brainunit = pytest.importorskip("brainunit")

_FUNCTIONS = (
    *("abs", "conj", "cumsum", "exp", "imag", "log", "matmul", "maximum"),
    *("mean", "real", "sin", "sqrt", "stack", "sum", "tanh", "where"),
)
_NARROW = {"float64": "float32", "int64": "int32", "complex128": "complex64"}


@dataclass(frozen=True)
class Framework:
    """A library as a case sees it.

    Attributes
    ----------
    bs, u
        The namespaces of brainstate and of brainunit.
    np
        The functions that cases compute with, for plain arrays and quantities.
    base_grad, tree_map
        What a base transform of a user's own is written with.
    """

    bs: ModuleType
    u: ModuleType
    np: SimpleNamespace
    base_grad: Callable[..., Any]
    tree_map: Callable[..., Any]
    from_numpy: Callable[[Any], Any]
    is_array: Callable[[Any], bool]
    #: The seven exponents of a unit's dimension: length, mass, time, current, temperature, substance, luminosity.
    exponents: Callable[[Any], tuple[float, ...]]
    engine: Mapping[str, str] = field(default_factory=dict)

    def array(self, x: Any, dtype: str | None = None) -> Any:
        """An array of the library, 32 bit wide unless `dtype` says otherwise."""
        array = np.asarray(x)
        return self.from_numpy(array.astype(dtype or _NARROW.get(array.dtype.name, array.dtype.name)))

    def q(self, x: Any, unit: str) -> Any:
        """A quantity, its mantissa an array."""
        return self.array(np.asarray(x, "float32")) * getattr(self.u, unit)

    def param(self, x: Any, **kwargs: Any) -> Any:
        """A ParamState of an array."""
        return self.bs.ParamState(self.array(x), **kwargs)

    def state(self, x: Any, **kwargs: Any) -> Any:
        """A State of an array."""
        return self.bs.State(self.array(x), **kwargs)

    def jit(self, fun: Callable[..., Any], **kwargs: Any) -> Any:
        """``transform.jit``; ours replays its graphs, which takes no compiler and no time for one."""
        return self.bs.transform.jit(fun, **kwargs, **({"backend": "replay"} if self.is_ours() else {}))

    def grad(self, *args: Any, **kwargs: Any) -> Any:
        """``transform.grad``, on the engine under test."""
        return self.bs.transform.grad(*args, **kwargs, **self.engine)

    def vector_grad(self, *args: Any, **kwargs: Any) -> Any:
        """``transform.vector_grad``, on the engine under test."""
        return self.bs.transform.vector_grad(*args, **kwargs, **self.engine)

    def error(self, call: Callable[[], Any]) -> str:
        """The class of the exception that a call raises: the library's own, or else the nearest built-in one."""
        try:
            call()
        except (NameError, AttributeError, ImportError) as mistake:
            raise RuntimeError("a mistake in the case itself") from mistake
        except Exception as error:
            return error_name(error)
        pytest.fail(f"{self.bs.__name__} raised nothing")

    def is_ours(self) -> bool:
        """Is this brainstate_torch?"""
        return self.bs is brainstate_torch


def error_name(error: BaseException) -> str:
    """The name by which the class of an exception is the same in both libraries."""
    for kind in type(error).__mro__:
        package = kind.__module__.split(".")[0]
        if package in ("builtins", "brainstate", "brainunit", "saiunit", "brainstate_torch"):
            return kind.__name__
    raise AssertionError("every exception has a built-in base")


def _exponents_of_pint(unit: Any) -> tuple[float, ...]:
    names = ("length", "mass", "time", "current", "temperature", "substance", "luminosity")
    return tuple(float(unit.dim.get(f"[{name}]", 0)) for name in names)


def _torch_from_numpy(array: Any) -> torch.Tensor:
    return torch.from_numpy(np.array(array))


THEIRS = Framework(
    bs=brainstate,
    u=brainunit,
    np=SimpleNamespace(**{name: getattr(brainunit.math, name) for name in _FUNCTIONS}),
    base_grad=jax.grad,
    tree_map=jax.tree.map,
    from_numpy=jax.numpy.asarray,
    is_array=lambda x: isinstance(x, jax.Array),
    exponents=lambda unit: tuple(float(x) for x in np.asarray(unit.dim._dims)),
)
OURS = Framework(
    bs=brainstate_torch,
    u=torch_units,
    np=SimpleNamespace(**{name: getattr(torch, name) for name in _FUNCTIONS}),
    base_grad=torch.func.grad,
    tree_map=torch.utils._pytree.tree_map,
    from_numpy=_torch_from_numpy,
    is_array=lambda x: isinstance(x, torch.Tensor),
    exponents=_exponents_of_pint,
)


@dataclass(frozen=True)
class Array:
    """A numeric leaf: dtype is empty for a Python number, dimension None for a plain one."""

    dtype: str
    value: Any
    dimension: tuple[float, ...] | None = None


def normalise(f: Framework, x: Any) -> Any:
    """A result as containers of `Array`, text and None, with units in SI base."""
    if x is None or isinstance(x, str):
        return x
    if isinstance(x, f.bs.State):
        return (type(x).__name__, normalise(f, x.value))
    if isinstance(x, f.u.Quantity):
        plain = normalise(f, x.mantissa)
        return Array(plain.dtype, plain.value * float(x.unit.magnitude), f.exponents(x.unit))
    if isinstance(x, f.u.Unit):
        return Array("unit", np.asarray(float(x.magnitude)), f.exponents(x))
    if isinstance(x, (bool, int, float, complex)) and not isinstance(x, np.generic):
        return Array("", np.asarray(x))
    if isinstance(x, (np.ndarray, np.generic)) or f.is_array(x):
        return _array(x)
    if isinstance(x, Mapping):
        return (type(x).__name__, {key: normalise(f, value) for key, value in x.items()})
    if isinstance(x, (set, frozenset)):
        return ("set", [normalise(f, item) for item in sorted(x)])
    if isinstance(x, (list, tuple)):
        kind = "tuple" if type(x).__name__ == "Size" else type(x).__name__
        return (kind, [normalise(f, item) for item in x])
    if isinstance(x, type):
        return x.__name__
    if type(x).__name__ == "ShapeDtypeStruct":
        return ("ShapeDtypeStruct", tuple(x.shape), str(x.dtype).removeprefix("torch."))
    raise TypeError(f"a case must return something comparable. Got {type(x)}.")


def _array(x: Any) -> Array:
    if isinstance(x, torch.Tensor):
        dtype, x = str(x.dtype).removeprefix("torch."), x.detach()
        return Array(dtype, x.float().numpy() if dtype in ("bfloat16", "float8_e5m2") else x.resolve_conj().numpy())
    x = np.asarray(x)
    if x.dtype == jax.dtypes.float0:
        return Array("float0", np.zeros(x.shape))
    return Array(x.dtype.name, x.astype("float32") if x.dtype.kind == "V" else x)


def mismatches(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    """What differs between two normalised results, in words."""
    if isinstance(ours, Array) and isinstance(theirs, Array):
        yield from _array_mismatches(ours, theirs, path)
    elif type(ours) is not type(theirs):
        yield f"{path}: ours is {ours}, theirs {theirs}"
    elif isinstance(ours, dict):
        if ours.keys() != theirs.keys():
            yield f"{path}: ours has the keys {list(ours)}, theirs {list(theirs)}"
        for key in ours.keys() & theirs.keys():
            yield from mismatches(ours[key], theirs[key], f"{path}[{key!r}]")
    elif isinstance(ours, (list, tuple)):
        if len(ours) != len(theirs):
            yield f"{path}: ours has length {len(ours)}, theirs {len(theirs)}: {ours} and {theirs}"
        for i, pair in enumerate(zip(ours, theirs, strict=False)):
            yield from mismatches(*pair, f"{path}[{i}]")
    elif ours != theirs:
        yield f"{path}: ours is {ours!r}, theirs {theirs!r}"


def _array_mismatches(ours: Array, theirs: Array, path: str) -> Iterator[str]:
    # Where JAX turns a Python number into a typed scalar, only the kind of number must agree.
    same_kind = not (ours.dtype and theirs.dtype) and ours.value.dtype.kind == theirs.value.dtype.kind
    if ours.dtype != theirs.dtype and not same_kind:
        yield f"{path}: ours has dtype {ours.dtype or 'of a number'}, theirs {theirs.dtype or 'of a number'}"
    if ours.dimension != theirs.dimension:
        yield f"{path}: ours has dimension {ours.dimension}, theirs {theirs.dimension}"
    if ours.value.shape != theirs.value.shape:
        yield f"{path}: ours has shape {ours.value.shape}, theirs {theirs.value.shape}"
    elif not np.allclose(ours.value, theirs.value, rtol=5e-5, atol=1e-30, equal_nan=True):
        yield f"{path}: ours is {ours.value}, theirs {theirs.value}"


@dataclass(frozen=True)
class Case:
    """A function of a framework, and what its results must be beyond being equal."""

    name: str
    body: Callable[[Framework], Any]
    expected: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def theirs(self) -> Any:
        """What brainstate gives."""
        return normalise(THEIRS, self.body(THEIRS))

    def check(self, engine: str = "auto", framework: Framework = OURS) -> None:
        """Run on both, and compare with each other, or each with what is expected of it."""
        ours = normalise(OURS, self.body(replace(framework, engine={"engine": engine})))
        if not self.expected:
            found = list(mismatches(ours, self.theirs))
        else:
            found = [f"ours: {text}" for text in mismatches(ours, normalise(OURS, self.expected["ours"]))]
            wanted = normalise(THEIRS, self.expected["theirs"])
            found += [f"theirs changed: {text}" for text in mismatches(wanted, self.theirs)]
        assert not found, "\n".join(found)


class Cases(list[Case]):
    """The cases of one file; decorators that add to them."""

    def case(self, name: str, raises: str = "") -> Callable[[Callable[..., Any]], None]:
        """Both libraries give the same result, or both raise the class of this name."""

        def add(body: Callable[[Framework], Any]) -> None:
            if raises:
                self._append(Case(name, lambda f: f.error(lambda: body(f)), {"ours": raises, "theirs": raises}))
            else:
                self._append(Case(name, body))

        return add

    def differs(self, name: str, reason: str, *, ours: Any, theirs: Any) -> Callable[[Callable[..., Any]], None]:
        """The libraries differ on purpose, for a reason; each gives what is said here."""
        assert reason
        return lambda body: self._append(Case(name, body, {"ours": ours, "theirs": theirs}))

    def table(self, group: str, **bodies: Callable[[Framework], Any]) -> None:
        """Cases of one line each; their names are the keywords."""
        for name, body in bodies.items():
            self._append(Case(f"{group}: {name.replace('_', ' ')}", body))

    def _append(self, case: Case) -> None:
        assert all(case.name != other.name for other in self), f"two cases are called {case.name!r}"
        self.append(case)

    def parametrised(self) -> Any:
        """The decorator that gives a test the argument `case`."""
        return pytest.mark.parametrize("case", self, ids=[case.name for case in self])
