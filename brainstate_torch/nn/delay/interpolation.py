"""Values between the samples of a ring buffer, and the registry of interpolations."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import torch

from ... import _tree
from ..._arrays import as_tensor
from .ring_buffer import read

__all__ = ["InterpolationRegistry", "Stencil"]


class Stencil:
    """A weighted sum of neighbouring samples: the way all built-in interpolations work.

    Parameters
    ----------
    offsets
        Which samples, counted from the one at or before the point, towards newer ones.
    weights
        Their weights, as a function of the distance from that sample to the point, in ``[0, 1)``.
    """

    def __init__(self, offsets: Sequence[int], weights: Callable[[torch.Tensor], Sequence[Any]]) -> None:
        self.offsets, self.weights = offsets, weights

    def __call__(self, history: Any, indices: tuple[Any, ...], float_idx: Any, max_length: int) -> Any:
        """Interpolate at a position in the ring; neighbours beyond its end are those at its start."""
        float_idx = as_tensor(float_idx)
        base = float_idx.floor()
        slots = [(base + offset).long() % max_length for offset in self.offsets]
        return weighted(history, slots, self.weights(float_idx - base), indices)

    def before(self, steps: torch.Tensor, last: int) -> tuple[list[torch.Tensor], Sequence[Any]]:
        """The samples for a point `steps` ago, each as whole steps ago, at most `last`, and their weights.

        A missing neighbour is replaced by the sample at that end.
        """
        base = steps.ceil()
        return [(base - offset).clamp(0, last) for offset in self.offsets], self.weights(base - steps)


class Linear(Stencil):
    """The straight line between the two neighbours."""

    def __init__(self) -> None:
        super().__init__((0, 1), lambda t: (1 - t, t))

    def before(self, steps: torch.Tensor, last: int) -> tuple[list[torch.Tensor], Sequence[Any]]:
        """As for any stencil; at a sample, that sample alone is read."""
        base = steps.ceil()
        return [base.clamp(0, last), steps.floor().clamp(0, last)], self.weights(base - steps)


class Nearest(Stencil):
    """The nearest sample."""

    def __init__(self) -> None:
        super().__init__((0,), lambda t: (1.0,))

    def __call__(self, history: Any, indices: tuple[Any, ...], float_idx: Any, max_length: int) -> Any:
        """The sample nearest to a position in the ring."""
        slot = as_tensor(float_idx).round().long() % max_length
        return _tree.map(read(slot, indices), history)

    def before(self, steps: torch.Tensor, last: int) -> tuple[list[torch.Tensor], Sequence[Any]]:
        """The one sample, and no weight."""
        return [steps.round().clamp(0, last)], ()


def weighted(history: Any, slots: Sequence[torch.Tensor], weights: Sequence[Any], indices: Sequence[Any]) -> Any:
    """The weighted sum of some slots of each ring; without weights, the first slot."""
    readers = [read(slot, indices) for slot in slots]
    if not weights:
        return _tree.map(readers[0], history)

    def combined(ring: torch.Tensor) -> Any:
        inner = (1,) * max(ring.ndim - 1 - len(indices), 0)
        total: Any = None
        for reader, weight in zip(readers, weights, strict=True):
            # One weight for each time, broadcast over the axes of the values.
            part = reader(ring) * (weight.reshape(weight.shape + inner) if weight.ndim else weight)
            total = part if total is None else total + part
        return total

    return _tree.map(combined, history)


def _catmull_rom(t: torch.Tensor) -> Sequence[Any]:
    return (
        ((2.0 - t) * t - 1.0) * t / 2.0,
        ((3.0 * t - 5.0) * t * t + 2.0) / 2.0,
        ((4.0 - 3.0 * t) * t + 1.0) * t / 2.0,
        (t - 1.0) * t * t / 2.0,
    )


def _parabola(t: torch.Tensor) -> Sequence[Any]:
    return (t * (t - 1.0) / 2.0, 1.0 - t * t, t * (t + 1.0) / 2.0)


def _cubic_polynomial(t: torch.Tensor) -> Sequence[Any]:
    before, after, beyond = t + 1.0, t - 1.0, t - 2.0
    return (
        -t * after * beyond / 6.0,
        before * after * beyond / 2.0,
        -before * t * beyond / 2.0,
        before * t * after / 6.0,
    )


class InterpolationRegistry:
    """The interpolations that :class:`Delay` knows by name.

    ``'nearest'`` (also ``'round'``); ``'linear'`` (also ``'linear_interp'``); ``'cubic'`` and ``'hermite'``, the
    Catmull-Rom spline, whose slope is continuous; ``'polynomial2'`` through three samples; ``'polynomial3'`` through
    four.

    Notes
    -----
    Source: brainstate.nn.InterpolationRegistry (0.5.4). Differs: next to the newest and the oldest sample, a built-in
    interpolation in a Delay repeats that sample where brainstate takes one from the other end of the ring.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> registry = brainstate.nn.InterpolationRegistry
    >>> registry.list_methods()[:3]
    ['nearest', 'round', 'linear']
    """

    _methods: ClassVar[dict[str, Callable[..., Any]]] = {}

    @classmethod
    def register(cls, name: str, method: Callable[..., Any]) -> None:
        """Register an interpolation, ``method(history, indices, float_idx, max_length)``.

        Parameters
        ----------
        name
            Its name; one that is known gets the new meaning.
        method
            Takes a pytree of rings ``[max_length, *N]``, further indices, and a position in the ring, which may be
            fractional and out of range; returns a pytree of values ``[*N]``.

        Raises
        ------
        TypeError
            The name is not a string, or the method cannot be called.
        """
        if not isinstance(name, str):
            raise TypeError(f"`name` must be a string. Got {type(name).__name__}.")
        if not callable(method):
            raise TypeError(f"`method` must be callable. Got {type(method).__name__}.")
        cls._methods[name] = method

    @classmethod
    def get(cls, name: str) -> Callable[..., Any]:
        """The interpolation of a name.

        Raises
        ------
        ValueError
            There is none.
        """
        if name not in cls._methods:
            raise ValueError(
                f"`interpolation` must be one of {cls.list_methods()}. Got an unknown interpolation method: {name!r}. "
                "Make it known with `InterpolationRegistry.register`."
            )
        return cls._methods[name]

    @classmethod
    def list_methods(cls) -> list[str]:
        """The names."""
        return list(cls._methods)


_CATMULL_ROM = Stencil((-1, 0, 1, 2), _catmull_rom)
_BUILT_IN = {
    "nearest": Nearest(),
    "round": Nearest(),
    "linear": Linear(),
    "linear_interp": Linear(),
    "cubic": _CATMULL_ROM,
    # Hermite's cubic with slopes from central differences is the same spline.
    "hermite": _CATMULL_ROM,
    "polynomial2": Stencil((-1, 0, 1), _parabola),
    "polynomial3": Stencil((-1, 0, 1, 2), _cubic_polynomial),
}
for _name, _method in _BUILT_IN.items():
    InterpolationRegistry.register(_name, _method)
