"""Derivatives against differences: ``jax.test_util``."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from ... import random, transform
from ...units import math
from . import derivatives, tree

__all__ = ["check_grads", "check_jvp", "check_vjp"]

_STEP = 1e-4
#: JAX's tolerances for derivatives.
_TOLERANCES = {torch.float16: 1e-2, torch.float32: 2e-3, torch.complex64: 1e-3, torch.complex128: 1e-5}


def check_jvp(
    f: Callable[..., Any],
    f_jvp: Callable[..., Any],
    args: Sequence[Any],
    atol: float | None = None,
    rtol: float | None = None,
    eps: float = _STEP,
    err_msg: str = "",
) -> None:
    """Demand that a forward derivative agrees with differences, along a random direction."""
    args = _tensors(args)
    along = tree.map(_direction, args)
    value, slope = f_jvp(args, along)
    _demand(value, f(*args), atol, rtol, err_msg)
    _demand(slope, _difference(f, args, along, eps), atol, rtol, err_msg)


def check_vjp(
    f: Callable[..., Any],
    f_vjp: Callable[..., Any],
    args: Sequence[Any],
    atol: float | None = None,
    rtol: float | None = None,
    eps: float = _STEP,
    err_msg: str = "",
) -> None:
    """Demand that a reverse derivative agrees with differences, along a random direction."""
    args = _tensors(args)
    value, back = f_vjp(*args)
    _demand(value, f(*args), atol, rtol, err_msg)
    along, weights = tree.map(_direction, args), tree.map(_direction, value)
    pushed = _difference(f, args, along, eps)
    _demand(_product(back(weights), along), _product(weights, pushed), atol, rtol, err_msg)


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: int,
    modes: Sequence[str] = ("fwd", "rev"),
    atol: float | None = None,
    rtol: float | None = None,
    eps: float | None = None,
) -> None:
    """Demand that derivatives up to an order agree with differences.

    Parameters
    ----------
    f
        The function.
    args
        Its arguments.
    order
        The highest order.
    modes
        ``fwd``, ``rev`` or both.
    atol, rtol
        Tolerances; JAX's if None.
    eps
        The length of a difference.

    Raises
    ------
    AssertionError
        They do not.
    """
    more = {"atol": atol, "rtol": rtol, "eps": eps or _STEP}
    args = _tensors(args)

    def push(primals: Any, tangents: Any) -> Any:
        return transform.jvp(f, primals, tangents)

    def pull(*primals: Any) -> Any:
        value, back = derivatives.vjp(f, *primals)
        return back(value)

    if "fwd" in modes or "lin" in modes:
        check_jvp(f, push, args, err_msg="JVP", **more)  # type: ignore[arg-type]
        if order > 1:
            check_grads(push, (args, args), order - 1, modes, atol, rtol, eps)
    if "rev" in modes:
        check_vjp(f, lambda *primals: derivatives.vjp(f, *primals), args, err_msg="VJP", **more)  # type: ignore[arg-type]
        if order > 1:
            check_grads(pull, args, order - 1, modes, atol, rtol, eps)


def _tensors(args: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(tree.map(lambda x: x if isinstance(x, torch.Tensor) else math.asarray(x), tuple(args)))


def _direction(x: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        drawn: torch.Tensor = random.randn(*x.shape)
        return drawn.to(x.dtype)


def _difference(f: Callable[..., Any], args: Any, along: Any, eps: float) -> Any:
    ahead = f(*tree.map(lambda x, d: x + eps * d, args, along))
    behind = f(*tree.map(lambda x, d: x - eps * d, args, along))
    return tree.map(lambda a, b: (a - b) * (0.5 / eps), ahead, behind)


def _product(a: Any, b: Any) -> torch.Tensor:
    parts = [(x * y).sum().to(torch.float64) for x, y in zip(tree.leaves(a), tree.leaves(b), strict=True)]
    return torch.stack(parts).sum()


def _demand(x: Any, y: Any, atol: float | None, rtol: float | None, err_msg: str) -> None:
    for a, b in zip(tree.leaves(x), tree.leaves(y), strict=True):
        usual = _TOLERANCES.get(b.dtype, 1e-5) if a.dtype == b.dtype else 2e-3
        torch.testing.assert_close(
            a,
            b,
            rtol=usual if rtol is None else rtol,
            atol=usual if atol is None else atol,
            check_dtype=False,
            msg=lambda found: f"{err_msg}: {found}" if err_msg else found,
        )
