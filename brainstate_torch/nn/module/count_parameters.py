"""count_parameters: how many numbers a model learns."""

from typing import Any

from ..._state import ParamState
from .module import Module

__all__ = ["count_parameters"]

_SUFFIXES = ("", "K", "M", "B", "T", "P", "E")


def count_parameters(module: Module, precision: int = 2, return_table: bool = False) -> Any:
    """Print a table of the ParamStates of a model and how many numbers each holds.

    Parameters
    ----------
    module
        The model.
    precision
        The decimals of counts from a thousand on.
    return_table
        Return the table too.

    Returns
    -------
    int or tuple
        The total; or the text of the table, and the total.

    Raises
    ------
    TypeError
        `module` is not a Module.

    Notes
    -----
    Source: brainstate.nn.count_parameters (0.5.4). Differs: needs no further package; the table is a string.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> total = brainstate.nn.count_parameters(brainstate.nn.Linear(100, 20))
    Modules      Parameters
    ('weight',)       2.02K
    Total             2.02K
    >>> total
    2020
    """
    if not isinstance(module, Module):
        raise TypeError(f"`module` must be a neural network module, a Module. Got {type(module).__name__}.")
    counts = {str(path): state.numel() for path, state in module.states(ParamState).items()}
    total = sum(counts.values())
    rows = [
        ("Modules", "Parameters"),
        *((name, _short(n, precision)) for name, n in {**counts, "Total": total}.items()),
    ]
    left, right = (max(len(row[column]) for row in rows) for column in (0, 1))
    table = "\n".join(f"{name:<{left}}  {count:>{right}}" for name, count in rows)
    print(table)
    return (table, total) if return_table else total


def _short(count: int, precision: int) -> str:
    if count < 1000:
        return str(count)
    scaled, power = float(count), 0
    # What would be rounded up to a thousand belongs to the next suffix.
    while round(scaled, precision) >= 1000 and power < len(_SUFFIXES) - 1:
        scaled, power = scaled / 1000, power + 1
    return f"{scaled:.{precision}f}{_SUFFIXES[power]}"
