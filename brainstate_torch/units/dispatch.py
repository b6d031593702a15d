"""Applying a torch function to quantities: units off, the function on the mantissas, units on again."""

import math
import operator
from collections.abc import Callable
from typing import Any

import torch

from .. import environ
from .._arrays import SCALARS
from .arithmetic import Arithmetic
from .number import Number, as_number
from .replaced import REPLACED
from .rules import DEFAULTS, NEEDS_FLOATS, NEEDS_ONE, rule_of
from .signature import ANY, Found, Powers, Scaling, Signature, check_in_place, parse
from .unit import Folded, Unit
from .values import fits_any_unit, like, operand, scaled

__all__ = ["apply", "rule_for"]

Rule = str | Callable[..., str] | None

#: Parameters that torch wants as Python numbers, so that a number stays one.
_NUMBERS = frozenset({"value", "fill_value", "maxnorm", "threshold", "nan", "posinf", "neginf"})

_NEEDS_PLAIN = "-> 1"

#: Types of arguments whose value does not matter for units.
_SIMPLE = frozenset({bool, int, float, complex, str, Number, type(None), torch.Tensor, torch.dtype, torch.device})

#: The functions found so far that need floating numbers.
_on_floats: set[Any] = set()

_found: dict[Any, tuple[str, Rule, bool]] = {}

#: Conversion factors and the units of the results, by the key of the call.
_known: dict[Any, tuple[list[float] | None, tuple[Folded, ...]]] = {}


def rule_for(function: Any) -> tuple[str, Rule, bool]:
    """The name of a torch function, its rule in the table, and whether it writes in place."""
    found = _found.get(function)
    if found is None:
        found = _found[function] = _looked_up(function)
    return found


def _looked_up(function: Any) -> tuple[str, Rule, bool]:
    name = function.__name__
    if name in ("__get__", "__set__", "__delete__"):
        descriptor = function.__self__
        name = getattr(descriptor, "__name__", None) or descriptor.fget.__name__
        if function.__name__ != "__get__":
            return name, None, True
    module = (getattr(function, "__module__", None) or "").removeprefix("torch.nn.").removeprefix("torch.")
    space = "Tensor" if function is getattr(torch.Tensor, name, None) else {"functional": "F"}.get(module, module)
    rule, in_place = rule_of(f"{space}.{name}", name)
    return name, rule, in_place or (name.endswith("_") and not name.endswith("__"))


def apply(function: Any, args: Any, kwargs: Any) -> Any:
    """Call a torch function on values some of which are quantities."""
    key = _key(function, args, kwargs)
    known = _known.get(key)
    if known is None:
        return _worked_out(key, function, args, kwargs)
    factors, units = known
    values = [value._mantissa if isinstance(value, Arithmetic) else value for value in args]
    if factors is not None:
        values = [scaled(value, factor) for value, factor in zip(values, factors, strict=True)]
    return _attached(function(*values, **kwargs), units)


def _key(function: Any, args: Any, kwargs: Any) -> Any:
    """What the scaling of a simple call depends on: units and types. None for a call that has to be analysed."""
    key = [function]
    if function in _on_floats:
        key.append(bool(args) and _is_whole(args[0]))
    for value in args:
        kind = type(value)
        if issubclass(kind, Arithmetic):
            if isinstance(value._mantissa, SCALARS):
                return None
            key.append(id(value._unit))
        elif kind in _SIMPLE:
            key.append(ANY if fits_any_unit(value) else kind)
        elif isinstance(value, torch.Tensor):
            key.append(torch.Tensor)
        elif kind is tuple and all(type(item) is int for item in value):
            key.append(tuple)
        else:
            return None
    for name, value in kwargs.items():
        if type(value) not in _SIMPLE or name == "out":
            return None
        key += (name, ANY if fits_any_unit(value) else type(value))
    return tuple(key)


#: Functions that write values into a tensor or a copy of it, whose dtype stays.
_WRITES = frozenset(
    [
        "fill",
        "fill_",
        "full_like",
        "copy_",
        "fill_diagonal_",
        "__setitem__",
        "masked_fill",
        "masked_scatter",
        "put",
        "index_put",
        "index_add",
        "index_copy",
        "index_fill",
        "scatter_add",
        "select_scatter",
        "slice_scatter",
        "diagonal_scatter",
        "as_strided_scatter",
        "pad",
        "constant_pad_nd",
    ]
)


