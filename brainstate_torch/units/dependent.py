"""Signatures of the functions whose effect on units depends on their arguments: an exponent, a length, a mode.

Each function gets the call's arguments and gives the signature of that call. Where units cannot follow, that is a
signature which needs plain values.
"""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from string import ascii_lowercase
from typing import Any

import torch

__all__ = [
    "determinant",
    "distance",
    "distances",
    "each",
    "extreme",
    "gradients",
    "norm",
    "normalized",
    "power",
    "product_after_first",
    "product_along",
    "product_of_all",
    "quotient",
    "reduction",
    "reflected_power",
]

Args = Sequence[Any]
Kwargs = Mapping[str, Any]

_PLAIN = "-> 1"


def _argument(args: Args, kwargs: Kwargs, position: int, *names: str) -> Any:
    if position < len(args):
        return args[position]
    return next((kwargs[name] for name in names if name in kwargs), None)


def _raised(exponent: float) -> str:
    return f"input=a -> a^{exponent:.12f}"


def power(args: Args, kwargs: Kwargs) -> str:
    """A quantity to the power of a number; an exponent that only the device knows cannot be part of a unit."""
    exponent = _argument(args, kwargs, 1, "exponent", "n")
    return _raised(float(exponent)) if isinstance(exponent, (int, float, Fraction)) else _PLAIN


def reflected_power(args: Args, kwargs: Kwargs) -> str:
    """A number to the power of a quantity."""
    return _PLAIN


def product_along(args: Args, kwargs: Kwargs) -> str:
    """A product has the unit to the power of the number of factors."""
    shape, dim = args[0].shape, _argument(args, kwargs, 1, "dim", "axis")
    return _raised(shape[dim] if isinstance(dim, int) and shape else math.prod(shape))


def determinant(args: Args, kwargs: Kwargs) -> str:
    """A determinant is a sum of products of as many factors as there are rows."""
    return _raised(_argument(args, kwargs, 0, "A", "input").shape[-1])


def quotient(args: Args, kwargs: Kwargs) -> str:
    """A quotient; rounding it to whole numbers makes sense only where it has no unit."""
    if _argument(args, kwargs, 2, "rounding_mode") is None:
        return "input=a, other=b -> a/b"
    return "input=a, other=a -> 1"


def norm(args: Args, kwargs: Kwargs) -> str:
    """A norm keeps the unit; the norm of order zero counts."""
    return "input=a -> 1" if _argument(args, kwargs, 1, "p", "ord") == 0 else "input=a -> a"


def normalized(args: Args, kwargs: Kwargs) -> str:
    """Divided by the norm, hence plain; the norm of order zero is a count, which leaves the unit."""
    return "input=a -> a" if _argument(args, kwargs, 1, "p") == 0 else "input=a -> 1"


def distance(args: Args, kwargs: Kwargs) -> str:
    """The norm of a difference."""
    return f"input=a, other=a -> {1 if _argument(args, kwargs, 2, 'p') == 0 else 'a'}"


def distances(args: Args, kwargs: Kwargs) -> str:
    """The norms of all differences of rows."""
    return f"x1=a, x2=a -> {1 if _argument(args, kwargs, 2, 'p') == 0 else 'a'}"


def extreme(args: Args, kwargs: Kwargs) -> str:
    """The largest entry, with its index along an axis, or the larger of two values."""
    other = _argument(args, kwargs, 1, "other")
    return "input=a -> a, 1" if other is None or isinstance(other, (int, tuple)) else "input=a, other=a -> a"


def reduction(args: Args, kwargs: Kwargs) -> str:
    """Scattering keeps the unit unless it multiplies."""
    reduce = _argument(args, kwargs, 4, "reduce")
    return _PLAIN if reduce in ("prod", "multiply") else "input=a, dim, index, src|source|value=a -> a"


def each(args: Args, kwargs: Kwargs) -> str:
    """Every result has the unit of its own argument."""
    letters = _letters(args)
    return f"*tensors={':'.join(letters)} -> {', '.join(letters)}"


def product_of_all(args: Args, kwargs: Kwargs) -> str:
    """One result, with the product of all units."""
    letters = _letters(args)
    return f"*tensors={':'.join(letters)} -> {'*'.join(letters)}"


def product_after_first(args: Args, kwargs: Kwargs) -> str:
    """As :func:`product_of_all`, after an equation."""
    if not isinstance(args[0], str):
        return _PLAIN
    letters = _letters(args[1:])
    return f"equation, *operands={':'.join(letters)} -> {'*'.join(letters)}"


def gradients(args: Args, kwargs: Kwargs) -> str:
    """One gradient per input, in the unit of the output over that of the input."""
    inputs = _argument(args, kwargs, 1, "inputs")
    letters = ascii_lowercase[1 : 1 + (1 if isinstance(inputs, torch.Tensor) else len(inputs))]
    return f"outputs=a, inputs={':'.join(letters)} -> {', '.join('a/' + letter for letter in letters)}"


def _letters(args: Args) -> str:
    count = len(args[0]) if len(args) == 1 and isinstance(args[0], (list, tuple)) else len(args)
    return ascii_lowercase[:count]
