"""Regularization: the base of all regularisations."""

import functools
from collections.abc import Callable
from typing import Any

import torch

from ... import environ
from ..._arrays import beside
from ..._state import ParamState, State, maybe_state
from ...typing import Size
from ...units import math as um
from ..module.constants import constant, moved
from ..module.home import made_at_home
from ..module.module import Module

__all__ = ["SMALL", "CentredReg", "ChainedReg", "Regularization", "WeightedReg", "as_shape", "positive"]

#: Added to keep a quotient or a logarithm finite.
SMALL = 1e-8


def as_shape(shape: Any) -> tuple[int, ...]:
    """A length or a shape as a tuple."""
    return tuple(shape) if isinstance(shape, (tuple, list)) else (int(shape),)


def positive(hyper: Any) -> Any:
    """A hyperparameter that must be positive; training may take it anywhere."""
    return torch.relu(maybe_state(hyper)) + SMALL


def _beside_constants(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method, in which numbers are drawn on the device of the hyperparameters."""

    @functools.wraps(method)
    def inner(self: Module, *args: Any, **kwargs: Any) -> Any:
        with beside([x._value if isinstance(x, State) else x for x in vars(self).values()]):
            return method(self, *args, **kwargs)

    return inner


class Regularization(Module):
    """Base of the costs of a parameter's value. A subclass defines three methods.

    ``loss(value)`` is the cost, a number; where it is the negative logarithm of a density, :meth:`sample_init` draws
    from that density, and :meth:`reset_value` is its mode or centre. Values are plain numbers unless a class says that
    they may have a unit.

    Parameters
    ----------
    fit_hyper
        Train the hyperparameters that a class names: they are ParamStates then.

    Notes
    -----
    Source: brainstate.nn.Regularization (0.5.4). Differs: integers are taken for floating numbers.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> class Near(brainstate.nn.Regularization):
    ...     def __init__(self, target):
    ...         super().__init__()
    ...         self.target = target
    ...     def loss(self, value):
    ...         return ((value - self.target) ** 2).sum()
    ...     def reset_value(self):
    ...         return self.target
    >>> param = brainstate.nn.Param(torch.tensor([1., 4.]), reg=Near(2.))
    >>> param.reg_loss()
    tensor(5., grad_fn=<...>)
    >>> param.reset_to_prior()
    >>> param.value()
    tensor([2., 2.])
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "sample_init" in vars(cls):
            setattr(cls, "sample_init", made_at_home(_beside_constants(vars(cls)["sample_init"])))  # noqa: B010

    def __init__(self, fit_hyper: bool = False) -> None:
        super().__init__()
        self.fit_hyper = fit_hyper

    def loss(self, value: Any) -> Any:
        """The cost of a value, ``[*N]`` to ``[]``.

        Parameters
        ----------
        value
            The value, ``[*N]``.

        Returns
        -------
        Tensor
            The cost, ``[]``.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `loss`. Got a call of a class without it.")

    def sample_init(self, shape: Size) -> Any:
        """A random value of a shape that is probable under the cost.

        Parameters
        ----------
        shape
            The shape.

        Returns
        -------
        Tensor
            The value, ``[*shape]``.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `sample_init`. Got a call of a class without it.")

    def reset_value(self) -> Any:
        """A value that costs little; it broadcasts to the parameter's.

        Returns
        -------
        Tensor or Quantity
            The value.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `reset_value`. Got a call of a class without it.")

    def _hyper(self, value: Any) -> Any:
        """A hyperparameter, trained with `fit_hyper`."""
        return ParamState(_floating(value)) if self.fit_hyper else self._constant(value)

    @staticmethod
    def _constant(value: Any) -> Any:
        return constant(_floating(value))

    def _apply_to_constants(self, fn: Callable[[torch.Tensor], torch.Tensor]) -> None:
        vars(self).update(moved(vars(self), fn))


def _floating(value: Any) -> Any:
    return um.asarray(value, dtype=environ.dftype())


class CentredReg(Regularization):
    """A cost that is lowest at zero."""

    def reset_value(self) -> Any:
        return 0.0


class WeightedReg(CentredReg):
    """A cost with a factor, lowest at zero unless a subclass says otherwise."""

    def __init__(self, weight: Any, fit_hyper: bool) -> None:
        super().__init__(fit_hyper)
        self.weight = self._constant(weight)


class ChainedReg(WeightedReg):
    """The sum of several costs, times a weight.

    Parameters
    ----------
    *regularizations
        The costs. The first one decides where values start.
    weight
        The factor.
    fit_hyper
        For a subclass; each cost has its own.

    Notes
    -----
    Source: brainstate.nn.ChainedReg (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> reg = brainstate.nn.ChainedReg(brainstate.nn.L1Reg(), brainstate.nn.L2Reg(), weight=0.5)
    >>> reg.loss(torch.tensor([1., -2.]))
    tensor(4.)
    """

    def __init__(self, *regularizations: Regularization, weight: Any = 1.0, fit_hyper: bool = False) -> None:
        super().__init__(weight, fit_hyper)
        self._count = len(regularizations)
        for i, regularization in enumerate(regularizations):
            setattr(self, f"_reg_{i}", regularization)

    @property
    def regularizations(self) -> tuple[Regularization, ...]:
        """The costs."""
        return tuple(getattr(self, f"_reg_{i}") for i in range(self._count))

    def loss(self, value: Any) -> Any:
        if not self._count:
            return 0.0
        first, *rest = [regularization.loss(value) for regularization in self.regularizations]
        return self.weight * sum(rest, start=first)

    def sample_init(self, shape: Size) -> Any:
        return self.regularizations[0].sample_init(shape) if self._count else um.zeros(as_shape(shape))

    def reset_value(self) -> Any:
        return self.regularizations[0].reset_value() if self._count else 0.0
