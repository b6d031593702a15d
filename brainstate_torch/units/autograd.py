"""Derivatives of functions with units, in brainunit's order of arguments: the transforms with ``unit_aware=True``."""

import importlib
from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["grad", "hessian", "jacfwd", "jacobian", "jacrev", "value_and_grad", "vector_grad"]


def _transform(name: str) -> Callable[..., Any]:
    # The transforms are in a higher layer: imported at a call, when the package is complete.
    found: Callable[..., Any] = getattr(importlib.import_module("brainstate_torch.transform"), name)
    return found


def grad(
    fun: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False, holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[..., Any]:  # fmt: skip
    """The gradient of a scalar function, in the unit of the result over that of the argument.

    Parameters
    ----------
    fun
        The function.
    argnums
        The place of the argument, or of several.
    has_aux
        Whether the function gives a pair, whose second part is returned unchanged.
    holomorphic, allow_int
        Whether arguments may be complex, or integers.

    Returns
    -------
    Callable
        The function that gives the gradient, or ``(gradient, aux)``.

    Notes
    -----
    Source: brainunit.autograd.grad (0.5.2).

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.autograd.grad(lambda x: x**2)(3.0 * u.mV)
    6.0 mV
    """
    derive: Callable[..., Any] = _transform("grad")(
        fun, argnums=argnums, has_aux=has_aux, holomorphic=holomorphic, allow_int=allow_int, unit_aware=True
    )
    return derive


def value_and_grad(
    fun: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False, holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[..., tuple[Any, Any]]:  # fmt: skip
    """The value of a scalar function and its gradient.

    Parameters
    ----------
    fun, argnums, has_aux, holomorphic, allow_int
        As for :func:`grad`.

    Returns
    -------
    Callable
        The function that gives ``(value, gradient)``, or ``((value, aux), gradient)``.

    Notes
    -----
    Source: brainunit.autograd.value_and_grad (0.5.2).

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.autograd.value_and_grad(lambda x: x**2)(3.0 * u.mV)
    (9.0 mV ** 2, 6.0 mV)
    """
    derive = _transform("grad")(
        fun, argnums=argnums, has_aux=has_aux, holomorphic=holomorphic, allow_int=allow_int, return_value=True,
        unit_aware=True,
    )  # fmt: skip

    def call(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        gradient, value, *aux = derive(*args, **kwargs)
        return ((value, *aux) if has_aux else value), gradient

    return call


def vector_grad(
    func: Callable[..., Any], argnums: int | Sequence[int] = 0, return_value: bool = False, has_aux: bool = False,
    unit_aware: bool = True,
) -> Callable[..., Any]:  # fmt: skip
    """The gradient of the sum of the results: for elementwise functions the derivative of each element.

    Parameters
    ----------
    func, argnums, has_aux
        As for :func:`grad`.
    return_value
        Whether to give the value, too.
    unit_aware
        Whether the gradient has the unit of the result over that of the argument, not that of the argument.

    Returns
    -------
    Callable
        The function that gives the gradient.

    Notes
    -----
    Source: brainunit.autograd.vector_grad (0.5.2).

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.autograd.vector_grad(lambda x: x**2)([3.0, 4.0] * u.mV)
    tensor([6., 8.]) mV
    """
    derive: Callable[..., Any] = _transform("vector_grad")(
        func, argnums=argnums, return_value=return_value, has_aux=has_aux, unit_aware=unit_aware
    )
    return derive


def _jacobian(name: str, doc: str) -> Callable[..., Callable[..., Any]]:
    def derivative(
        fun: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False, holomorphic: bool = False,
        allow_int: bool = False,
    ) -> Callable[..., Any]:  # fmt: skip
        options = {"holomorphic": True} if holomorphic else {}
        if allow_int and name != "jacfwd":
            options["allow_int"] = True
        return _transform(name)(fun, argnums=argnums, has_aux=has_aux, unit_aware=True, **options)  # type: ignore[no-any-return]

    derivative.__name__ = derivative.__qualname__ = name
    derivative.__doc__ = doc
    return derivative


jacrev = jacobian = _jacobian(
    "jacrev",
    """All derivatives of results by arguments, by reverse mode: ``[*out, *in]``, in unit(out) / unit(in).

    Parameters
    ----------
    fun, argnums, has_aux, holomorphic, allow_int
        As for :func:`grad`.

    Returns
    -------
    Callable
        The function that gives the derivatives.

    Notes
    -----
    Source: brainunit.autograd.jacrev (0.5.2).

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.autograd.jacrev(lambda x: x**2)([3.0, 4.0] * u.mV)
    tensor([[6., 0.],
            [0., 8.]]) mV
    """,
)

jacfwd = _jacobian(
    "jacfwd",
    """All derivatives of results by arguments, by forward mode: ``[*out, *in]``, in unit(out) / unit(in).

    Parameters
    ----------
    fun, argnums, has_aux, holomorphic, allow_int
        As for :func:`grad`.

    Returns
    -------
    Callable
        The function that gives the derivatives.

    Notes
    -----
    Source: brainunit.autograd.jacfwd (0.5.2).

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.autograd.jacfwd(lambda x: x**2)([3.0, 4.0] * u.mV)
    tensor([[6., 0.],
            [0., 8.]]) mV
    """,
)


def hessian(
    fun: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False, holomorphic: bool = False
) -> Callable[..., Any]:
    """All second derivatives of a scalar function: ``[*in, *in]``, in unit(out) / unit(in)**2.

    Parameters
    ----------
    fun, argnums, has_aux, holomorphic
        As for :func:`grad`.

    Returns
    -------
    Callable
        The function that gives the derivatives.

    Notes
    -----
    Source: brainunit.autograd.hessian (0.5.2).

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.autograd.hessian(lambda x: (x**3).sum())([1.0, 2.0] * u.mV)
    tensor([[ 6.,  0.],
            [ 0., 12.]]) mV
    """
    options = {"holomorphic": True} if holomorphic else {}
    return _transform("hessian")(fun, argnums=argnums, has_aux=has_aux, unit_aware=True, **options)  # type: ignore[no-any-return]
