"""What the derivatives demand of inputs and results."""

from collections.abc import Sequence
from typing import Any

import torch

from ..._arrays import is_real, short_dtype
from ..._errors import kind_of
from ...units import Quantity
from .._core.running import Run
from .._core.selection import Inputs

__all__ = ["check_inputs", "checked_result", "checked_scalar"]


def check_inputs(inputs: Inputs, leaves: Sequence[torch.Tensor], holomorphic: bool, allow_int: bool) -> list[int]:
    """The places of integer and boolean leaves.

    Raises
    ------
    TypeError
        A dtype does not suit `holomorphic`, or there are integers and `allow_int` is not set.
    """
    if not holomorphic and all(map(torch.is_floating_point, leaves)):
        return []
    exact: list[int] = []
    for i, leaf in enumerate(leaves):
        if leaf.is_floating_point() and not holomorphic:
            continue
        if holomorphic and not leaf.is_complex():
            raise TypeError(
                f"with `holomorphic=True` every input must be complex. Got dtype {short_dtype(leaf.dtype)} in "
                f"{inputs.name(i)}. Convert it with `.to(torch.complex64)`."
            )
        if not is_real(leaf):
            exact.append(i)
            if not allow_int:
                raise TypeError(
                    f"what is differentiated must have a real or complex dtype. Got {short_dtype(leaf.dtype)} in "
                    f"{inputs.name(i)}. Use `.float()`, or pass `allow_int=True`."
                )
    return exact


def checked_scalar(result: Any, run: Run, holomorphic: bool, unit_aware: bool) -> torch.Tensor:
    """The result as a scalar tensor.

    Raises
    ------
    TypeError
        It is none, it has a unit and the gradient none, or its dtype does not suit `holomorphic`.
    """
    if isinstance(result, torch.Tensor) and result is run.last.output and not holomorphic:
        # The usual case first: a plain scalar.
        plain: torch.Tensor = result
        if not plain.ndim and plain.is_floating_point():
            return plain
    if not unit_aware and isinstance(run.last.output, Quantity):
        raise TypeError(
            f"the gradient is defined for a scalar result without unit. Got one in {run.last.output.unit}. "
            "Pass `unit_aware=True` for a gradient with units, or divide the result by its unit."
        )
    if isinstance(result, (int, float, complex)) and not isinstance(result, bool):
        result = torch.as_tensor(result)
    if not isinstance(result, torch.Tensor):
        raise TypeError(
            f"the gradient is defined for a scalar result. Got {_described(run.last.output)}. "
            "Return one number, or `(loss, aux)` with `has_aux=True`."
        )
    if result.ndim:
        raise TypeError(
            f"the gradient is defined for a scalar result. Got shape {tuple(result.shape)}. "
            "Reduce it with `.sum()` or `.mean()`, or use `vector_grad` or `jacrev`."
        )
    if holomorphic and not result.is_complex():
        raise TypeError(f"with `holomorphic=True` the result must be complex. Got dtype {short_dtype(result.dtype)}.")
    if not holomorphic and result.is_complex():
        raise TypeError(
            f"the gradient is defined for a real result. Got dtype {short_dtype(result.dtype)}. "
            "Take the real part, or pass `holomorphic=True`."
        )
    if not is_real(result):
        raise TypeError(
            f"the gradient is defined for a real-valued result. Got dtype {short_dtype(result.dtype)}. Use `.float()`."
        )
    return result


def checked_result(x: Any, name: str) -> torch.Tensor:
    """One result as a tensor of real or complex dtype.

    Raises
    ------
    TypeError
        It is none.
    """
    if isinstance(x, (int, float, complex)) and not isinstance(x, bool):
        x = torch.as_tensor(x)
    if not isinstance(x, torch.Tensor) or not is_real(x):
        seen = f"dtype {short_dtype(x.dtype)}" if isinstance(x, torch.Tensor) else kind_of(x)
        raise TypeError(f"{name} is defined for results of real or complex dtype. Got {seen}. Use `.float()`.")
    return x


def _described(x: Any) -> str:
    return "None" if x is None else kind_of(x)
