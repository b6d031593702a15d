"""The base of braintools' initialisers, and their combinations."""

import functools
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from .. import _tree, environ, random
from .._arrays import beside, is_arraylike
from .._errors import kind_of
from ..nn.init import Initializer
from ..nn.init.base import as_shape
from ..units import UNITLESS, Unit, as_quantity, get_mantissa, is_quantity, maybe_decimal
from ..units import math as umath
from ..util import PrettyAttr, PrettyType
from .operators import Operators

__all__ = ["Clipped", "Compose", "Initialization", "check", "in_unit", "old_unit"]


class Initialization(Operators, Initializer):
    """Base of objects that make an initial value; they add, multiply, and go through functions by ``|``.

    A subclass defines ``__call__``, which takes the size and the keywords `rng` and `dtype`.

    Notes
    -----
    Source: braintools.init.Initialization (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> weights = brainstate.init.Constant(2.) * 3. + 1. | (lambda x: x / 2)
    >>> weights((2,))
    tensor([3.5000, 3.5000])
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__call__" in vars(cls):
            setattr(cls, "__call__", _placed(vars(cls)["__call__"]))  # noqa: B010

    def __call__(self, size: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define `__call__`. Got size {size}.")

    def _combined(self, left: Any, right: Any, op: Callable[[Any, Any], Any], symbol: str) -> "Combined":
        return Combined(left, right, op, symbol)

    def _piped(self, func: Any, symbol: str) -> "Piped":
        return Piped(self, func, symbol)

    def add(self, value: Any) -> "Initialization":
        """The values and others, added.

        Parameters
        ----------
        value
            A number, a quantity, an array or an initialiser.

        Returns
        -------
        Initialization
            The sum.
        """
        return Combined(self, value, lambda x, y: x + y, "+")

    def multiply(self, value: Any) -> "Initialization":
        """The values times others.

        Parameters
        ----------
        value
            A number, a quantity, an array or an initialiser.

        Returns
        -------
        Initialization
            The product.
        """
        return Combined(self, value, lambda x, y: x * y, "*")

    def clip(self, min_val: Any = None, max_val: Any = None) -> "Clipped":
        """The values between two others.

        Parameters
        ----------
        min_val, max_val
            The least and the largest value; None for no limit.

        Returns
        -------
        Clipped
            The limited initialiser.
        """
        return Clipped(self, min_val, max_val)

    def __pretty_repr__(self) -> Iterator[PrettyType | PrettyAttr]:
        yield PrettyType(type(self))
        for name, value in vars(self).items():
            if not name.startswith("_") and not (name == "unit" and value is UNITLESS):
                yield PrettyAttr(name, repr(value))


def _placed(call: Callable[..., Any]) -> Callable[..., Any]:
    """The call of an initialiser, on the device of the tensors among its parameters and arguments."""

    @functools.wraps(call)
    def inner(self: Any, *args: Any, **kwargs: Any) -> Any:
        with beside([*_parameters(self), *args, *kwargs.values()]):
            return call(self, *args, **kwargs)

    return inner


def _parameters(initialiser: Any) -> Iterator[Any]:
    """What an initialiser, and those that it is made of, were given."""
    for leaf in _tree.leaves(list(vars(initialiser).values())):
        if isinstance(leaf, Initialization):
            yield from _parameters(leaf)
        else:
            yield leaf


def drawn_by(kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """Where numbers are drawn from, and their dtype."""
    rng, dtype = kwargs.get("rng") or random, kwargs.get("dtype") or environ.dftype()
    if rng is np.random or isinstance(rng, (np.random.Generator, np.random.RandomState)):
        rng = _OfNumpy(rng)
    return rng, dtype


class _OfNumpy:
    """A generator of numpy, whose draws become tensors."""

    def __init__(self, rng: Any) -> None:
        self._rng = rng

    def __getattr__(self, name: str) -> Callable[..., torch.Tensor]:
        method = getattr(self._rng, name)

        def drawn(*args: Any, dtype: Any = None, **kwargs: Any) -> torch.Tensor:
            plain = {key: _as_numpy(value) for key, value in kwargs.items()}
            return torch.as_tensor(method(*map(_as_numpy, args), **plain), dtype=dtype)

        return drawn

    def choice(self, *args: Any, p: Any, **kwargs: Any) -> torch.Tensor:
        """Draws by probabilities, which numpy wants to sum to 1 in double precision."""
        p = np.asarray(_as_numpy(p), dtype=np.float64)
        return torch.as_tensor(self._rng.choice(*args, p=p / p.sum(), **kwargs))


def _as_numpy(x: Any) -> Any:
    return x.detach().cpu().numpy() if isinstance(x, torch.Tensor) else x


def in_unit(value: Any, unit: Unit) -> Any:
    """The number of a value in a unit."""
    return get_mantissa(as_quantity(value).in_unit(unit))


def old_unit(unit: Unit | None, *values: Any) -> Unit:
    """The argument `unit`, which braintools advises against: values may have one themselves.

    Raises
    ------
    ValueError
        A value has a unit, too.
    """
    if unit is None:
        return UNITLESS
    warnings.warn("`unit` is deprecated: give the values a unit, as in 2. * u.mV.", DeprecationWarning, stacklevel=4)
    if any(is_quantity(value) and not as_quantity(value).is_unitless for value in values):
        raise ValueError(f"`unit` must not be given beside values with a unit. Got {unit} and {values}. Leave it out.")
    return unit


def check(**values: Any) -> None:
    """Refuse numbers out of range.

    Parameters
    ----------
    **values
        Pairs of a value and a rule: ``'>0'``, ``'>=0'``, or ``'plain'`` for a positive number without a unit.

    Raises
    ------
    ValueError
        A value breaks its rule.
    """
    for name, (value, rule) in values.items():
        number = get_mantissa(value)
        if rule == "plain" and is_quantity(value) and not as_quantity(value).is_unitless:
            raise ValueError(f"`{name}` must be dimensionless. Got {value}.")
        if bool(umath.any(umath.asarray(number) < 0 if rule == ">=0" else umath.asarray(number) <= 0)):
            raise ValueError(f"`{name}` must be {'non-negative' if rule == '>=0' else 'positive'}. Got {value}.")


@dataclass(eq=False, repr=False)
class Combined(Initialization):
    """Two initialisers, or one and a value, in an operation."""

    left: Any
    right: Any
    op: Callable[[Any, Any], Any]
    symbol: str

    def __post_init__(self) -> None:
        for value in (self.left, self.right):
            if not (isinstance(value, Initializer) or is_arraylike(value) or is_quantity(value)):
                raise TypeError(f"an operand must be an Initialization, a number or an array. Got {kind_of(value)}.")

    def __call__(self, size: Any, **kwargs: Any) -> Any:
        left, right = (x(size, **kwargs) if isinstance(x, Initializer) else x for x in (self.left, self.right))
        return self.op(left, right)

    def __repr__(self) -> str:
        return f"({self.left} {self.symbol} {self.right})"


@dataclass(eq=False, repr=False)
class Piped(Initialization):
    """An initialiser, and a function of its values."""

    base: Any
    func: Callable[[Any], Any]
    symbol: str = "|"

    def __post_init__(self) -> None:
        _check_function(self.func, Initializer, "Initialization", "the size")

    def __call__(self, size: Any, **kwargs: Any) -> Any:
        return self.func(self.base(size, **kwargs))

    def __repr__(self) -> str:
        return f"({self.base} | {self.func})" if self.symbol == "|" else f"{self.base}.apply({self.func})"


def _check_function(func: Any, kind: type, name: str, takes: str) -> None:
    if isinstance(func, kind):
        raise TypeError(
            f"what follows | must be a function of the values, not another {name}, which takes {takes} and would "
            "forget them. Combine two by + or *."
        )
    if not callable(func):
        raise TypeError(f"what follows | must be a function of the values. Got {kind_of(func)}.")


@dataclass(eq=False, repr=False)
class Clipped(Initialization):
    """An initialiser whose values are limited.

    Parameters
    ----------
    base_dist
        The initialiser.
    min_val, max_val
        The least and the largest value; None for no limit.

    Notes
    -----
    Source: braintools.init.Clipped (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> brainstate.init.Clipped(brainstate.init.Constant(5. * u.mV), max_val=0.002 * u.volt)(2)
    tensor([2., 2.]) mV
    """

    base_dist: Any
    min_val: Any = None
    max_val: Any = None

    def __call__(self, size: Any, **kwargs: Any) -> Any:
        values = self.base_dist(size, **kwargs)
        if self.min_val is not None:
            values = umath.maximum(values, self.min_val)
        return values if self.max_val is None else umath.minimum(values, self.max_val)


class Compose(Initialization):
    """An initialiser, and functions that its values go through in turn.

    Parameters
    ----------
    *inits
        An initialiser (or a value), then the functions.

    Raises
    ------
    ValueError
        There is none.
    TypeError
        One that is not the first is an initialiser, or no function.

    Notes
    -----
    Source: braintools.init.Compose (0.3.0). Differs: what is no function is refused at once.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.init.Compose(brainstate.init.Constant(2.), lambda x: x + 1., lambda x: x * 2.)(2)
    tensor([6., 6.])
    """

    def __init__(self, *inits: Any) -> None:
        if not inits:
            raise ValueError("Compose must have one initialiser at least. Got none.")
        for func in inits[1:]:
            _check_function(func, Initializer, "Initialization", "the size")
        self.inits = inits

    def __call__(self, size: Any, **kwargs: Any) -> Any:
        first, *functions = self.inits
        values = first(size, **kwargs) if isinstance(first, Initializer) else first
        for function in functions:
            values = function(values)
        return values


def shape_of(size: Any) -> tuple[int, ...]:
    """A size as a tuple."""
    return as_shape(size)


def with_units(values: Any, *units: Unit) -> Any:
    """The values times units; plain where nothing is left."""
    for unit in units:
        values = values * unit
    return maybe_decimal(values)
