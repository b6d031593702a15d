"""An optimizer of this package as torch's schedulers of learning rates see one."""

from typing import Any

import torch

from ..units import Quantity, get_mantissa, get_unit

__all__ = ["ForTorch"]


class _Group(dict[str, Any]):
    """A group of parameters, whose `lr` is that of the optimizer that moves them."""

    def __init__(self, inner: Any, entries: dict[str, Any]) -> None:
        super().__init__(entries)
        self._inner = inner

    def __getitem__(self, key: str) -> Any:
        return float(get_mantissa(self._inner.current_lr)) if key == "lr" else super().__getitem__(key)

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        if key == "lr":
            self._inner.current_lr = Quantity(float(value), get_unit(self._inner.current_lr))


class ForTorch(torch.optim.Optimizer):
    """What :meth:`Optimizer.for_torch` gives: a `torch.optim.Optimizer` that sets the learning rate of another one.

    Parameters
    ----------
    inner
        The optimizer of this package.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor(1.0))
    >>> optimizer = brainstate.optim.SGD(lr=0.1).register_trainable_weights(w)
    >>> scheduler = torch.optim.lr_scheduler.StepLR(optimizer.for_torch(), 1, gamma=0.5)
    >>> optimizer.update(torch.tensor(1.0))
    >>> scheduler.step()
    >>> round(optimizer.current_lr.item(), 3)
    0.05
    """

    #: torch warns if a scheduler steps before the optimizer, which it detects by calls of this class.
    _opt_called = True

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        rates = [float(get_mantissa(optimizer.current_lr)) for optimizer in inner._all()]
        # The weights are States, and move by `update`: a group holds a tensor that nothing reads.
        groups = [
            _Group(optimizer, {"params": [torch.zeros(())], "lr": rate})
            for optimizer, rate in zip(inner._all(), rates, strict=True)
        ]
        super().__init__(groups, {"lr": rates[0]})

    def step(self, grads: Any) -> None:  # type: ignore[override]
        """Make one step.

        Parameters
        ----------
        grads
            The gradients, as for :meth:`Optimizer.update`.
        """
        self._inner.update(grads)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Nothing: gradients are not kept in the weights.

        Parameters
        ----------
        set_to_none
            Known to torch, without effect.
        """

    def state_dict(self) -> dict[str, Any]:
        """That of the optimizer of this package.

        Returns
        -------
        dict
            The memory, by name.
        """
        found: dict[str, Any] = self._inner.state_dict()
        return found

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """That of the optimizer of this package.

        Parameters
        ----------
        state_dict
            What :meth:`state_dict` returned.
        """
        self._inner.load_state_dict(state_dict)