def _worked_out(call_key: Any, function: Any, args: Any, kwargs: Any) -> Any:
    name, rule, in_place = rule_for(function)
    _check_writable(name, in_place, args, kwargs)
    signature = parse(rule(args, kwargs) if callable(rule) else rule or _NEEDS_PLAIN)
    if name in NEEDS_FLOATS:
        _on_floats.add(function)
        if args and _is_whole(args[0]):
            call_key, args = None, (args[0].astype(environ.dftype()), *args[1:])
    if name in REPLACED:
        call_key, function = None, REPLACED[name]
    if name in DEFAULTS and any(isinstance(value, Arithmetic) and value._unit._dim for value in args):
        call_key, kwargs = None, _with_default(name, args, kwargs)
    call = _Arguments(signature, name, args, kwargs, exact=in_place or name in NEEDS_ONE)
    scaling = signature.scaling(call.wanted, [unit for _, unit in call.parts], name)
    if in_place and call.parts:
        unit = call.parts[0][1]
        check_in_place(scaling, unit if isinstance(unit, Unit) else None, name)
    writes = in_place or name == "__setitem__"
    depends_on_units_only = isinstance(rule, str) and not writes and not call.has_plain_quantities
    if call_key is not None and depends_on_units_only and call.keeps_keywords(scaling):
        _known[call_key] = call.factors_by_position(scaling), scaling.results
    values = call.filled(scaling)
    if name in _WRITES and any(factor != 1.0 for factor in scaling.factors):
        # Another call with these units may have another dtype.
        _known.pop(call_key, None)
        if _is_whole(args[0]):
            call.check_whole(scaling)
    if writes:
        # The tensor's own method: the value of a State refuses to be written.
        function = getattr(type(values[0]), function.__name__, function)
    result = function(*values, **call.kwargs)
    if in_place and isinstance(args[0], Arithmetic):
        return args[0]
    return _attached(result, scaling.results)


def _with_default(name: str, args: Any, kwargs: Any) -> Any:
    parameter, position, default = DEFAULTS[name]
    if len(args) > position:
        return kwargs
    return {parameter: torch.finfo(args[0].dtype).tiny if default is None else default, **kwargs}


def _is_whole(value: Any) -> bool:
    """Whether this is a quantity of integers, which JAX and numpy take the mean of and torch does not."""
    if not isinstance(value, Arithmetic):
        return False
    mantissa = value._mantissa
    return isinstance(mantissa, int) or (
        isinstance(mantissa, torch.Tensor) and not (mantissa.is_floating_point() or mantissa.is_complex())
    )


def _check_writable(name: str, in_place: bool, args: Any, kwargs: Any) -> None:
    if kwargs.get("out") is not None:
        raise TypeError(
            f"`out` of `{name}` must not be given with quantities. It cannot carry a unit: bind the result."
        )
    target = args[0] if args and (in_place or name == "__setitem__") else None
    if isinstance(target, Arithmetic) and isinstance(target._mantissa, SCALARS):
        raise TypeError(
            f"`{name}` must write to a tensor. Got a quantity that holds a Python number. "
            "Make it one first: u.math.asarray(q)."
        )


def _whole_number(value: Any) -> Any:
    """One number as an integer, where it is one up to rounding; None otherwise, and for several numbers."""
    if isinstance(value, torch.Tensor) and value.ndim:
        return None
    try:
        number = float(value)
    except (RuntimeError, TypeError):  # The number is not known while a function is transformed or recorded.
        return None
    whole = round(number) if math.isfinite(number) else number
    return whole if abs(number - whole) <= 1e-6 * abs(whole) else None


