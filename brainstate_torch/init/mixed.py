"""Initial values made of several initialisers."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ..transform._core.truth import is_undecided
from ..units import as_quantity, get_mantissa, maybe_decimal
from ..units import math as umath
from .base import Initialization, drawn_by, shape_of
from .profiles import DistanceProfile

__all__ = ["Conditional", "DistanceModulated", "Mixture", "Scaled"]


def _chosen(kinds: Sequence[Any], choices: torch.Tensor, shape: tuple[int, ...], kwargs: dict[str, Any]) -> Any:
    """Values of `kinds[choices[i]]` at place i.

    Each kind draws as many as it is chosen for, and all where a transform computes the choice.
    """
    unit, values = None, None
    for i, kind in enumerate(kinds):
        mask = choices == i
        count = len(choices) if is_undecided(choices) else int(mask.sum())
        if count == 0 and (len(choices) or unit is not None):
            continue
        drawn = as_quantity(kind(count, **kwargs))
        unit = drawn.unit if unit is None else unit
        mantissa = umath.asarray(get_mantissa(drawn.in_unit(unit)))
        if count != len(choices):
            # The n-th element of this kind takes the n-th value.
            mantissa = mantissa[(torch.cumsum(mask, 0) - 1).clamp(min=0)]
        values = mantissa if values is None else torch.where(mask, mantissa, values)
    return maybe_decimal(values.reshape(shape) * unit)  # type: ignore[union-attr]


class Mixture(Initialization):
    """Each value from one of several initialisers, chosen by chance.

    Parameters
    ----------
    distributions
        The initialisers.
    weights
        How probable each is; None for equally.

    Raises
    ------
    ValueError
        There is none, or the weights are not one for each, negative, or do not sum to 1.

    Notes
    -----
    Source: braintools.init.Mixture (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> from brainstate_torch import init
    >>> sorted(set(init.Mixture([init.Constant(1.), init.Constant(2.)])((100,)).tolist()))
    [1.0, 2.0]
    """

    def __init__(self, distributions: Sequence[Any], weights: Sequence[float] | None = None) -> None:
        count = len(distributions)
        if not count:
            raise ValueError("`distributions` must have one initialiser at least. Got none.")
        if weights is None:
            weights = [1.0 / count] * count
        elif len(weights) != count:
            raise ValueError(f"`weights` must have one for each of {count} distributions. Got {len(weights)}.")
        elif min(weights) < 0 or not math.isclose(sum(weights), 1.0, rel_tol=1e-5):
            raise ValueError(f"`weights` must not be negative, and sum to 1. Got {list(weights)}.")
        self.distributions, self.weights = distributions, weights

    def __call__(self, size: Any, **kwargs: Any) -> Any:
        shape = shape_of(size)
        weights = umath.asarray(list(self.weights), dtype=torch.float32)
        choices = drawn_by(kwargs)[0].choice(len(self.distributions), size=math.prod(shape), p=weights)
        return _chosen(self.distributions, choices, shape, kwargs)


@dataclass(eq=False, repr=False)
class Conditional(Initialization):
    """Each value from one of two initialisers, by a condition on its place.

    Parameters
    ----------
    condition_fn
        Takes the places, integers ``[*N]``, and gives booleans.
    true_dist, false_dist
        The initialisers where it holds, and where it does not.

    Raises
    ------
    ValueError
        When called: the condition has another number of elements.

    Notes
    -----
    Source: braintools.init.Conditional (0.3.0). The keyword `neuron_indices` of a call gives other places.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> from brainstate_torch import init
    >>> init.Conditional(lambda i: i < 2, init.Constant(1.), init.Constant(-4.))((3,))
    tensor([ 1.,  1., -4.])
    """

    condition_fn: Callable[[Any], Any]
    true_dist: Any
    false_dist: Any

    def __call__(self, size: Any, neuron_indices: Any = None, **kwargs: Any) -> Any:
        shape = shape_of(size)
        count = math.prod(shape)
        places = umath.arange(count) if neuron_indices is None else umath.asarray(neuron_indices)
        holds = umath.asarray(self.condition_fn(places)).reshape(-1).bool()
        if len(holds) != count:
            raise ValueError(f"`condition_fn` must give one boolean for each of {count} places. Got {len(holds)}.")
        return _chosen([self.true_dist, self.false_dist], torch.where(holds, 0, 1), shape, kwargs)


@dataclass(eq=False, repr=False)
class Scaled(Initialization):
    """The values of an initialiser times a factor.

    Parameters
    ----------
    base_dist
        The initialiser.
    scale_factor
        The factor, which may have a unit.

    Notes
    -----
    Source: braintools.init.Scaled (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> brainstate.init.Scaled(brainstate.init.Constant(2.), 3. * u.mS)(2)
    tensor([6., 6.]) mS
    """

    base_dist: Any
    scale_factor: Any

    def __call__(self, size: Any, **kwargs: Any) -> Any:
        return self.base_dist(size, **kwargs) * self.scale_factor


@dataclass(eq=False, repr=False)
class DistanceModulated(Initialization):
    """The values of an initialiser, scaled by a profile of the distance of two cells.

    A call takes ``distances``, ``[*size]``, or ``pre_positions``, ``[pre, axes]``, and ``post_positions``,
    ``[post, axes]``.

    Parameters
    ----------
    base_dist
        The initialiser.
    distance_profile
        The profile.

    Raises
    ------
    ValueError
        When called: there are neither distances nor positions.

    Notes
    -----
    Source: braintools.init.DistanceModulated (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate, brainstate_torch.units as u
    >>> from brainstate_torch import init
    >>> weights = init.DistanceModulated(init.Constant(2.), init.StepProfile(1.5 * u.um))
    >>> weights((2,), distances=[1., 2.] * u.um)
    tensor([2., 0.])
    """

    base_dist: Any
    distance_profile: DistanceProfile

    def __call__(self, size: Any, **kwargs: Any) -> Any:
        base = self.base_dist(size, **kwargs)
        if "distances" in kwargs:
            return base * self.distance_profile(kwargs["distances"])
        if not {"pre_positions", "post_positions"} <= kwargs.keys():
            raise ValueError("a call must have `distances`, or both `pre_positions` and `post_positions`. Got neither.")
        pre, post = (umath.asarray(kwargs[f"{side}_positions"]) for side in ("pre", "post"))
        pre, post = (x.reshape(-1, 1) if len(x.shape) < 2 else x for x in (pre, post))
        squares = ((pre[:, None] - post[None]) ** 2).sum(-1)
        # The root has no derivative at zero, the distance of a cell from itself.
        is_zero = get_mantissa(squares) == 0
        roots = umath.sqrt(umath.where(is_zero, umath.ones_like(squares), squares))
        return base * self.distance_profile(umath.where(is_zero, umath.zeros_like(roots), roots))
