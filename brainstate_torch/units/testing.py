"""Comparison of quantities in tests, as torch.testing does it for tensors."""

from collections.abc import Mapping
from typing import Any

import torch

from .functions import get_unit
from .quantity import as_quantity
from .unit import Unit
from .values import fits_any_unit

__all__ = ["assert_close"]

#: The relative tolerances of torch.testing, as it documents them.
_RELATIVE = {torch.float16: 1e-3, torch.bfloat16: 1.6e-2, torch.float32: 1.3e-6, torch.float64: 1e-7}


def assert_close(
    actual: Any, expected: Any, *, rtol: float | None = None, atol: Any = None, equal_nan: bool = False,
    check_dtype: bool = True, check_unit: bool = False, msg: Any = None,
) -> None:  # fmt: skip
    """Raise an AssertionError unless quantities, tensors, numbers, or trees of them are close.

    torch.testing.assert_close knows tensors only, and has no door for other kinds. This one compares numbers in the
    unit of `expected`.

    Parameters
    ----------
    actual, expected
        The values, or mappings and sequences of values.
    rtol
        The relative tolerance. That of torch.testing where neither tolerance is given, 0 where the other one is.
    atol
        The absolute tolerance, a quantity where the values have a dimension. Where neither is given, that of
        torch.testing for plain values and 0 for others: a fixed number would be small in one unit and large in another.
    equal_nan
        Whether NaN is close to NaN.
    check_dtype
        Whether the dtypes must be equal.
    check_unit
        Whether the units must be equal, not only of one dimension.
    msg
        The message of the error, or a function that makes it of torch's.

    Raises
    ------
    AssertionError
        The values are not close, or have different dimensions.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.testing.assert_close([1.0, 2.0] * u.mV, [0.001, 0.002] * u.volt)
    >>> u.testing.assert_close([1.0, 2.0] * u.mV, [1.0, 3.0] * u.mV, atol=1.0 * u.mV, rtol=0.0)
    """
    options = {"equal_nan": equal_nan, "check_dtype": check_dtype, "check_unit": check_unit, "msg": msg}
    _compare(actual, expected, "", {"rtol": rtol, "atol": atol, **options})


def _compare(actual: Any, expected: Any, path: str, rule: dict[str, Any]) -> None:
    if isinstance(expected, (Mapping, list, tuple)):
        keys = _keys(expected)
        if not isinstance(actual, (Mapping, list, tuple)) or set(_keys(actual)) != set(keys):
            raise AssertionError(f"both values{path} must have one structure. Got {actual!r:.80} and {expected!r:.80}.")
        for key in keys:
            _compare(actual[key], expected[key], f"{path}[{key!r}]", rule)
        return
    found, unit = get_unit(actual), get_unit(expected)
    if fits_any_unit(expected):
        unit = found
    if found.dim != unit.dim and not fits_any_unit(actual):
        raise AssertionError(f"both values{path} must have one dimension. Got {found} and {unit}.")
    if rule["check_unit"] and found != unit:
        raise AssertionError(f"both values{path} must have one unit. Got {found} and {unit}.")
    numbers = [_number(actual, unit), _number(expected, unit)]
    if fits_any_unit(expected) and isinstance(numbers[0], torch.Tensor):
        numbers[1] = torch.full_like(numbers[0], expected)
    options = {name: option for name, option in rule.items() if name != "check_unit"}
    if unit.dim or rule["rtol"] is not None or rule["atol"] is not None:
        options |= _tolerances(rule["rtol"], rule["atol"], numbers, unit)
    torch.testing.assert_close(*numbers, **options)


def _number(value: Any, unit: Unit) -> Any:
    number = value if fits_any_unit(value) else as_quantity(value).to_decimal(unit)
    return float(number) if isinstance(number, float) else number


def _keys(tree: Any) -> list[Any]:
    return list(tree) if isinstance(tree, Mapping) else list(range(len(tree)))


def _tolerances(rtol: float | None, atol: Any, numbers: list[Any], unit: Unit) -> dict[str, float]:
    if rtol is None and atol is None:
        kinds = [number.dtype for number in numbers if isinstance(number, torch.Tensor)]
        return {"rtol": max((_RELATIVE.get(kind.to_real(), 0.0) for kind in kinds), default=1e-7), "atol": 0.0}
    small = 0.0 if atol is None else atol if fits_any_unit(atol) else as_quantity(atol).to_decimal(unit)
    return {"rtol": rtol or 0.0, "atol": float(small)}
