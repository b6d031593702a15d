"""The entry of `units.math`: arguments become tensors and quantities, torch's keywords are taken beside numpy's."""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar, get_args

import torch

from .._arrays import SCALARS, beside
from .descriptions import completed
from .dtype_names import dtype
from .quantity import Quantity, as_quantity
from .unit import UNITLESS, Unit
from .values import fits_any_unit, is_array, like

__all__ = ["public"]

P = ParamSpec("P")
R = TypeVar("R")

#: Names of torch, jax.numpy and brainunit for one parameter.
_SPELLINGS = {
    "dim": "axis", "dims": "axis", "keepdim": "keepdims", "correction": "ddof", "min": "a_min", "max": "a_max",
    "interpolation": "method", "return_inverse_indices": "return_inverse",
}  # fmt: skip
_FIRST = frozenset(
    {"a", "x", "x1", "arr", "ary", "array", "arrays", "tup", "tensors", "input", "m", "v", "f", "y", "A"}
)
_SECOND = frozenset({"y", "x2", "b", "other", "v", "values", "indices", "bins"})


class _Door:
    """What the parameters of one function are."""

    def __init__(self, function: Callable[..., Any], signature: inspect.Signature) -> None:
        self.name = function.__name__
        parameters = signature.parameters
        self.names = list(parameters)
        self.marks = {name: _mark(parameter.annotation) for name, parameter in parameters.items()}
        kinds = [parameter.kind for parameter in parameters.values()]
        self.variadic = (
            self.marks[self.names[kinds.index(inspect.Parameter.VAR_POSITIONAL)]]
            if (inspect.Parameter.VAR_POSITIONAL in kinds)
            else None
        )
        self.takes_any = inspect.Parameter.VAR_KEYWORD in kinds
        self.positional = [
            self.marks[name]
            for name, kind in zip(self.names, kinds, strict=True)
            if kind in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        ]
        #: The keywords that need no other name, and those of arrays.
        self.known = frozenset(self.names) - {"out"}
        self.arrays = frozenset(name for name, mark in self.marks.items() if mark is not None)
        self.dtype_place = self.names.index("dtype") if "dtype" in self.names else None
        self.scale_place = self.names.index("unit_to_scale") if "unit_to_scale" in self.names else None

    def renamed(self, kwargs: dict[str, Any], given: int) -> dict[str, Any]:
        """The keywords by the names of the parameters; `out` is refused."""
        if kwargs.get("out") is not None:
            raise TypeError(f"`out` of `{self.name}` must not be given. It cannot carry a unit: bind the result.")
        return {self._own(name, given): value for name, value in kwargs.items() if name != "out" or name in self.names}

    def _own(self, name: str, given: int) -> str:
        if name in self.names or self.takes_any:
            return name
        other = _SPELLINGS.get(name)
        if other in self.names:
            return str(other)
        if name in _FIRST and given == 0:
            return self.names[0]
        if name in _SECOND and given <= 1 and len(self.names) > 1:
            return self.names[1]
        raise TypeError(f"`{self.name}` must get parameters that it has. Got `{name}`. It has {', '.join(self.names)}.")

    def prepared(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Sequence[Any], dict[str, Any]]:
        """The arguments, with arrays where parameters are marked so."""
        places: list[tuple[Any, Any, str]] = []
        values, options = list(args), dict(kwargs)
        marks = self.positional + [self.variadic] * (len(args) - len(self.positional))
        for place, mark in enumerate(marks[: len(args)]):
            self._collect(values, place, mark, places)
        for name in options:
            self._collect(options, name, self.marks.get(name), places)
        _convert(places)
        return values, options

    def _collect(self, holder: Any, key: Any, mark: str | None, places: list[tuple[Any, Any, str]]) -> None:
        value = holder[key]
        if mark is None or value is None:
            return
        if mark == "arrays" and not is_array(value):
            holder[key] = list(value)
            places += [(holder[key], place, "alike") for place in range(len(holder[key]))]
        else:
            places.append((holder, key, mark))


