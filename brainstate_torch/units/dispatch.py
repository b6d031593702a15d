"""Applying a torch function to quantities: units off, the function on the mantissas, units on again."""

from collections.abc import Callable
from typing import Any

import torch

from .._arrays import SCALARS
from .quantity import Quantity
from .rules import rule_of
from .signature import Powers, check_in_place, parse
from .unit import Folded, Unit
from .values import like, operand, scaled

__all__ = ["apply", "rule_for"]

Rule = str | Callable[..., str] | None

#: Parameters that torch wants as Python numbers, so that a number stays one.
_NUMBERS = frozenset({"value", "fill_value", "maxnorm", "threshold", "nan", "posinf", "neginf"})

_NEEDS_PLAIN = "-> 1"

_found: dict[Any, tuple[str, Rule, bool]] = {}


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
    if rule is None or (in_place and callable(rule)):
        # With plain values only, writing in place is safe where no scale has to be folded in.
        return name, None, name.endswith("_") and not name.endswith("__")
    return name, rule, in_place


def apply(function: Any, args: Any, kwargs: Any) -> Any:
    """Call a torch function on values some of which are quantities."""
    name, rule, in_place = rule_for(function)
    if kwargs.get("out") is not None:
        raise TypeError(f"`out` of `{name}` must not be given with quantities. It cannot carry a unit: bind the result.")
    if rule is None:
        rule = _NEEDS_PLAIN
    elif callable(rule):
        rule = rule(args, kwargs)
    signature = parse(rule)
    new_args, new_kwargs = list(args), dict(kwargs)
    places: list[tuple[Any, Any]] = []
    wanted: list[Powers] = []
    for container, keys in ((new_args, range(len(new_args))), (new_kwargs, tuple(new_kwargs))):
        for key in keys:
            value = container[key]
            expressions = signature.expressions(key)
            if expressions is None:
                container[key] = _plain(value, name, in_place)
            elif isinstance(value, (list, tuple)):
                container[key] = list(value)
                places += [(container[key], i) for i in range(len(value))]
                wanted += [expressions[min(i, len(expressions) - 1)] for i in range(len(value))]
            elif value is not None:
                places.append((container, key))
                wanted.append(expressions[0])
    values = [container[key] for container, key in places]
    beside = _first_tensor(values)
    parts = [_parts(value, beside) for value in values]
    plan = signature.plan(wanted, [unit for _, unit in parts], name)
    if in_place and parts:
        check_in_place(plan, parts[0][1], name)
    for (container, key), (mantissa, unit), factor in zip(places, parts, plan.factors, strict=True):
        if unit is not None and type(mantissa) in SCALARS and key not in _NUMBERS:
            mantissa = like(mantissa, beside)
        container[key] = scaled(mantissa, factor)
    result = function(*new_args, **new_kwargs)
    if in_place and isinstance(args[0], Quantity):
        return args[0]
    return _attached(result, plan.results)


def _first_tensor(values: list[Any]) -> torch.Tensor | None:
    for value in values:
        mantissa = value._mantissa if type(value) is Quantity else value
        if isinstance(mantissa, torch.Tensor):
            return mantissa
    return None


def _parts(value: Any, beside: Any) -> tuple[Any, Unit | None]:
    """The mantissa and the unit of a value; None is the unit of what is no quantity."""
    if type(value) is Quantity:
        return value._mantissa, value._unit
    if isinstance(value, (torch.Tensor, *SCALARS)):
        return value, None
    parts = operand(value, beside)
    if parts is NotImplemented:
        return value, None
    return parts[0], parts[1] if parts[1]._container else None


def _plain(value: Any, name: str, in_place: bool = False) -> Any:
    """The argument without quantities; raises where one has a dimension."""
    if type(value) is Quantity:
        if in_place and not value._unit.is_unitless:
            value._refuse(name)
        return value._plain(name)
    if type(value) in (list, tuple):
        return type(value)([_plain(item, name, in_place) for item in value])
    return value


def _attached(result: Any, units: tuple[Folded, ...]) -> Any:
    if isinstance(result, torch.Tensor):
        factor, unit = units[0]
        return scaled(result, factor) if unit is None else Quantity._make(result, unit)
    if isinstance(result, (list, tuple)):
        parts = [_attached(item, units[min(i, len(units) - 1) :]) for i, item in enumerate(result)]
        if hasattr(result, "_fields"):
            return type(result)(*parts)
        return parts if isinstance(result, list) else type(result)(parts)  # type: ignore[arg-type]
    return result


Quantity._apply = staticmethod(apply)
