"""Weights that carry their operation, as older programs write them."""

from collections.abc import Callable, Mapping
from typing import Any

from .._arrays import as_tensor
from .._errors import kind_of
from .._state import ParamState
from .operations import matmul

__all__ = ["ETraceParam", "ElemWiseOp", "ElemWiseParam", "MatMulOp", "NonTempParam"]


class MatMulOp:
    """The product of an input and the weight of a dict, plus its bias.

    Parameters
    ----------
    weight_mask
        What the weight is multiplied with.
    weight_fn
        Applied to the weight.
    apply_weight_fn_before_mask
        Whether `weight_fn` comes first.

    Notes
    -----
    Source: braintrace.MatMulOp (0.2.6).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.online.MatMulOp()(torch.ones(2), {'weight': torch.ones(2, 1), 'bias': torch.ones(1)})
    tensor([3.])
    """

    def __init__(
        self,
        weight_mask: Any = None,
        weight_fn: Callable[[Any], Any] = lambda w: w,
        apply_weight_fn_before_mask: bool = False,
    ) -> None:
        self.weight_mask = None if weight_mask is None else as_tensor(weight_mask)
        self.weight_fn, self.apply_weight_fn_before_mask = weight_fn, apply_weight_fn_before_mask

    def __call__(self, x: Any, weights: Mapping[str, Any]) -> Any:
        if "weight" not in weights:
            raise ValueError(f"the value of a weight must be a dict with 'weight'. Got the keys {sorted(weights)}.")
        weight = weights["weight"]
        if self.apply_weight_fn_before_mask:
            weight = self.weight_fn(weight)
        if self.weight_mask is not None:
            weight = weight * self.weight_mask
        if not self.apply_weight_fn_before_mask:
            weight = self.weight_fn(weight)
        return matmul(x, weight, weights.get("bias"))


class ElemWiseOp:
    """A function of a weight alone, which enters element by element.

    Parameters
    ----------
    fn
        The function.

    Notes
    -----
    Source: braintrace.ElemWiseOp (0.2.6).
    """

    def __init__(self, fn: Callable[[Any], Any] = lambda w: w) -> None:
        self.fn = fn

    def __call__(self, weights: Any) -> Any:
        return self.fn(weights)


class ETraceParam(ParamState[Any]):
    """A weight and the operation by which it is used.

    Any ParamState is learnt by traces; this one is for programs that call ``execute``.

    Parameters
    ----------
    weight
        The value, such as ``{'weight': ..., 'bias': ...}``.
    op
        Takes an input and the value, such as :class:`MatMulOp`.
    grad
        Accepted so that programs port.
    name
        A name, for display.

    Raises
    ------
    TypeError
        `op` cannot be called.

    Notes
    -----
    Source: braintrace.ETraceParam (0.2.6), deprecated there.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.online.ETraceParam({'weight': torch.ones(2, 1)}, brainstate.online.MatMulOp())
    >>> w.execute(torch.ones(2))
    tensor([2.])
    """

    def __init__(self, weight: Any, op: Callable[..., Any], grad: Any = None, name: str | None = None) -> None:
        if not callable(op):
            raise TypeError(
                f"`op` must be callable. Got {kind_of(op)}. Use MatMulOp, or a function of input and weight."
            )
        super().__init__(weight, name=name)
        self.op = op

    def execute(self, *args: Any) -> Any:
        """The operation on an input.

        Parameters
        ----------
        *args
            The input.

        Returns
        -------
        Any
            The result.
        """
        return self.op(*args, self.value)


class ElemWiseParam(ETraceParam):
    """A weight that enters element by element; ``execute()`` takes no input.

    Parameters
    ----------
    weight
        The value.
    op
        A function of the value.
    name
        A name, for display.

    Notes
    -----
    Source: braintrace.ElemWiseParam (0.2.6), deprecated there.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.online.ElemWiseParam(torch.tensor([-1., 2.]), torch.abs).execute()
    tensor([1., 2.])
    """

    def __init__(self, weight: Any, op: Callable[[Any], Any] = ElemWiseOp(), name: str | None = None) -> None:  # noqa: B008
        super().__init__(weight, op, name=name)


class NonTempParam(ETraceParam):
    """A weight without a trace: it is differentiated within each step alone.

    Parameters
    ----------
    value, op, name
        See :class:`ETraceParam`.

    Notes
    -----
    Source: braintrace.NonTempParam (0.2.6), deprecated there.
    """

    def __init__(self, value: Any, op: Callable[..., Any], name: str | None = None) -> None:
        super().__init__(value, op, name=name)