class _Arguments:
    """The arguments of one call, taken apart along a signature."""

    def __init__(self, signature: Signature, name: str, args: Any, kwargs: Any, *, exact: bool) -> None:
        self.name, self.args, self.kwargs = name, list(args), dict(kwargs)
        self.places: list[tuple[Any, Any]] = []
        self.wanted: list[Powers] = []
        self.has_plain_quantities = False
        for container, keys in ((self.args, range(len(args))), (self.kwargs, tuple(kwargs))):
            for key in keys:
                value = container[key]
                expressions = signature.expressions(key)
                if expressions is None:
                    container[key] = _plain(value, name, exact)
                    self.has_plain_quantities |= container[key] is not value
                elif isinstance(value, (list, tuple)):
                    container[key] = list(value)
                    self.places += [(container[key], i) for i in range(len(value))]
                    self.wanted += [expressions[min(i, len(expressions) - 1)] for i in range(len(value))]
                elif value is not None:
                    self.places.append((container, key))
                    self.wanted.append(expressions[0])
        values = [container[key] for container, key in self.places]
        self.beside = _first_tensor(values)
        self.parts = [_parts(value, self.beside) for value in values]

    def filled(self, scaling: Scaling) -> list[Any]:
        """Put the converted mantissas in place, in the positional arguments and in the keywords."""
        for (container, key), (mantissa, unit), factor in zip(self.places, self.parts, scaling.factors, strict=True):
            if unit is not None and unit is not ANY and isinstance(mantissa, SCALARS) and key not in _NUMBERS:
                mantissa = like(mantissa, self.beside)
            container[key] = scaled(mantissa, factor)
        return self.args

    def check_whole(self, scaling: Scaling) -> None:
        """Raise where torch would cut off the digits of a value that it converts to the unit of integers."""
        for (container, key), (_, unit), factor in zip(self.places, self.parts, scaling.factors, strict=True):
            if factor == 1.0:
                continue
            whole = _whole_number(container[key])
            if whole is not None:
                container[key] = whole
            elif factor % 1.0 != 0.0 or not isinstance(container[key], torch.Tensor):
                raise TypeError(
                    f"`{self.name}` must keep all digits. Got a value in {unit} for integers in {self.parts[0][1]}. "
                    "Make them floats first: q.astype(torch.float32)."
                )

    def keeps_keywords(self, scaling: Scaling) -> bool:
        """Whether no keyword is converted."""
        return all(
            factor == 1.0 for (_, key), factor in zip(self.places, scaling.factors, strict=True) if isinstance(key, str)
        )

    def factors_by_position(self, scaling: Scaling) -> list[float] | None:
        """The conversion factor of each positional argument; None where nothing is to be converted."""
        factors = [1.0] * len(self.args)
        for (_, key), factor in zip(self.places, scaling.factors, strict=True):
            if isinstance(key, int):
                factors[key] = factor
        return None if all(factor == 1.0 for factor in scaling.factors) else factors


def _first_tensor(values: list[Any]) -> torch.Tensor | None:
    for value in values:
        mantissa = value._mantissa if isinstance(value, Arithmetic) else value
        if isinstance(mantissa, torch.Tensor):
            return mantissa
    return None


def _parts(value: Any, beside: Any) -> tuple[Any, Found]:
    """The mantissa and the unit of a value; None is the unit of what is no quantity."""
    if isinstance(value, Arithmetic):
        return value._mantissa, value._unit
    if fits_any_unit(value):
        return value, ANY
    if isinstance(value, (torch.Tensor, *SCALARS)):
        return value, None
    parts = operand(value, beside)
    if parts is NotImplemented:
        return value, None
    return parts[0], parts[1] if parts[1]._container else None


def _plain(value: Any, name: str, exact: bool) -> Any:
    """The argument without quantities; raises where one has a dimension or, if `exact`, a scale."""
    if isinstance(value, Arithmetic):
        if exact and not value._unit.is_unitless:
            value._refuse(name)
        return as_number(value._plain(name))
    if type(value) in (list, tuple):
        items = [_plain(item, name, exact) for item in value]
        return value if all(map(operator.is_, items, value)) else type(value)(items)
    return value


def _attached(result: Any, units: tuple[Folded, ...]) -> Any:
    if isinstance(result, torch.Tensor):
        factor, unit = units[0]
        return scaled(result, factor) if unit is None else Unit._quantity._make(result, unit)
    if isinstance(result, (list, tuple)):
        parts = [_attached(item, units[min(i, len(units) - 1) :]) for i, item in enumerate(result)]
        return parts if isinstance(result, list) else _like_tuple(result, parts)
    return result


def _like_tuple(example: Any, items: list[Any]) -> Any:
    """A tuple, named tuple or torch.return_types with other items."""
    return type(example)(*items) if hasattr(example, "_fields") else type(example)(items)
