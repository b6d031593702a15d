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
        The learning rate to start from, a number or a quantity.
    last_epoch
        The epoch to start at.

    Attributes
    ----------
    last_epoch, current_lrs
        The States of the epoch, and of the learning rate in a list.

    Raises
    ------
    TypeError
        The learning rate is not a number.
    ValueError
        It is negative, or there are several.

    Notes
    -----
    Source: braintools.optim.LRScheduler (0.3.0). Differs: a subclass defines `formula` in the place of `get_lr`; there
    is one learning rate; it is of double width.

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
        self._base, self._unit = _split(base_lr)
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
        """The learning rate to start from, in a list."""
        return [self._base if self._unit is UNITLESS else Quantity(self._base, self._unit)]

    def get_lr(self) -> list[Any]:
        """The learning rate that the formula gives now, in a list.

        Returns
        -------
        list of float
            One learning rate.
        """
        epoch = self.last_epoch.value.to(torch.float64)
        return [self._dressed(self.formula(self._base, epoch))]

    def get_last_lr(self) -> list[Any]:
        """The learning rate in use, in a list.

        Returns
        -------
        list of float
            One learning rate.
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
        """Put the formula's learning rate through a function, until the next step.

        Parameters
        ----------
        apply_fn
            Takes a learning rate, returns one.
        """
        self.set_current(apply_fn(self.get_lr()[0]))

    def set_current(self, lr: Any) -> None:
        """Use another learning rate until the next step.

        Parameters
        ----------
        lr
            The learning rate.

        Raises
        ------
        UnitMismatchError
            It has another dimension than `base_lr`.
        """
        number = self._number("lr", lr)
        if isinstance(number, (int, float)):
            rate = torch.full((), number, dtype=torch.float64, device=self.last_epoch.value.device)
        else:
            rate = torch.as_tensor(number, dtype=torch.float64)
        self.current_lrs.value = [self._dressed(rate)]

    def state_dict(self) -> dict[str, Any]:
        """The epoch and the learning rates, as tensors and numbers.

        Returns
        -------
        dict
            By name.
        """
        current = get_mantissa(self.current_lrs.value[0])
        return {
            "last_epoch": self.last_epoch.value.detach().as_subclass(torch.Tensor).clone(),
            "base_lr": self._base,
            "current_lr": current.detach().as_subclass(torch.Tensor).clone(),
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
            An entry is missing, or no number of its kind.
        """
        run_and_commit(self.take, self.checked(state_dict))

    def checked(self, state_dict: Mapping[str, Any]) -> tuple[float, torch.Tensor, torch.Tensor]:
        """What :meth:`take` takes, from what :meth:`state_dict` gave; nothing is changed."""
        saved = Saved(state_dict, ("last_epoch", "base_lr", "current_lr", "unit"))
        unit = saved.entry("unit")
        base = float(self._number("base_lr", Quantity(saved.real("base_lr"), unit)))
        current = self._number("lr", Quantity(saved.real("current_lr"), unit))
        return base, torch.as_tensor(current, dtype=torch.float64), saved.count("last_epoch", least=None)

    def take(self, base: float, current: torch.Tensor, epoch: torch.Tensor) -> None:
        """Take over the learning rate to start from, the one in use, and the epoch, as :meth:`checked` gives them."""
        before = self._base
        CONTEXT.frames[-1].on_failure(lambda: setattr(self, "_base", before))
        self._base = base
        self.current_lrs.value = [self._dressed(current)]
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
        return f"{type(self).__name__}(base_lr={self.base_lrs[0]})"


def _split(base_lr: Any) -> tuple[float, Any]:
    if isinstance(base_lr, (list, tuple)):
        if len(base_lr) != 1:
            raise ValueError(f"`base_lr` must be one learning rate. Got {len(base_lr)}. Use an optimizer for each.")
        base_lr = base_lr[0]
    mantissa, unit = get_mantissa(base_lr), get_unit(base_lr)
    try:
        base = float(mantissa)
    except (TypeError, ValueError):
        raise TypeError(
            f"`lr` must be a number, a quantity of one, or an LRScheduler. Got {type(base_lr).__name__}."
        ) from None
    if not base >= 0:
        raise ValueError(f"`lr` must be zero or positive. Got {base}.")
    return base, unit


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
