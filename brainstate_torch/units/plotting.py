"""Quantities on the axes of matplotlib, with the unit as label."""

import importlib
from typing import Any

import numpy as np

from .quantity import Quantity
from .unit import Unit

__all__ = ["enable_matplotlib_support"]


def enable_matplotlib_support(units_module: Any = None) -> bool:
    """Let matplotlib draw quantities: ``plt.plot(t, v)`` labels its axes with the units.

    All values on one axis are drawn in the unit of the first. The package calls this when matplotlib is already
    imported; call it if matplotlib is imported later.

    Parameters
    ----------
    units_module
        The module ``matplotlib.units``; None to import it.

    Returns
    -------
    bool
        Whether matplotlib is there.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> isinstance(u.enable_matplotlib_support(), bool)
    True
    """
    if units_module is None:
        try:
            units_module = importlib.import_module("matplotlib.units")
        except ImportError:
            return False
    units_module.registry[Quantity] = _converter(units_module)
    return True


def _converter(units_module: Any) -> Any:
    class Converter(units_module.ConversionInterface):  # type: ignore[misc]
        """How matplotlib reads quantities."""

        @staticmethod
        def convert(value: Any, unit: Unit | None, axis: Any) -> Any:
            if isinstance(value, Quantity):
                return _numbers(value, unit)
            if isinstance(value, (list, tuple)):
                return [Converter.convert(item, unit, axis) for item in value]
            return value

        @staticmethod
        def axisinfo(unit: Unit | None, axis: Any) -> Any:
            return None if unit is None else units_module.AxisInfo(label=str(unit))

        @staticmethod
        def default_units(x: Any, axis: Any) -> Unit | None:
            while isinstance(x, (list, tuple)) and x:
                x = x[0]
            return x.unit if isinstance(x, Quantity) else None

    return Converter()


def _numbers(quantity: Quantity, unit: Unit | None) -> Any:
    numbers = quantity.to_decimal(quantity.unit if unit is None else unit)
    array = np.asarray(numbers.detach().cpu() if hasattr(numbers, "detach") else numbers)
    return array if array.ndim else array.item()
