"""Profiles: how probable a connection is, or how strong, at a distance."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .._arrays import is_arraylike
from .._errors import kind_of
from ..units import is_quantity
from ..units import math as umath
from ..util import PrettyAttr, PrettyRepr, PrettyType
from .operators import Operators

__all__ = [
    "ApplyProfile",
    "ClipProfile",
    "ComposedProfile",
    "DistanceProfile",
    "PipeProfile",
]


class DistanceProfile(Operators, PrettyRepr):
    """A function of distances; profiles add, multiply, and go through functions by ``|``.

    A subclass defines :meth:`probability`.

    Notes
    -----
    Source: braintools.init.DistanceProfile (0.3.0).

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> from brainstate_torch import init
    >>> profile = 2. * init.LinearProfile(4. * u.um) + 1.
    >>> profile([1., 5.] * u.um)
    tensor([2.5000, 1.0000])
    """

    def probability(self, distances: Any) -> Any:
        """How probable a connection is.

        Parameters
        ----------
        distances
            The distances, ``[*N]``.

        Returns
        -------
        Tensor
            The probabilities, ``[*N]``.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `probability`.")

    def weight_scaling(self, distances: Any) -> Any:
        """How strong a connection is; the same as its probability, unless a subclass says otherwise.

        Parameters
        ----------
        distances
            The distances, ``[*N]``.

        Returns
        -------
        Tensor
            The factors, ``[*N]``.
        """
        return self.probability(distances)

    def __call__(self, distances: Any) -> Any:
        return self.weight_scaling(distances)

    def _combined(self, left: Any, right: Any, op: Callable[[Any, Any], Any], symbol: str) -> "ComposedProfile":
        return ComposedProfile(left, right, op, symbol)

    def _piped(self, func: Any, symbol: str) -> "PipeProfile | ApplyProfile":
        return PipeProfile(self, func) if symbol == "|" else ApplyProfile(self, func)

    def clip(self, min_val: Any = None, max_val: Any = None) -> "ClipProfile":
        """The values between two others.

        Parameters
        ----------
        min_val, max_val
            The least and the largest value; None for no limit.

        Returns
        -------
        ClipProfile
            The limited profile.
        """
        return ClipProfile(self, min_val, max_val)

    def __pretty_repr__(self) -> Iterator[PrettyType | PrettyAttr]:
        yield PrettyType(type(self))
        for name, value in vars(self).items():
            yield PrettyAttr(name, repr(value))


class _Changed(DistanceProfile):
    """A profile whose values are those of others, changed: the same change for probabilities and factors."""

    def _values(self, method: str, distances: Any) -> Any:
        raise NotImplementedError

    def probability(self, distances: Any) -> Any:
        return self._values("probability", distances)

    def weight_scaling(self, distances: Any) -> Any:
        return self._values("weight_scaling", distances)


@dataclass(eq=False, repr=False)
class ComposedProfile(_Changed):
    """Two profiles, or one and a value, in an operation.

    Parameters
    ----------
    left, right
        The operands.
    op
        The operation, a function of two values.
    op_symbol
        How it is written.

    Raises
    ------
    TypeError
        An operand is neither a profile nor a value.

    Notes
    -----
    Source: braintools.init.ComposedProfile (0.3.0). Differs: wrong operands are refused at once.

    Examples
    --------
    >>> from brainstate_torch import init
    >>> (init.LinearProfile(2.) - 0.5)([0., 1.])
    tensor([0.5000, 0.0000])
    """

    left: Any
    right: Any
    op: Callable[[Any, Any], Any]
    op_symbol: str

    def __post_init__(self) -> None:
        for value in (self.left, self.right):
            if not (isinstance(value, DistanceProfile) or is_arraylike(value) or is_quantity(value)):
                raise TypeError(f"an operand must be a DistanceProfile, a number or an array. Got {kind_of(value)}.")

    def _values(self, method: str, distances: Any) -> Any:
        pair = (self.left, self.right)
        return self.op(*(getattr(x, method)(distances) if isinstance(x, DistanceProfile) else x for x in pair))

    def __repr__(self) -> str:
        return f"({self.left} {self.op_symbol} {self.right})"


@dataclass(eq=False, repr=False)
class ClipProfile(_Changed):
    """A profile whose values are limited.

    Parameters
    ----------
    base
        The profile.
    min_val, max_val
        The least and the largest value; None for no limit.

    Notes
    -----
    Source: braintools.init.ClipProfile (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import init
    >>> init.LinearProfile(2.).clip(0.2, 0.8)([0., 1., 2.])
    tensor([0.8000, 0.5000, 0.2000])
    """

    base: DistanceProfile
    min_val: Any
    max_val: Any

    def _values(self, method: str, distances: Any) -> Any:
        values = getattr(self.base, method)(distances)
        values = values if self.min_val is None else umath.maximum(values, self.min_val)
        return values if self.max_val is None else umath.minimum(values, self.max_val)


@dataclass(eq=False, repr=False)
class ApplyProfile(_Changed):
    """A function of a profile's values.

    Parameters
    ----------
    base
        The profile.
    func
        The function.

    Notes
    -----
    Source: braintools.init.ApplyProfile (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import init
    >>> init.LinearProfile(2.).apply(lambda x: x ** 2)([0., 1.])
    tensor([1.0000, 0.2500])
    """

    base: DistanceProfile
    func: Callable[[Any], Any]

    def _values(self, method: str, distances: Any) -> Any:
        return self.func(getattr(self.base, method)(distances))


@dataclass(eq=False, repr=False)
class PipeProfile(ApplyProfile):
    """A function of a profile's values, made by ``|``.

    Parameters
    ----------
    base
        The profile.
    func
        The function.

    Raises
    ------
    TypeError
        `func` is a profile, which would forget the values of the first, or no function.

    Notes
    -----
    Source: braintools.init.PipeProfile (0.3.0). Differs: a wrong function is refused at once.

    Examples
    --------
    >>> from brainstate_torch import init
    >>> (init.LinearProfile(2.) | (lambda x: x + 1.))([0., 1.])
    tensor([2.0000, 1.5000])
    """

    def __post_init__(self) -> None:
        if isinstance(self.func, DistanceProfile) or not callable(self.func):
            raise TypeError(
                f"what follows | must be a function of the values. Got {kind_of(self.func)}. "
                "Combine profiles by + or *."
            )
