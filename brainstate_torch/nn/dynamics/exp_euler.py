"""exp_euler_step: one step of the exponential Euler method."""

import functools
from collections.abc import Callable
from typing import Any

import torch

from ... import _tree, environ, random
from ..._arrays import as_tensor
from ..._host.dispatch import dispatch_modes
from ..._host.functorch import is_transformed, pulled_back
from ..._state.context import CONTEXT
from ...transform import vector_grad
from ...transform._derivative.reverse import can_recompute
from ...units import Quantity, Unit, UnitMismatchError, get_mantissa, get_unit, is_quantity
from ...units.exprel import exprel_of
from ..module.operand import operand

__all__ = ["exp_euler_step"]


def exp_euler_step(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """One step of the exponential Euler method for ``dy/dt = fn(y, ...)``, exact where `fn` is linear in `y`.

    ``y + dt * exprel(dt * J) * fn(y)`` with ``exprel(z) = (exp(z) - 1) / z``, and for ``J`` the gradient of the sum of
    `fn`: in a population, the derivative of each element's drift by its own value. With a diffusion `g`,
    ``g(y) * sqrt(dt) * normal`` is added. The time step is ``environ``'s `dt`.

    Parameters
    ----------
    fn
        The drift, called as ``fn(y, ...)``; ``unit(fn) = unit(y) / unit(dt)``.
    *args
        The diffusion, if there is one: a function called as the drift is, ``unit(g) = unit(y) / sqrt(unit(dt))``. Then
        `y`, floating, ``[*N]``, and what else the functions take.
    **kwargs
        What else the functions take.

    Returns
    -------
    Tensor or Quantity
        The next `y`, ``[*N]``, in its unit.

    Raises
    ------
    TypeError
        `fn` is not a function, `y` is missing, or the drift does not return a floating value of the right unit.
    ValueError
        `y` does not hold floating numbers, or the diffusion has another unit.
    KeyError
        ``environ`` has no `dt`.

    Notes
    -----
    Source: brainstate.nn.exp_euler_step (0.5.4). As in brainstate, `J` is not a Jacobian: if elements depend on each
    other, the column sums of the Jacobian take its place. Differs: where no transform of torch.func and no gradient is
    around, `J` comes from autograd directly, at a third of the cost.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> with brainstate.environ.context(dt=0.5):
    ...     brainstate.nn.exp_euler_step(lambda y: -y, torch.tensor(1.)), torch.tensor(-0.5).exp()
    (tensor(0.6065), tensor(0.6065))
    """
    if not callable(fn):
        raise TypeError(f"`fn` must be callable. Got {type(fn).__name__}.")
    diffusion = args[0] if args and callable(args[0]) else None
    args = args if diffusion is None else args[1:]
    if not args:
        raise TypeError("`args` must hold the variable `y` after the functions. Got nothing. Pass the value to step.")
    y = operand(args[0])
    inner, unit = get_mantissa(y), get_unit(y)
    if not inner.is_floating_point():
        raise ValueError(
            f"`y` must hold floating numbers. Got {str(inner.dtype).removeprefix('torch.')}. Convert it first."
        )
    dt = environ.get_dt()
    rate = _Rate(fn, y, args[1:], kwargs)
    slope, drift, exprel = rate.linearised(inner)
    step = get_mantissa(dt) * _in_unit("drift", unit, rate.unit, get_unit(dt))
    result = inner + step * exprel(step * slope) * drift
    if diffusion is not None:
        noise = diffusion(y, *args[1:], **kwargs)
        scale = get_mantissa(dt) ** 0.5 * _in_unit("diffusion", unit, get_unit(noise), get_unit(dt))
        result = result + get_mantissa(noise) * scale * random.randn_like(inner)
    return Quantity._make(result, unit) if is_quantity(y) else result


class _Rate:
    """The drift as a function of plain numbers, and its derivative."""

    def __init__(self, fn: Callable[..., Any], y: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.fn, self.args, self.kwargs = fn, args, kwargs
        self.y_unit = get_unit(y) if is_quantity(y) else None
        self.unit: Unit | None = None

    def __call__(self, inner: torch.Tensor) -> torch.Tensor:
        y = inner if self.y_unit is None else Quantity._make(inner, self.y_unit)
        rate = self.fn(y, *self.args, **self.kwargs)
        self.unit = get_unit(rate)
        found = get_mantissa(rate)
        found = as_tensor(found) if isinstance(found, (float, torch.Tensor)) else found
        if not isinstance(found, torch.Tensor) or not found.is_floating_point():
            raise TypeError(
                f"`fn` must return a floating tensor or quantity. Got {getattr(found, 'dtype', type(found).__name__)}."
            )
        return found

    def linearised(self, inner: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, Callable[[Any], Any]]:
        """The gradient of the sum of the drift, the drift, and a form of exprel that suits the use of the result."""
        if is_transformed() or dispatch_modes():
            return *vector_grad(self, return_value=True)(inner), exprel_of
        recording = torch.is_grad_enabled()
        with torch.enable_grad():
            # A view, so that only the argument is differentiated: other uses of the same tensor in the drift are
            # constants.
            x = inner.view_as(inner) if recording and inner.requires_grad else inner.detach().requires_grad_()
            drift = self(x)
        if not drift.requires_grad:
            return torch.zeros_like(inner), drift, exprel_of
        ones = torch.ones_like(drift)
        if recording and (inner.requires_grad or can_recompute() or not _depends_only_on(x, drift)):
            slope = torch.autograd.grad(drift, x, ones, create_graph=True, allow_unused=True)[0]
            return torch.zeros_like(inner) if slope is None else slope, drift, exprel_of
        slope = pulled_back([drift], [ones], [x])[0]
        _release_written()
        return slope, drift.detach(), _exprel_without_derivative


def _depends_only_on(x: torch.Tensor, result: torch.Tensor) -> bool:
    """Whether `x` is the only autograd leaf that a result was computed from."""
    seen, pending = set(), [result.grad_fn]
    while pending:
        node: Any = pending.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        leaf = getattr(node, "variable", None)
        if leaf is not None and leaf is not x:
            return False
        pending += [inner for inner, _ in node.next_functions]
    return True


def _release_written() -> None:
    """Cut the States that the drift wrote from the graph, which would grow from step to step."""
    for state in CONTEXT.frames[-1].written() if CONTEXT.frames else ():
        value = state._get()
        if any(isinstance(leaf, torch.Tensor) and leaf.requires_grad for leaf in _tree.leaves(value)):
            state.restore_value(
                _tree.map(lambda leaf: leaf.detach() if isinstance(leaf, torch.Tensor) else leaf, value)
            )


def _exprel_without_derivative(z: torch.Tensor) -> torch.Tensor:
    """The relative exponential: exact, but not differentiable next to zero."""
    return torch.where(z == 0, 1.0, torch.expm1(z) / z)


@functools.lru_cache(maxsize=256)
def _in_unit(part: str, unit: Unit, rate: Unit, time: Unit) -> float:
    """The factor to the unit of `y` for the number of ``drift * t`` or ``diffusion * sqrt(t)``.

    Raises
    ------
    UnitMismatchError
        The drift has another dimension than ``y / t``.
    ValueError
        The diffusion has another dimension than ``y / sqrt(t)``.
    """
    change = rate * (time if part == "drift" else time**0.5)
    if change.dim == unit.dim:
        return float(change._factor_to(unit, "exp_euler_step"))
    expected = f"the unit of `y` over that of {'`dt`' if part == 'drift' else 'the root of `dt`'}"
    text = f"the {part} must have {expected}. Got {rate}, where `y` has {unit} and `dt` has {time}."
    if part == "drift":
        raise UnitMismatchError(text, rate, unit)
    raise ValueError(f"{text} A unit mismatch between drift and diffusion.")
