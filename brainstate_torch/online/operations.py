"""Operations by which weights enter, under braintrace's names.

There they mark what is learnt; here they compute, and any operation of torch with the same result is learnt alike.
"""

from collections.abc import Callable
from typing import Any

from ..units import math

__all__ = ["einsum", "element_wise", "embedding", "grouped_matmul", "lora_matmul", "matmul"]

Fn = Callable[[Any], Any] | None


def _of(fn: Fn, x: Any) -> Any:
    return x if fn is None else fn(x)


def _plus(y: Any, bias: Any, bias_fn: Fn) -> Any:
    return y if bias is None else y + _of(bias_fn, bias)


def matmul(x: Any, weight: Any, bias: Any = None, *, weight_fn: Fn = None, bias_fn: Fn = None) -> Any:
    """``x @ weight + bias``.

    Parameters
    ----------
    x
        ``[*B, I]``.
    weight
        ``[I, O]``.
    bias
        ``[O]``.
    weight_fn, bias_fn
        Applied to `weight` and `bias`.

    Returns
    -------
    Tensor or Quantity
        ``[*B, O]``, in ``unit(x) * unit(weight)``.

    Notes
    -----
    Source: braintrace.matmul (0.2.6).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.online.matmul(torch.ones(2), torch.full((2, 1), -3.), weight_fn=torch.abs)
    tensor([6.])
    """
    return _plus(math.matmul(x, _of(weight_fn, weight)), bias, bias_fn)


def grouped_matmul(x: Any, weight: Any, bias: Any = None, *, weight_fn: Fn = None, bias_fn: Fn = None) -> Any:
    """A product for each of G groups.

    Parameters
    ----------
    x
        ``[*B, G, I]``.
    weight
        ``[G, I, O]``.
    bias
        ``[G, O]``.
    weight_fn, bias_fn
        Applied to `weight` and `bias`.

    Returns
    -------
    Tensor or Quantity
        ``[*B, G, O]``.

    Notes
    -----
    Source: braintrace.grouped_matmul (0.2.6).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.online.grouped_matmul(torch.ones(2, 3), torch.ones(2, 3, 1))
    tensor([[3.],
            [3.]])
    """
    return _plus(math.einsum("...gi,gio->...go", x, _of(weight_fn, weight)), bias, bias_fn)


def element_wise(weight: Any, *, weight_fn: Fn = None) -> Any:
    """A weight that enters element by element.

    Parameters
    ----------
    weight
        The weight.
    weight_fn
        Applied to it.

    Returns
    -------
    Tensor or Quantity
        What `weight_fn` gives.

    Notes
    -----
    Source: braintrace.element_wise (0.2.6).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.online.element_wise(torch.tensor([0.]), weight_fn=torch.sigmoid)
    tensor([0.5000])
    """
    return _of(weight_fn, weight)


def embedding(indices: Any, weight: Any, *, weight_fn: Fn = None) -> Any:
    """Rows of a table.

    Parameters
    ----------
    indices
        Integers ``[*B]``.
    weight
        ``[V, E]``.
    weight_fn
        Applied to `weight`.

    Returns
    -------
    Tensor or Quantity
        ``[*B, E]``.

    Notes
    -----
    Source: braintrace.embedding (0.2.6).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.online.embedding(torch.tensor(1), torch.tensor([[1.], [2.]]))
    tensor([2.])
    """
    table = _of(weight_fn, weight)
    return table[indices] if getattr(indices, "ndim", 1) else table[indices.reshape(1)][0]


def einsum(equation: str, x: Any, weight: Any, *, weight_fn: Fn = None) -> Any:
    """The sum of products that an equation names.

    Parameters
    ----------
    equation
        As for :func:`torch.einsum`, with two operands.
    x, weight
        The operands.
    weight_fn
        Applied to `weight`.

    Returns
    -------
    Tensor or Quantity
        In ``unit(x) * unit(weight)``.

    Notes
    -----
    Source: braintrace.einsum (0.2.6).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.online.einsum('bi,io->bo', torch.ones(1, 2), torch.ones(2, 1))
    tensor([[2.]])
    """
    return math.einsum(equation, x, _of(weight_fn, weight))


def lora_matmul(
    x: Any,
    B: Any,
    A: Any,
    *,
    alpha: float = 1.0,
    bias: Any = None,
    b_fn: Fn = None,
    a_fn: Fn = None,
    bias_fn: Fn = None,
) -> Any:
    """``alpha * x @ (B @ A) + bias``: one trace, for the product of both weights.

    Parameters
    ----------
    x
        ``[*B, I]``.
    B, A
        ``[I, R]`` and ``[R, O]``.
    alpha
        A factor.
    bias
        ``[O]``.
    b_fn, a_fn, bias_fn
        Applied to `B`, `A` and `bias`.

    Returns
    -------
    Tensor or Quantity
        ``[*B, O]``.

    Notes
    -----
    Source: braintrace.lora_matmul (0.2.6).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.online.lora_matmul(torch.ones(3), torch.ones(3, 1), torch.ones(1, 2), alpha=0.5)
    tensor([1.5000, 1.5000])
    """
    weight = alpha * math.matmul(_of(b_fn, B), _of(a_fn, A))
    return _plus(math.matmul(x, weight), bias, bias_fn)
