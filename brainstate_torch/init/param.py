"""param: the value of a model's parameter, made from the argument for it."""

from typing import Any

from .._arrays import is_arraylike
from .._state import State
from ..nn.init import param as _param
from ..nn.init.base import as_shape
from ..nn.param import Param
from ..typing import Size
from ..units import is_quantity

__all__ = ["param"]


def param(
    init: Any,
    sizes: Size,
    batch_size: int | None = None,
    allow_none: bool = True,
    allow_scalar: bool = True,
    **param_kwargs: Any,
) -> Any:
    """The value of a parameter that is given by an initialiser, a function of the size, an array, a State or a Param.

    Parameters
    ----------
    init
        Where the value comes from. A number is returned as it is; a State or Param gets the value, and is returned.
    sizes
        The shape.
    batch_size
        The length of a batch axis in front.
    allow_none, allow_scalar
        Let None and numbers pass.
    **param_kwargs
        Keywords for an initialiser or function.

    Returns
    -------
    Tensor, Quantity, number, State, Param or None
        The value, ``[*sizes]`` or ``[batch_size, *sizes]``.

    Raises
    ------
    ValueError
        The shape does not broadcast to `sizes`, or None or a number is not allowed.
    TypeError
        `init` is none of these.

    Notes
    -----
    Source: braintools.init.param (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.init.param(brainstate.init.Constant(2.), (2,)), brainstate.init.param(0.5, (2,))
    (tensor([2., 2.]), 0.5)
    """
    if isinstance(init, Param):
        init.set_value(_param(init.value(), sizes, batch_size))
        return init
    if isinstance(init, State):
        value = _param(init.value, sizes, batch_size, allow_scalar=allow_scalar)
        init.restore_value(value)
        return init
    if callable(init):
        # The result of a function may be one number for all, but must fit the shape.
        def made(shape: Any) -> Any:
            return init(shape, **param_kwargs)

        shape = as_shape(sizes)
        return _param(made(shape if batch_size is None else (batch_size, *shape)), shape, None)
    if init is not None and not is_arraylike(init) and not is_quantity(init):
        raise TypeError(
            "`init` must be a number, an array, an initialiser, a State or a Param: unknown parameter type. "
            f"Got {type(init).__name__}."
        )
    return _param(init, sizes, batch_size, allow_none, allow_scalar)
