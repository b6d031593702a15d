"""LRScheduler: a learning rate that changes from epoch to epoch."""

from collections.abc import Callable, Mapping
from typing import Any

import torch

from .._state.context import CONTEXT
from ..graph import Node
from ..transform._core.functional import run_and_commit
from ..units import UNITLESS, Quantity, UnitMismatchError, get_mantissa, get_unit, is_quantity
from .saved import Saved
from .state import OptimState

__all__ = ["ConstantLR", "LRScheduler"]


class LRScheduler(Node):
    """Base of the schedules: a formula for the learning rate at an epoch, and the epoch.

    It is passed to an optimizer as `lr`. The optimizer does not advance it: :meth:`step` does, once an epoch or once an
    update, as the user likes. Epoch and rate lie in States, so that it may stand inside any transform.

    A subclass defines :meth:`formula`.

    Parameters
    ----------
    base_lr
        The learning rate to start from, a number or a quantity; or a list of them, one for each group of weights.
    last_epoch
        The epoch to start at.

    Attributes
    ----------
    last_epoch, current_lrs
        The States of the epoch, and of the learning rates in a list.

    Raises
    ------
    TypeError
        The learning rate is not a number.
    ValueError
        It is negative, or the list is empty.
    UnitMismatchError
        The learning rates of a list have several dimensions.

    Notes
    -----
    Source: braintools.optim.LRScheduler (0.3.0). Differs: a subclass defines `formula` in the place of `get_lr`; rates
    are of double width.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> class Halved(brainstate.optim.LRScheduler):
    ...     def formula(self, base, epoch):
    ...         return base * 0.5 ** epoch
    >>> schedule = Halved(0.8)
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [tensor(0.4000, dtype=torch.float64)]
    """

    def __init__(self, base_lr: Any = 1e-3, last_epoch: int = 0) -> None:
        several = list(base_lr) if isinstance(base_lr, (list, tuple)) else [base_lr]
        if not several:
            raise ValueError("`base_lr` must hold a learning rate for each group of weights. Got an empty list.")
        self._unit = get_unit(several[0])
        for lr in several:
            _check_rate(get_mantissa(lr))
        self._bases = [float(self._number("base_lr", lr)) for lr in several]
        self.last_epoch: OptimState[torch.Tensor] = OptimState(torch.tensor(last_epoch))
        self.current_lrs: OptimState[list[Any]] = OptimState(self.get_lr())

    def formula(self, base: float, epoch: torch.Tensor) -> torch.Tensor:
        """The learning rate at an epoch, from the one to start from; a subclass defines it.

        Parameters
        ----------
        base
            The number of `base_lr` in its unit.
        epoch
            A scalar of double width; what is computed from it must not branch on it.

        Raises
        ------
        NotImplementedError
            The subclass does not.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `formula`. Got a schedule without it.")

    @property
    def base_lrs(self) -> list[Any]:
        """The learning rates to start from."""
        return [base if self._unit is UNITLESS else Quantity(base, self._unit) for base in self._bases]

    def get_lr(self) -> list[Any]:
        """The learning rates that the formula gives now.

        Returns
        -------
        list of Tensor or Quantity
            One for each in `base_lr`.
        """
        epoch = self.last_epoch.value.to(torch.float64)
        return [self._dressed(self.formula(base, epoch)) for base in self._bases]

    def get_last_lr(self) -> list[Any]:
        """The learning rates in use.

        Returns
        -------
        list of Tensor or Quantity
            One for each in `base_lr`.
        """
        return list(self.current_lrs.value)

    def step(self, epoch: Any = None) -> None:
        """Go to the next epoch, or to the one given, and to its learning rate.

        Parameters
        ----------
        epoch
            The epoch to go to; None: the next one.
        """
        run_and_commit(self._step, (epoch,))

    def _step(self, epoch: Any) -> None:
        self.last_epoch.value = self.last_epoch.value + 1 if epoch is None else torch.as_tensor(epoch)
        self.current_lrs.value = self.get_lr()

    def follow(self, device: torch.device) -> None:
        """Move epoch and learning rate to the device of the weights.

        Parameters
        ----------
        device
            The device.
        """
        if get_mantissa(self.current_lrs.value[0]).device != device:
            self.current_lrs.value = [x.to(device, non_blocking=True) for x in self.current_lrs.value]
            self.last_epoch.value = self.last_epoch.value.to(device, non_blocking=True)

    def step_epoch(self) -> None:
        """:meth:`step` to the next epoch."""
        self.step()

    def apply(self, apply_fn: Callable[[Any], Any]) -> None:
        """Put the formula's learning rates through a function, until the next step.

        Parameters
        ----------
        apply_fn
            Takes a learning rate, returns one.
        """
        self.current_lrs.value = [self._rate(apply_fn(lr)) for lr in self.get_lr()]

    def set_current(self, lr: Any, place: int = 0) -> None:
        """Use another learning rate until the next step.

        Parameters
        ----------
        lr
            The learning rate.
        place
            The group of weights that it is for.

        Raises
        ------
        UnitMismatchError
            It has another dimension than `base_lr`.
        """
        rates = list(self.current_lrs.value)
        rates[place] = self._rate(lr)
        self.current_lrs.value = rates

    def _rate(self, lr: Any) -> Any:
        """A learning rate as `current_lrs` holds it."""
        number = self._number("lr", lr)
        if isinstance(number, (int, float)):
            return self._dressed(torch.full((), number, dtype=torch.float64, device=self.last_epoch.value.device))
        return self._dressed(torch.as_tensor(number, dtype=torch.float64))

    def state_dict(self) -> dict[str, Any]:
        """The epoch and the learning rates, as tensors and numbers.

        Returns
        -------
        dict
            By name.
        """
        rates = [get_mantissa(lr).detach().as_subclass(torch.Tensor) for lr in self.current_lrs.value]
        is_one = len(rates) == 1
        return {
            "last_epoch": self.last_epoch.value.detach().as_subclass(torch.Tensor).clone(),
            "base_lr": self._bases[0] if is_one else list(self._bases),
            "current_lr": rates[0].clone() if is_one else torch.stack(rates),
            "unit": str(self._unit),
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what :meth:`state_dict` gave; all or nothing.

        Parameters
        ----------
        state_dict
            What :meth:`state_dict` returned.

        Raises
        ------
        UnitMismatchError
            The learning rate was in another dimension.
        ValueError
            An entry is missing, or no number of its kind, or there are as many rates as for other groups of weights.
        """
        run_and_commit(self.take, self.checked(state_dict))

    def checked(self, state_dict: Mapping[str, Any]) -> tuple[list[float], list[Any], torch.Tensor]:
        """What :meth:`take` takes, from what :meth:`state_dict` gave; nothing is changed."""
        saved = Saved(state_dict, ("last_epoch", "base_lr", "current_lr", "unit"))
        unit, count = saved.entry("unit"), len(self._bases)
        bases = [float(self._number("base_lr", Quantity(x, unit))) for x in saved.reals("base_lr", count)]
        rates = [self._rate(Quantity(x, unit)) for x in saved.reals("current_lr", count)]
        return bases, rates, saved.count("last_epoch", least=None)

    def take(self, bases: list[float], rates: list[Any], epoch: torch.Tensor) -> None:
        """Take over the learning rates to start from, those in use, and the epoch, as :meth:`checked` gives them."""
        before = self._bases
        CONTEXT.frames[-1].on_failure(lambda: setattr(self, "_bases", before))
        self._bases = bases
        self.current_lrs.value = rates
        self.last_epoch.value = epoch

    def _number(self, name: str, lr: Any) -> Any:
        """The number of a learning rate in the unit of `base_lr`; a plain zero has every unit."""
        if not is_quantity(lr) and not isinstance(lr, torch.Tensor) and lr == 0:
            return 0.0
        unit = get_unit(lr)
        if unit.dim != self._unit.dim:
            raise UnitMismatchError(
                f"`{name}` must have the dimension of `base_lr`, which is in {self._unit}. Got {unit}.",
                unit,
                self._unit,
            )
        return get_mantissa(lr) * unit._factor_to(self._unit, "lr")

    def _dressed(self, rate: torch.Tensor) -> Any:
        return rate if self._unit is UNITLESS else Quantity(rate, self._unit)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_lr={', '.join(map(str, self.base_lrs))})"


