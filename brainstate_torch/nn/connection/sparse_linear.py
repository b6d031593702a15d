"""SparseLinear: a layer whose weight is a sparse matrix."""

from typing import Any

import torch

from ..._state import ParamState, State
from ...typing import Size
from ...units import UNITLESS
from ...units import math as um
from ...units._doors import attach, detach
from ...units.sparse import COO, SparseMatrix
from ..module.module import Module
from ..module.operand import operand
from .linear import Init, made

__all__ = ["SparseLinear"]


class SparseLinear(Module):
    """``x @ weight + bias`` with a sparse matrix, of which the numbers that are stored are learned.

    Parameters
    ----------
    spar_mat
        The matrix, ``[in, out]``: of ``units.sparse``, or a sparse tensor of torch.
    b_init
        The bias, ``[out]``: an initialiser, a function of the shape, or an array; None for no bias.
    in_size
        The size without batch axes, one length; None: that of the matrix.
    name
        A name, for display.
    param_type
        The kind of State that holds ``{'weight': ..., 'bias': ...}``, the weight as ``[nse]``.

    Attributes
    ----------
    weight
        That State. The buffers `row` and `col`, ``[nse]``, hold the indices of its numbers.

    Raises
    ------
    TypeError
        `spar_mat` is no sparse matrix.
    ValueError
        `in_size` is not that of the matrix, or the input has another length.

    Notes
    -----
    Source: brainstate.nn.SparseLinear (0.5.4). Differs: takes sparse tensors of torch too, and inputs with any
    number of axes in front; the gradient by the weight is right for a single vector too.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> matrix = brainstate.units.sparse.CSR.fromdense(torch.tensor([[0., 3.], [4., 0.]]))
    >>> layer = brainstate.nn.SparseLinear(matrix)
    >>> layer(torch.tensor([1., 10.])), layer.weight.value['weight']
    (tensor([40.,  3.], grad_fn=<...>), tensor([3., 4.]))
    """

    def __init__(
        self,
        spar_mat: Any,
        b_init: Init | None = None,
        in_size: Size | None = None,
        name: str | None = None,
        param_type: type[State[Any]] = ParamState,
    ) -> None:
        super().__init__(name=name)
        matrix = _as_matrix(spar_mat)
        self.in_size, self.out_size = matrix.shape[0] if in_size is None else in_size, matrix.shape[1]
        if self.in_size != matrix.shape[:1]:
            raise ValueError(f"`in_size` must be ({matrix.shape[0]},), as the matrix has it. Got {self.in_size}.")
        self.row, self.col = torch.nn.Buffer(matrix.row), torch.nn.Buffer(matrix.col)
        params = {"weight": matrix.data}
        if b_init is not None:
            params["bias"] = made(b_init, self.out_size)
        self.weight = param_type(params)

    def update(self, x: Any) -> Any:
        """``[*N, in]`` to ``[*N, out]``."""
        inner, x_unit = detach(operand(x, self.row))
        if inner.shape[-1:] != self.in_size:
            raise ValueError(
                f"`x` must have {self.in_size[0]} elements in its last axis, as `in_size` has. "
                f"Got shape {tuple(inner.shape)}."
            )
        params = self.weight.value
        weight, unit = detach(params["weight"])
        # torch.func refuses torch's own sparse products.
        products = inner.index_select(-1, self.row) * weight
        y = attach(products.new_zeros(*inner.shape[:-1], *self.out_size).index_add(-1, self.col, products), unit)
        y = y if x_unit is UNITLESS else y * x_unit
        return y + params["bias"] if "bias" in params else y


def _as_matrix(x: Any) -> SparseMatrix:
    if isinstance(x, SparseMatrix):
        return x
    inner, unit = detach(x)
    if not isinstance(inner, torch.Tensor) or inner.layout == torch.strided:
        raise TypeError(
            "`spar_mat` must be a matrix of `units.sparse` or a sparse tensor of torch. "
            f"Got {type(x).__name__}. Make one with `units.sparse.CSR.fromdense`."
        )
    stored = inner.to_sparse_coo().coalesce()  # type: ignore[no-untyped-call]
    row, col = stored.indices()
    return COO((attach(um.asarray(stored.values()), unit), row, col), shape=inner.shape)
