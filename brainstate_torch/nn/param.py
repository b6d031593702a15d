"""Param: a value that is trained under a constraint; Const: one that is not trained."""

import logging
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch

from .. import environ
from .._arrays import is_arraylike
from .._errors import TraceContextError
from .._state import ParamState, State
from .._state.call_frame import in_graph
from .._state.context import is_transforming
from ..transform import jit_error_if
from ..typing import ArrayLike, Size
from ..units import Quantity, get_mantissa, get_unit, is_quantity
from ..units import math as um
from .module.constants import constant, moved
from .module.module import Module
from .module.param_owner import ParamLike
from .param_transforms import IdentityT, Transform
from .param_transforms.formulas import held, with_unit
from .regularization import Regularization

__all__ = ["Const", "Param"]

_LOG = logging.getLogger(__name__)


class _Cached(NamedTuple):
    """A value, and the unconstrained numbers that it was computed from."""

    source: Any
    value: Any
    versions: tuple[int | None, int | None]

    def fits(self, source: Any) -> bool:
        """Whether the cached value is still valid for these unconstrained values."""
        return self.source is source and self.versions == (_version(source), _version(self.value))


class Param(ParamLike, Module):
    """A value that is trained under a constraint: what the State `val` holds are unconstrained numbers.

    ``value()`` is ``t.forward(val)``. Gradients and optimizers see `val`, at the path ``(..., 'val')``, so every step
    they make gives a value that `t` allows.

    Parameters
    ----------
    value
        The value, ``[*N]``, in the range of `t`; it gets the dtype of `environ`.
    t
        The transform from unconstrained numbers to the value.
    reg
        What the value costs, see :meth:`reg_loss`.
    precompute
        A function that is applied to the value after `t`.
    fit
        Train it. Otherwise `val` is a plain tensor and not a State: no transform, optimizer or ``state_dict`` sees it.
    enable_cache_logging
        Log at level INFO what happens to the cache.

    Raises
    ------
    ValueError
        The value is outside the range of `t`, or `reg` is no Regularization.
    TypeError
        `t` is no Transform, `precompute` no function, or `value` no number.

    Notes
    -----
    Source: brainstate.nn.Param (0.5.4). Differs: a value outside the range of `t` is refused, not stored as nan; a
    value that is set is converted to dtype, device and unit of the old one; :meth:`clip` does not apply `precompute` to
    what it stores; a complex value stays complex. The cache is valid for the very numbers it was computed from: within
    a gradient, or after a step of torch.optim, it does not count.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> import brainstate_torch.units as u
    >>> tau = brainstate.nn.Param(10. * u.ms, t=brainstate.nn.SoftplusT(1. * u.ms))
    >>> tau.value(), tau.val.value
    (10.0 ms, tensor(8.9999))
    >>> brainstate.transform.grad(lambda: tau.value().to_decimal(u.ms), tau.states())()
    {('val',): tensor(0.9999)}
    """

    # Not part of the graph: a copy or an update starts without a cache.
    graph_invisible_attrs: ClassVar[tuple[str, ...]] = ("_cached",)  # type: ignore[misc]
    _cached: _Cached | None = None
    val: Any

    def __init__(
        self,
        value: ArrayLike,
        t: Transform = IdentityT(),  # noqa: B008
        reg: Regularization | None = None,
        precompute: Callable[[Any], Any] | None = None,
        fit: bool = True,
        enable_cache_logging: bool = False,
    ) -> None:
        super().__init__()
        if not isinstance(t, Transform):
            raise TypeError(f"`t` must be an instance of Transform. Got {type(t).__name__}.")
        if reg is not None and not isinstance(reg, Regularization):
            raise ValueError(f"`reg` must be None or an instance of Regularization. Got {type(reg).__name__}.")
        if precompute is not None and not callable(precompute):
            raise TypeError(f"`precompute` must be a function or None. Got {type(precompute).__name__}.")
        self.fit, self.t, self.reg, self.precompute = fit, t, reg, precompute
        self._enable_cache_logging = enable_cache_logging
        given = um.asarray(value)
        given = given.to(environ.dctype() if given.is_complex() else environ.dftype())
        val = constant(self._unconstrained(given))
        self.val = ParamState(val) if fit else val

    def value(self) -> Any:
        """The value, ``[*N]``: ``precompute(t.forward(val))``, or what :meth:`cache` keeps of it.

        Returns
        -------
        Tensor or Quantity
            The value, ``[*N]``.
        """
        source = self._source()
        cached = self._cached
        if cached is not None:
            if cached.fits(source):
                self._log("HIT")
                return cached.value
            self._log("INVALIDATED: the parameter has other numbers")
        return self._computed(source)

    def cache(self) -> Any:
        """Compute the value and keep it until the unconstrained numbers change or :meth:`clear_cache`; return it.

        Returns
        -------
        Tensor or Quantity
            The value, ``[*N]``.
        """
        source = self._source()
        value = self._computed(source)
        self._cached = _Cached(source, value, (_version(source), _version(value)))
        self._log("filled")
        return value

    def clear_cache(self) -> None:
        """Forget the value that :meth:`cache` keeps."""
        if self._cached is not None:
            self._cached = None
            self._log("INVALIDATED: it was cleared")

    @property
    def cache_stats(self) -> dict[str, bool]:
        """Whether there is a cached value, and whether it is valid: ``'has_cached_value'`` and ``'valid'``."""
        valid = self._cached is not None and self._cached.fits(self._source())
        return {"valid": valid, "has_cached_value": valid}

    def set_value(self, value: ArrayLike) -> None:
        """Set the value, in the range of `t`; dtype, device and unit stay.

        Parameters
        ----------
        value
            The value, ``[*N]``, in the unit of the present one.

        Raises
        ------
        ValueError
            The value is outside the range of `t`.
        TypeError
            The value is complex, and the old one is not.
        UnitMismatchError
            The value has another dimension than the old one.
        TraceContextError
            The value is not trained (``fit=False``), and a transform is active, which could not undo the change.
        """
        old = um.asarray(self._source())
        new = self._unconstrained(_like(value, get_mantissa(old)))
        if is_quantity(old) or is_quantity(new):
            new = um.asarray(new, unit=get_unit(old))
        if isinstance(self.val, State):
            self.val.value = new
        elif not is_transforming():
            self.val = constant(new)
        else:
            raise TraceContextError(
                "a Param with `fit=False` must be set outside of transforms. Got an active transform. "
                "Set it before, or use `fit=True`."
            )
        self.clear_cache()

    def clip(self, min_val: Any = None, max_val: Any = None) -> None:
        """Hold the value between bounds, which have its unit; None is no bound.

        Parameters
        ----------
        min_val, max_val
            The bounds, in the unit of the value.

        Raises
        ------
        ValueError
            A bound is outside the range of `t`.
        """
        self.set_value(held(self.t.forward(self._source()), min_val, max_val))

    @in_graph
    def reg_loss(self) -> Any:
        """What the value costs; 0.0 without `reg`, or if it is not trained.

        Returns
        -------
        Tensor or float
            The cost, a number.
        """
        return self.reg.loss(self.value()) if self.fit and self.reg is not None else 0.0

    def reset_to_prior(self) -> None:
        """Set the value to ``reg.reset_value()``, in the shape of the present one; nothing without `reg`.

        Raises
        ------
        ValueError
            That value does not broadcast to the shape, or is outside the range of `t`.
        """
        if self.reg is None:
            return
        old, new = self.t.forward(self._source()), self.reg.reset_value()
        if isinstance(new, float) and new == 0.0:
            new = with_unit(new, get_unit(old))  # Zero needs no unit.
        shape = um.shape(old)
        if len(um.shape(new)) > len(shape) or not _agree(um.shape(new), shape):
            raise ValueError(
                f"`reg.reset_value()` must broadcast to the shape {tuple(shape)} of the value. "
                f"Got {tuple(um.shape(new))}."
            )
        self.set_value(um.broadcast_to(um.asarray(new), tuple(shape)))

    @classmethod
    def init(
        cls,
        data: "Callable[..., Any] | ArrayLike | Param | None",
        sizes: Size | None = None,
        allow_none: bool = True,
        **param_kwargs: Any,
    ) -> "Param | None":
        """What a layer makes of the argument for a parameter: a Param as it is, anything else a :class:`Const`.

        Parameters
        ----------
        data
            A number, an array, a Param, or a function of the shape, such as an initialiser.
        sizes
            The shape that the value must broadcast with.
        allow_none
            Let None pass.
        **param_kwargs
            Further arguments of the function.

        Raises
        ------
        ValueError
            `data` is None, its shape does not fit, or it is a function and there are no sizes.
        TypeError
            `data` is something else.
        """
        if data is None:
            if allow_none:
                return None
            raise ValueError("`data` must be a number, an array, a Param or a function. Got None.")
        shape = None if sizes is None else _as_shape(sizes)
        if not isinstance(data, Param):
            data = Const(_made(data, shape, param_kwargs))
        if shape is not None and not _agree(um.shape(data.value()), shape):
            raise ValueError(
                f"the shape of the parameter `data` must broadcast with {shape}. Got {tuple(um.shape(data.value()))}, "
                "which does not match with the given size."
            )
        return data

    def _source(self) -> Any:
        """What `val` holds."""
        return self.val.value if isinstance(self.val, State) else self.val

    def _computed(self, source: Any) -> Any:
        value = self.t.forward(source)
        if value is source and not self.fit:
            value = um.asarray(source).clone()  # Otherwise a write in place would change the constant.
        return value if self.precompute is None else self.precompute(value)

    def _unconstrained(self, value: Any) -> Any:
        val = self.t.inverse(value)
        bad = torch.isnan(get_mantissa(val)).any() & ~torch.isnan(get_mantissa(value)).any()
        jit_error_if(bad, f"`value` must be in the range of {self.t!r}. Got a number outside of it.")
        return val

    def _log(self, event: str) -> None:
        if self._enable_cache_logging:
            _LOG.info("cache of %s %#x: %s", type(self).__name__, id(self), event)

    def _apply_to_constants(self, fn: Callable[[torch.Tensor], torch.Tensor]) -> None:
        vars(self).update(moved({"t": self.t} if self.fit else {"t": self.t, "val": self.val}, fn))

    def __pretty_repr_item__(self, k: Any, v: Any) -> tuple[Any, Any] | None:
        return None if k in ("_enable_cache_logging", "precompute") else super().__pretty_repr_item__(k, v)