def _check_rate(lr: Any) -> None:
    """Raise unless a learning rate is a number, and not negative."""
    try:
        base = float(lr)
    except (TypeError, ValueError):
        raise TypeError(
            f"`lr` must be a number, a quantity of one, or an LRScheduler. Got {type(lr).__name__}."
        ) from None
    if not base >= 0:
        raise ValueError(f"`lr` must be zero or positive. Got {base}.")


class ConstantLR(LRScheduler):
    """``base_lr * factor`` before the epoch `total_iters`, and ``base_lr`` from it on.

    Parameters
    ----------
    base_lr, last_epoch
        See :class:`LRScheduler`.
    factor
        The factor at the start.
    total_iters
        How many epochs it holds.

    Notes
    -----
    Source: braintools.optim.ConstantLR (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> float(brainstate.optim.ConstantLR(0.3, factor=0.5, total_iters=2).get_last_lr()[0])
    0.15
    """

    def __init__(self, base_lr: Any = 1e-3, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = 0) -> None:
        self.factor, self.total_iters = factor, total_iters
        super().__init__(base_lr, last_epoch)

    def formula(self, base: float, epoch: torch.Tensor) -> torch.Tensor:
        """See the class."""
        return torch.where(epoch < self.total_iters, torch.full_like(epoch, base * self.factor), base)