class _Shown:
    """An annotation as `help` is to show it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def _shown(signature: inspect.Signature) -> inspect.Signature:
    """The signature with a short name for arrays."""
    parameters = []
    for parameter in signature.parameters.values():
        mark, annotation = _mark(parameter.annotation), parameter.annotation
        if mark is not None:
            name = "list[ArrayLike]" if mark == "arrays" else "ArrayLike"
            annotation = _Shown(name if hasattr(annotation, "__metadata__") else f"{name} | None")
        parameters.append(parameter.replace(annotation=annotation))
    result = signature.return_annotation
    result = _Shown("Tensor | Quantity") if hasattr(result, "__metadata__") else result
    return signature.replace(parameters=parameters, return_annotation=result)


def _mark(annotation: Any) -> str | None:
    metadata = getattr(annotation, "__metadata__", None)
    if metadata:
        return str(metadata[0])
    return next((mark for part in get_args(annotation) if (mark := _mark(part))), None)


def _convert(places: list[tuple[Any, Any, str]]) -> None:
    """Put an array in each place; a number gets the dtype that it has beside the first tensor."""
    given = [holder[key] for holder, key, _ in places]
    found = [value if isinstance(value, torch.Tensor) else _quantity(value, given) for value in given]
    mantissas = [value.mantissa if isinstance(value, Quantity) else value for value in found]
    first = next((mantissa for mantissa in mantissas if isinstance(mantissa, torch.Tensor)), None)
    alike = [
        value.unit
        for value, (*_, mark) in zip(found, places, strict=True)
        if mark == "alike" and isinstance(value, Quantity)
    ]
    common = next((unit for unit in alike if unit._container), UNITLESS)
    for value, mantissa, (holder, key, mark) in zip(found, mantissas, places, strict=True):
        unit = value.unit if isinstance(value, Quantity) else UNITLESS
        if mark == "alike" and unit is UNITLESS and fits_any_unit(mantissa):
            unit = common
        holder[key] = _array(mantissa, unit, None if mark == "array" and isinstance(mantissa, bool) else first)


def _quantity(value: Any, given: list[Any]) -> Quantity:
    """A value as a quantity; a list or a numpy array becomes one on the device of the tensors that are given."""
    if isinstance(value, (Quantity, *SCALARS)):
        return as_quantity(value)
    with beside(given):
        return as_quantity(value)


def _array(mantissa: Any, unit: Unit, beside: torch.Tensor | None) -> Any:
    array = mantissa if isinstance(mantissa, torch.Tensor) else like(mantissa, beside)
    return Quantity._make(array, unit) if unit._container else array


def public(function: Callable[P, R]) -> Callable[P, R]:
    """The function for users: numbers, lists and numpy arrays are taken where it wants tensors and quantities.

    A parameter ``unit_to_scale`` is the unit to count quantities in before the function sees them.
    """
    signature = inspect.signature(function)
    door = _Door(function, signature)
    marks, length = door.positional, len(door.positional)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if kwargs and not kwargs.keys() <= door.known:
            kwargs = door.renamed(kwargs, len(args))
        if door.dtype_place is not None:
            args, kwargs = _typed(door.dtype_place, args, kwargs)
        if door.scale_place is not None:
            args, kwargs = _counted(door.scale_place, args, kwargs)
        ready = len(args) <= length and door.arrays.isdisjoint(kwargs)
        for value, mark in zip(args, marks, strict=False):
            if mark is None or value is None:
                continue
            if not (all(map(is_array, value)) if mark == "arrays" and type(value) is list else is_array(value)):
                ready = False
                break
        if not ready:
            args, kwargs = door.prepared(args, kwargs)  # type: ignore[assignment]
        return function(*args, **kwargs)

    call.__module__ = "brainstate_torch.units.math"
    call.__signature__ = _shown(signature)  # type: ignore[attr-defined]
    call.__doc__ = completed(function, signature)
    return call


def _typed(place: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments with a torch dtype in place of a name of one."""
    if len(args) > place and args[place] is not None and not isinstance(args[place], torch.dtype):
        args = (*args[:place], dtype(args[place]), *args[place + 1 :])
    elif kwargs.get("dtype") is not None:
        kwargs["dtype"] = dtype(kwargs["dtype"])
    return args, kwargs


def _counted(place: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments without the unit to count in, and quantities counted in it."""
    if len(args) > place:
        unit, args = args[place], (*args[:place], *args[place + 1 :])
    elif "unit_to_scale" in kwargs:
        unit = kwargs.pop("unit_to_scale")
    else:
        return args, kwargs
    if unit is None:
        return args, kwargs
    count = lambda value: value.to_decimal(unit) if isinstance(value, Quantity) else value
    return tuple(map(count, args)), {name: count(value) for name, value in kwargs.items()}  # type: ignore[no-untyped-call]
