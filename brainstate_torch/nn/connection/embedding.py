"""Embedding: a table whose rows are looked up by number."""

from operator import index
from typing import Any, Self

import numpy as np
import torch
import torch.nn.functional as F

from ..._host.functorch import is_transformed
from ..._state import ParamState, State
from ..._state.context import is_transforming
from ...typing import ArrayLike, Size
from ...units import Quantity, get_mantissa, get_unit
from ...units import math as um
from .. import init
from ..module.module import Module
from ..module.operand import operand
from .linear import Init, made

__all__ = ["Embedding"]


class Embedding(Module):
    """The rows of a table by number: ``[*N]`` to ``[*N, *embedding_size]``.

    Parameters
    ----------
    num_embeddings
        The number of rows.
    embedding_size
        The size of each.
    embedding_init
        The table, ``[num_embeddings, *embedding_size]``: an initialiser, a function of the shape, or an array.
    padding_idx
        A row that is zero at first and gets no gradient.
    max_norm
        A row that is looked up and has a larger norm is scaled down to this one; in the unit of the table, if a number.
        The gradient is as if it were not. Outside of transforms the scaled row is kept, too.
    norm_type
        The order of the norm.
    scale_grad_by_freq
        Divide the gradient of a row by how often it is looked up in the call.
    freeze
        The table gets no gradient.
    name
        A name, for display.
    param_type
        The kind of State that holds the table.

    Attributes
    ----------
    weight
        That State.

    Raises
    ------
    ValueError
        `num_embeddings` or `embedding_size` is negative, `embedding_size` is empty, `padding_idx` is not a row, or
        `max_norm` is not positive.
    TypeError
        A size or `padding_idx` is not an integer.

    Notes
    -----
    Source: brainstate.nn.Embedding (0.5.4). Differs: a number below zero or beyond the last row raises, where JAX
    counts from the end or takes the last row; a number as `embedding_init` fills the table; the table may have a unit.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.Embedding(3, 2, embedding_init=torch.tensor([[1., 2.], [3., 4.], [5., 6.]]))
    >>> layer(torch.tensor([2, 0]))
    tensor([[5., 6.],
            [1., 2.]], grad_fn=<...>)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_size: Size,
        embedding_init: Init = init.LecunUniform(),  # noqa: B008
        padding_idx: int | None = None,
        max_norm: float | Quantity | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        freeze: bool = False,
        name: str | None = None,
        param_type: type[State[Any]] = ParamState,
    ) -> None:
        super().__init__(name=name)
        self.num_embeddings = index(num_embeddings)
        if self.num_embeddings < 0:
            raise ValueError(f"`num_embeddings` must not be negative. Got {num_embeddings}.")
        # Sizes may be nested, as brainstate has it.
        self.embedding_size = tuple(index(n) for n in np.asarray(embedding_size).reshape(-1).tolist())
        if not self.embedding_size or min(self.embedding_size) < 0:
            raise ValueError(f"`embedding_size` must be one length or more, none negative. Got {embedding_size!r}.")
        self.out_size = self.embedding_size
        self.padding_idx = None if padding_idx is None else index(padding_idx)
        if self.padding_idx is not None and not 0 <= self.padding_idx < self.num_embeddings:
            raise ValueError(f"`padding_idx` must be a row, from 0 to {self.num_embeddings - 1}. Got {padding_idx}.")
        if max_norm is not None and not get_mantissa(max_norm) > 0:
            raise ValueError(f"`max_norm` must be positive. Got {max_norm}.")
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = bool(scale_grad_by_freq)
        self.freeze = bool(freeze)
        shape = (self.num_embeddings, *self.embedding_size)
        table = um.broadcast_to(made(embedding_init, shape), shape)
        if self.padding_idx is not None:
            rows = torch.arange(self.num_embeddings, device=get_mantissa(table).device)
            rows = rows.reshape(-1, *[1] * len(self.embedding_size))
            table = torch.where(rows == self.padding_idx, torch.zeros_like(table), table)
        self.weight = param_type(table)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: ArrayLike,
        padding_idx: int | None = None,
        max_norm: float | Quantity | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        freeze: bool = True,
        name: str | None = None,
        param_type: type[State[Any]] = ParamState,
    ) -> Self:
        """A layer with a given table, which is not changed, not even the row `padding_idx`.

        Parameters
        ----------
        embeddings
            The table, ``[num_embeddings, *embedding_size]``.
        padding_idx, max_norm, norm_type, scale_grad_by_freq, freeze, name, param_type
            As for the class; the table is frozen unless said otherwise.

        Raises
        ------
        ValueError
            The table has fewer than two axes.
        """
        table = operand(embeddings)
        if table.ndim < 2:
            raise ValueError(f"`embeddings` must have at least two axes. Got shape {tuple(table.shape)}.")
        layer = cls(
            table.shape[0],
            tuple(table.shape[1:]),
            table,
            padding_idx,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            freeze,
            name,
            param_type,
        )
        if padding_idx is not None:
            layer.weight = param_type(table)
        return layer

    def update(self, indices: ArrayLike) -> Any:
        """``[*N]`` integers to ``[*N, *embedding_size]``.

        Raises
        ------
        TypeError
            The indices are not integers.
        IndexError
            One is not a row (on the CPU; CUDA stops the program).
        """
        table = self.weight.value
        places = operand(indices, table)
        if places.is_floating_point() or places.is_complex() or places.dtype == torch.bool:
            raise TypeError(f"`indices` must be integers. Got {places.dtype}.")
        rows = self._lookup(table.detach() if self.freeze else table, places.long())
        return rows if self.max_norm is None else rows + self._excess(table, rows.detach(), places.long())

    def _lookup(self, table: Any, places: torch.Tensor) -> Any:
        rows: Any = F.embedding(places, table.flatten(1), self.padding_idx, scale_grad_by_freq=self.scale_grad_by_freq)
        return rows.unflatten(-1, self.embedding_size)

    def _excess(self, table: Any, rows: Any, places: torch.Tensor) -> Any:
        """The factors that scale rows to `max_norm`. Outside of transforms the scaled rows are written to the table."""
        limit = self.max_norm
        if isinstance(limit, Quantity):
            limit = limit.to_decimal(get_unit(rows))
        norms = torch.linalg.vector_norm(get_mantissa(rows).flatten(places.ndim), self.norm_type, -1)
        scale = (limit / (norms + 1e-8)).clamp(max=1)
        if self.padding_idx is not None:
            scale = torch.where(places == self.padding_idx, 1, scale)
        scaled = rows * scale.reshape(*places.shape, *[1] * len(self.embedding_size))
        # As in brainstate, nothing is written while traced: each lane of a vmap would write another table.
        excess = scaled - rows
        if not (is_transforming() or is_transformed()):
            # The sum keeps the graph of the table, so that a second look-up in the same call has a gradient, too.
            change = excess.detach().reshape(-1, *self.embedding_size)
            self.weight.value = table + (table * 0).detach().index_copy(0, places.reshape(-1), change)
        return excess
