"""Transform: the base of all transforms of parameters."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NoReturn, Self

import torch

from ..module.constants import moved

__all__ = ["Transform"]


class Transform(ABC):
    """Base of the maps from unconstrained numbers to the values of a parameter.

    A subclass defines :meth:`forward` and :meth:`inverse`; a call is `forward`. Unless a class says otherwise, both
    work element by element, ``[*N]`` to ``[*N]``, the unconstrained numbers are plain, and the values have the unit of
    the bounds: gradients by the unconstrained numbers are comparable, whatever the unit of the parameter.

    Notes
    -----
    Source: brainstate.nn.Transform (0.5.4). Differs: without a unit the result is a plain tensor; values in another
    unit of the same dimension are converted.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> class SquareT(brainstate.nn.Transform):
    ...     def forward(self, x):
    ...         return x ** 2
    ...     def inverse(self, y):
    ...         return y ** 0.5
    >>> param = brainstate.nn.Param(torch.tensor([4., 9.]), t=SquareT())
    >>> param.val.value, param.value()
    (tensor([2., 3.]), tensor([4., 9.]))
    """

    def __call__(self, x: Any) -> Any:
        return self.forward(x)

    @abstractmethod
    def forward(self, x: Any) -> Any:
        """The values of unconstrained numbers.

        Parameters
        ----------
        x
            Unconstrained numbers, ``[*N]``.

        Returns
        -------
        Tensor or Quantity
            The values, ``[*N]``.
        """

    @abstractmethod
    def inverse(self, y: Any) -> Any:
        """The unconstrained numbers of values; nan for a value that the transform cannot have, unless said otherwise.

        Parameters
        ----------
        y
            Values, ``[*N]``.

        Returns
        -------
        Tensor
            The unconstrained numbers, ``[*N]``.

        Raises
        ------
        UnitMismatchError
            The dimension of the values is not that of the transform.
        """

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """The logarithm of the volume change from `x` to ``y = forward(x)``, ``[*N, K]`` to ``[*N]``.

        Where values have a unit, they are counted in the unit of the (lower) bound.

        Parameters
        ----------
        x
            Unconstrained numbers.
        y
            Their values.

        Returns
        -------
        Tensor
            The logarithm.

        Raises
        ------
        NotImplementedError
            The class has none.
        """
        self._refuse_log_det()

    def _refuse_log_det(self) -> NoReturn:
        raise NotImplementedError(
            f"{type(self).__name__} must define `log_abs_det_jacobian` for this. Got a call of a transform without it. "
            "Override the method in a subclass."
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def _moved(self, fn: Callable[[torch.Tensor], torch.Tensor]) -> Self:
        """The same transform with its tensors moved, as by ``to()``."""
        twin = copy.copy(self)
        vars(twin).update(moved(vars(self), fn))
        return twin
