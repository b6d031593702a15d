"""fwd_grad: an estimate of the gradient from random directions, in forward mode alone."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from ... import random
from ..._arrays import as_tensor
from ..._errors import kind_of
from ..._host.functorch import along_directions, jvp
from ...typing import Missing, SeedOrKey
from ...units import Quantity
from .._core.running import Run
from .checks import check_inputs
from .gradient_transform import Argnums, GradientTransform, GradStates, checked_keywords
from .naming import public_name
from .reverse import Pure, Tensors
from .signatures import shown_as_gradient

__all__ = ["fwd_grad"]

_MISSING = Missing()


@public_name("fwd_grad")
def random_directions(
    fun: Pure,
    argnums: int = 0,
    has_aux: bool = True,
    *,
    tangent_size: int | None = None,
    drct_der_clip: float | None = None,
    key: SeedOrKey | None = None,
    unit_aware: bool = False,
) -> Callable[[Sequence[torch.Tensor], Run], tuple[list[Any], Tensors]]:
    """The base transform of ``fwd_grad``: v (J v), averaged over directions v."""

    def estimate(leaves: Sequence[torch.Tensor], run: Run) -> tuple[list[Any], Tensors]:
        check_inputs(run.inputs, leaves, holomorphic=False, allow_int=False)
        source = random.DEFAULT if key is None else random.RandomState(key)
        before = source.value
        try:
            return along(_directions(leaves, tangent_size, source), tuple(leaves), run)
        except BaseException:
            source.value = before
            raise

    def along(directions: list[torch.Tensor], leaves: Tensors, run: Run) -> tuple[list[Any], Tensors]:
        def pure(leaves: Tensors) -> tuple[torch.Tensor, Tensors]:
            result, carried = fun(leaves, run)
            return _checked_scalar(result, run, unit_aware), carried

        def push(*tangents: torch.Tensor) -> tuple[torch.Tensor, Tensors]:
            value, slope, carried = jvp(pure, (leaves,), (tangents,), has_aux=True)
            return slope.to(value.dtype), carried

        if tangent_size is None:
            slope, carried = push(*directions)
        else:
            slope, carried = along_directions(push, directions)
        if drct_der_clip is not None:
            slope = slope.clamp(-drct_der_clip, drct_der_clip)
        if tangent_size is None:
            return [v * slope for v in directions], carried
        return [torch.tensordot(slope, v, 1) / tangent_size for v in directions], carried

    return estimate


def _directions(leaves: Sequence[torch.Tensor], count: int | None, source: random.RandomState) -> list[torch.Tensor]:
    """Standard normal directions, one tensor for each leaf, of shape ``[count, *leaf]`` where there is a count."""
    first = () if count is None else (count,)
    return [as_tensor(source.randn(*first, *leaf.shape)).to(dtype=leaf.dtype, device=leaf.device) for leaf in leaves]


def _checked_scalar(result: Any, run: Run, unit_aware: bool) -> torch.Tensor:
    if isinstance(run.last.output, Quantity) and not unit_aware:
        raise TypeError(
            f"fwd_grad is defined for a scalar result without unit. Got one in {run.last.output.unit}. "
            "Pass `unit_aware=True`, or divide the result by its unit."
        )
    if isinstance(result, (int, float)):
        result = as_tensor(result)
    if not isinstance(result, torch.Tensor):
        raise TypeError(f"fwd_grad is defined for a scalar result. Got {kind_of(run.last.output)}.")
    if result.ndim:
        raise ValueError(
            f"fwd_grad is defined for scalar-output functions only. Got shape {tuple(result.shape)}. "
            "Use vector_grad, jacfwd or jacrev."
        )
    return result


@shown_as_gradient
def fwd_grad(
    func: Any = _MISSING,
    grad_states: GradStates = None,
    argnums: Argnums = None,
    return_value: bool = False,
    has_aux: bool | None = None,
    tangent_size: int | None = None,
    drct_der_clip: float | None = None,
    key: SeedOrKey | None = None,
    *,
    unit_aware: bool = False,
    check_states: bool = True,
    **kwargs: Any,
) -> Any:
    """An unbiased estimate of the gradient of a scalar function, in forward mode.

    For a standard normal direction v it is v times the derivative along v. It needs no memory for a backward pass; its
    variance grows with the number of inputs.

    Parameters
    ----------
    func, grad_states, argnums, return_value, has_aux, unit_aware, check_states
        See :func:`grad`.
    tangent_size
        The number of directions to average over; None for a single one.
    drct_der_clip
        Clip the derivative along each direction to this absolute value.
    key
        A seed or key for the directions; by default they come from ``random.DEFAULT``.
    **kwargs
        `debug_nan`, see :func:`grad`.

    Returns
    -------
    GradientTransform
        Called with the arguments of the function; :func:`grad` has the table of what it returns.

    Raises
    ------
    ValueError
        `tangent_size` is not positive; at a call, the result is not a scalar.
    TypeError
        At a call: an input is an integer, or the result has a unit and `unit_aware` is not set.

    Notes
    -----
    Source: brainstate.transform.fwd_grad (0.5.4). Differs: Python floats and units work; lists of argnums give tuples.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> estimate = brainstate.transform.fwd_grad(lambda x: (x ** 2).sum(), tangent_size=10000, key=0)
    >>> estimate(torch.tensor([1., -2.])).round()
    tensor([ 2., -4.])
    """
    if tangent_size is not None and (not isinstance(tangent_size, int) or tangent_size < 1):
        raise ValueError(f"`tangent_size` must be a positive int or None. Got {tangent_size!r}.")
    flags = {"tangent_size": tangent_size, "drct_der_clip": drct_der_clip, "key": key, "unit_aware": unit_aware}
    keywords = checked_keywords("fwd_grad", kwargs, grad_states, argnums, return_value, has_aux, check_states)

    def make(target: Callable[..., Any]) -> GradientTransform[..., Any]:
        return GradientTransform(target, random_directions, transform_params=flags, unit_aware=unit_aware, **keywords)

    return make if isinstance(func, Missing) else make(func)
