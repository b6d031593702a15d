"""Layers that torch.nn has and brainstate lacks, as modules of this package."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F

from ..nn import Linear, Module, init
from ..nn.module.fitting import is_fitting
from ..nn.recurrent.base import Cell, Init

__all__ = ["MovedAxis", "MultiheadAttention", "ResetAfterGRUCell", "TorchMovedAxis", "moved"]


class ResetAfterGRUCell(Cell):
    """torch.nn.GRUCell's gated recurrent unit, with the reset gate after the product::

        r, z = sigmoid(Wx(x)[:2] + Wh(h)[:2])
        n = activation(Wx(x)[2] + r * Wh(h)[2])
        h = (1 - z) * n + z * h

    No weights make it the one of :class:`GRUCell`, which applies the gate before the product.

    Parameters
    ----------
    num_in, num_out
        The numbers of inputs and of hidden units.
    w_init, b_init
        Weights ``[num_in, 3 * num_out]`` and ``[num_out, 3 * num_out]``, and biases, of the linear layers, in the order
        r, z, n.
    state_init
        The hidden state before the first step: an initialiser, a function of the shape, a number or an array.
    activation
        A function, or the name of one in ``brainstate.nn``.
    name
        A name, for display.

    Attributes
    ----------
    Wx, Wh
        The linear layers of the input and of the hidden state.
    h
        The hidden state, after ``init_state``.

    Notes
    -----
    Source: torch.nn.GRUCell (2.13).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> cell = brainstate.interop.ResetAfterGRUCell(1, 1, w_init=torch.zeros, state_init=torch.ones)
    >>> cell.init_state(batch_size=2)
    >>> cell(torch.zeros(2, 1)).flatten()
    tensor([0.5000, 0.5000], grad_fn=<...>)
    """

    def __init__(
        self,
        num_in: int,
        num_out: int,
        w_init: Init = init.XavierNormal(),  # noqa: B008
        b_init: Init | None = init.ZeroInit(),  # noqa: B008
        state_init: Init = init.ZeroInit(),  # noqa: B008
        activation: str | Callable[..., Any] = "tanh",
        name: str | None = None,
    ) -> None:
        super().__init__(num_in, num_out, state_init, activation, name)
        self.Wx = Linear(num_in, 3 * num_out, w_init, b_init)
        self.Wh = Linear(num_out, 3 * num_out, w_init, b_init)

    def update(self, x: Any) -> Any:
        """One step: ``[*N, num_in]`` to ``[*N, num_out]``."""
        old = self.h.value
        rx, zx, nx = self.Wx(x).chunk(3, -1)
        rh, zh, nh = self.Wh(old).chunk(3, -1)
        z = torch.sigmoid(zx + zh)
        h = torch.lerp(self.activation(nx + torch.sigmoid(rx + rh) * nh), old, z)
        self.h.value = h
        return h


class MultiheadAttention(Module):
    """Attention of several heads, as torch.nn.MultiheadAttention computes it.

    Parameters
    ----------
    embed_dim
        The size of a query, and of the result.
    num_heads
        How many heads share it.
    dropout
        The share of the attention that is left out while the model is fitted.
    bias
        Whether the four linear layers have one.
    kdim, vdim
        The sizes of a key and of a value; None: `embed_dim`.
    batch_first
        Whether the axes are ``[*N, L, E]``; if not, ``[L, N, E]``, or ``[L, E]`` without a batch.
    name
        A name, for display.

    Attributes
    ----------
    Wq, Wk, Wv, Wo
        The linear layers of queries, keys, values and the result.

    Raises
    ------
    ValueError
        `num_heads` does not divide `embed_dim`.

    Notes
    -----
    Source: torch.nn.MultiheadAttention (2.13). Differs: the result alone is returned, not the weights.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.interop.MultiheadAttention(4, 2, batch_first=True)
    >>> layer(torch.ones(3, 5, 4)).shape
    torch.Size([3, 5, 4])
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        if embed_dim % num_heads:
            raise ValueError(f"`num_heads` must divide `embed_dim`. Got {num_heads} and {embed_dim}.")
        self.embed_dim, self.num_heads, self.dropout, self.batch_first = embed_dim, num_heads, dropout, batch_first
        b_init = init.ZeroInit() if bias else None
        self.Wq = Linear(embed_dim, embed_dim, b_init=b_init)
        self.Wk = Linear(kdim or embed_dim, embed_dim, b_init=b_init)
        self.Wv = Linear(vdim or embed_dim, embed_dim, b_init=b_init)
        self.Wo = Linear(embed_dim, embed_dim, b_init=b_init)

    def update(
        self, query: Any, key: Any = None, value: Any = None, attn_mask: Any = None, is_causal: bool = False
    ) -> Any:
        """The queries' mixtures of the values.

        Parameters
        ----------
        query, key, value
            Of equal batches, key and value of equal length; None: the one before.
        attn_mask
            True, as in torch, where a query must not look at a key; or a number for each pair that is added.
            ``[L, S]``, or with the axes ``[N, heads]`` or a part of them before.
        is_causal
            Whether a query looks only at keys up to its own place.
        """
        key = query if key is None else key
        value = key if value is None else value
        heads = [self._heads(linear(x)) for linear, x in ((self.Wq, query), (self.Wk, key), (self.Wv, value))]
        if attn_mask is not None and attn_mask.dtype is torch.bool:
            attn_mask = ~attn_mask
        dropout = self.dropout if is_fitting(self) else 0.0
        q, k, v = heads
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=attn_mask, dropout_p=dropout, is_causal=is_causal)
        mixed = mixed.transpose(-3, -2).flatten(-2)
        if not self.batch_first and mixed.ndim == 3:
            mixed = mixed.transpose(0, 1)
        return self.Wo(mixed)

    def _heads(self, x: Any) -> Any:
        """``[*N, heads, L, E / heads]``."""
        if not self.batch_first and x.ndim > 3:
            raise ValueError(
                f"`query`, `key` and `value` must have at most one batch axis without `batch_first`. Got {x.ndim} "
                "axes. Pass batch_first=True."
            )
        if not self.batch_first and x.ndim == 3:
            x = x.transpose(0, 1)
        return x.unflatten(-1, (self.num_heads, -1)).transpose(-3, -2)


class MovedAxis(Module):
    """A layer whose input has an axis at another place: the axis is moved, and afterwards moved back."""

    def __init__(self, inner: Any, source: int, target: int) -> None:
        super().__init__()
        self.inner, self.source, self.target = inner, source, target
        if getattr(inner, "in_size", None) is not None:
            self.in_size = moved(inner.in_size, target, source)
        if getattr(inner, "out_size", None) is not None:
            self.out_size = moved(inner.out_size, target, source)

    def update(self, x: Any) -> Any:
        """What the layer gives for the input with its axis moved, with that moved back."""
        return self.inner(x.movedim(self.source, self.target)).movedim(self.target, self.source)


class TorchMovedAxis(torch.nn.Module):
    """The same for a layer of torch.nn, in a model that was exported."""

    def __init__(self, inner: torch.nn.Module, source: int, target: int) -> None:
        super().__init__()
        self.inner, self.source, self.target = inner, source, target

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """What the layer gives for the input with its axis moved, with that moved back."""
        found: torch.Tensor = self.inner(x.movedim(self.source, self.target))
        return found.movedim(self.target, self.source)


def moved(size: Sequence[int], source: int, target: int) -> tuple[int, ...]:
    """A size with one entry at another place; both places are negative."""
    rest = list(size)
    n = rest.pop(source)
    rest.insert(len(size) + target, n)
    return tuple(rest)