class Const(Param):
    """A value that is not trained: a :class:`Param` with ``fit=False``. It can be set all the same.

    Parameters
    ----------
    value
        The value.
    **param_kwargs
        The other arguments of :class:`Param`.

    Raises
    ------
    ValueError
        `fit` is true.

    Notes
    -----
    Source: brainstate.nn.Const (0.5.4). Differs: the value cannot be written in place, and follows ``to()``.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> c = brainstate.nn.Const(torch.tensor([1., 2.]))
    >>> c.value(), c.states()
    (tensor([1., 2.]), {})
    """

    def __init__(self, value: ArrayLike, **param_kwargs: Any) -> None:
        if param_kwargs.pop("fit", False):
            raise ValueError("`fit` must be False for a Const: it is non-trainable. Got True. Use Param.")
        super().__init__(value, fit=False, **param_kwargs)


def _version(x: Any) -> int | None:
    """How often a tensor was written in place, which an optimizer does."""
    mantissa = x.mantissa if isinstance(x, Quantity) else x
    return mantissa._version if isinstance(mantissa, torch.Tensor) and not mantissa.is_inference() else None


def _like(value: Any, old: torch.Tensor) -> Any:
    """A value as a tensor or quantity with dtype and device of the old one."""
    value = um.asarray(value)
    mantissa = get_mantissa(value)
    if mantissa.is_complex() and not old.is_complex():
        raise TypeError(f"`value` must be real, as the old one of dtype {old.dtype} is. Got dtype {mantissa.dtype}.")
    mantissa = mantissa.to(device=old.device, dtype=old.dtype)
    return Quantity(mantissa, get_unit(value)) if is_quantity(value) else mantissa


def _as_shape(sizes: Any) -> tuple[int, ...]:
    if isinstance(sizes, (tuple, list)):
        return tuple(sizes)
    if isinstance(sizes, (int, np.integer)):
        return (int(sizes),)
    raise ValueError(f"`sizes` must be an integer or a tuple of integers. Got {type(sizes).__name__}.")


def _made(data: Any, shape: tuple[int, ...] | None, kwargs: dict[str, Any]) -> Any:
    if callable(data):
        if shape is None:
            raise ValueError("`sizes` must be given where `data` is a function. Got None: the size must be provided.")
        data = data(shape, **kwargs)
    if is_arraylike(data) or is_quantity(data):
        return data
    raise TypeError(
        f"`data` must be a number, an array, a Param or a function. Got {type(data).__name__}, "
        "an unknown parameter type."
    )


def _agree(first: Any, second: tuple[int, ...]) -> bool:
    """Whether two shapes broadcast with each other."""
    return all(a == b or 1 in (a, b) for a, b in zip(reversed(first), reversed(second), strict=False))
