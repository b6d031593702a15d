"""vjp and jvp: products of the Jacobian with a vector, from the left and from the right."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, overload

import torch

from ... import _tree
from ..._arrays import as_tensor, is_arraylike, is_real, short_dtype
from ..._errors import kind_of
from ..._host import functorch as _func
from ..._state import State
from ...units import UNITLESS, Quantity, Unit, get_unit
from .._core.functional import checked_arguments
from .._core.memory import apart
from .._core.running import Run, off_tape
from .._core.selection import Inputs, Selection
from .._core.signatures import Aux, T
from .checks import checked_result
from .exact import Exact
from .gradient_transform import Argnums, GradStates

__all__ = ["jvp", "vjp"]


@overload
def vjp(
    fun: Callable[..., T],
    *primals: Any,
    grad_states: GradStates = None,
    argnums: Argnums = 0,
    has_aux: Literal[False] = False,
) -> tuple[T, Callable[[T], Any]]: ...


@overload
def vjp(
    fun: Callable[..., tuple[T, Aux]],
    *primals: Any,
    grad_states: GradStates = None,
    argnums: Argnums = 0,
    has_aux: Literal[True],
) -> tuple[T, Callable[[T], Any], Aux]: ...


@overload
def vjp(
    fun: Callable[..., Any],
    *primals: Any,
    grad_states: GradStates = None,
    argnums: Argnums = 0,
    has_aux: bool = False,
) -> tuple[Any, ...]: ...


def vjp(
    fun: Callable[..., Any],
    *primals: Any,
    grad_states: GradStates = None,
    argnums: Argnums = 0,
    has_aux: bool = False,
) -> tuple[Any, ...]:
    """Run a function and return its result with the pullback of its Jacobian.

    Parameters
    ----------
    fun
        Returns tensors or quantities in any pytree.
    *primals
        The arguments.
    grad_states, argnums
        What the pullback differentiates; without `grad_states` the first argument. Negative argnums count from the end.
        With ``argnums=None`` only the States are differentiated.
    has_aux
        Whether `fun` returns a pair of its result and anything else.

    Returns
    -------
    tuple
        ``(result, pullback)``, or ``(result, pullback, aux)``. The pullback takes a cotangent, a tree like the result
        and in its units, and gives one gradient for each input in the form that the table of return forms gives, in the
        unit of the input. It can be called any number of times and changes no State; the States that `fun` wrote are
        committed by `vjp` itself.

    Raises
    ------
    ValueError
        There is nothing to differentiate; an index in `argnums` is out of range or stands twice; a State of
        `grad_states` was not used; in the pullback, the cotangent has another structure, shape or unit than the result.

    Notes
    -----
    Source: brainstate.transform.vjp (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor([1., 2.]))
    >>> y, pull = brainstate.transform.vjp(lambda x: w.value * x, torch.tensor([3., 4.]), grad_states=w)
    >>> y, pull(torch.tensor([1., 10.]))
    (tensor([3., 8.]), (tensor([ 3., 40.]), tensor([ 1., 20.])))
    """
    args, _ = checked_arguments(primals, {}, [fun])
    inputs = Inputs(Selection(grad_states, _from_the_left(argnums, len(args), grad_states)), args)
    exact = Exact(inputs, inputs.leaves, holomorphic=False, allow_int=True)

    with Run(fun, inputs, {}, has_aux=has_aux, return_value=True) as run:

        def checked(*free: torch.Tensor) -> tuple[tuple[torch.Tensor, ...], tuple[torch.Tensor, ...]]:
            result, carried = run(exact.merged(free))
            results = result if isinstance(result, tuple) else (result,)
            return tuple([checked_result(x, "vjp") for x in results]), carried

        results, pull, tensors = _func.vjp(checked, *exact.free, has_aux=True)
        ran = run.last
        # The pullback keeps results of which it computes the derivative.
        carried = ran.carried([x.clone() for x in off_tape(tensors, inputs)])
        ran.commit(carried)

    def pullback(cotangent: Any) -> Any:
        given = _conj(_like("the cotangent", cotangent, ran.spec, ran.units, results))
        found = exact.completed(_conj(off_tape(apart(pull(tuple(given)), given), inputs)))
        return inputs.arrange([_dressed(x, unit) for x, unit in zip(found, inputs.units, strict=True)])

    return (carried.value, pullback, carried.aux) if has_aux else (carried.value, pullback)


def _from_the_left(argnums: Argnums, count: int, grad_states: GradStates) -> Argnums:
    """`argnums` with negative indices counted from the left; None where the States alone are differentiated."""
    if argnums is None or count == 0:
        if not _tree.leaves(grad_states, is_leaf=lambda x: isinstance(x, State)):
            raise ValueError(
                "vjp has nothing to differentiate. Got no arguments and no `grad_states`. Pass one or the other."
            )
        return None
    several = isinstance(argnums, (tuple, list))
    places = []
    for place in argnums if isinstance(argnums, (tuple, list)) else (argnums,):
        if not isinstance(place, int) or not -count <= place < count:
            raise ValueError(f"`argnums` is out of range: it must name arguments of {count}. Got {place!r}.")
        places.append(place % count)
    if len(set(places)) < len(places):
        raise ValueError(f"`argnums` must not contain duplicate arguments. Got {argnums} for {count} arguments.")
    return tuple(places) if several else places[0]


def _dressed(x: Any, unit: Unit | None) -> Any:
    return x if unit is None or not isinstance(x, torch.Tensor) else Quantity._make(x, unit)


def _conj(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Torch pulls back by the conjugate transpose, JAX by the transpose."""
    return [x.conj().resolve_conj() if x.is_complex() else x for x in tensors]


def _like(
    name: str, tree: Any, spec: _tree.Spec, units: Sequence[Unit | None], tensors: Sequence[torch.Tensor]
) -> list[torch.Tensor]:
    """The mantissas of a tree that has to be like another in structure, shapes and units."""
    entries, found = _tree.flatten(tree, is_leaf=lambda x: type(x) is Quantity)
    if found != spec:
        raise ValueError(f"{name} must have the structure {spec}. Got {found}.")
    mantissas = []
    for entry, unit, tensor in zip(entries, units, tensors, strict=True):
        own = get_unit(entry)
        if own != (unit or UNITLESS):
            raise ValueError(f"{name} must have the unit {unit or UNITLESS}. Got {own}. Multiply it with that unit.")
        mantissa = entry.mantissa if isinstance(entry, Quantity) else entry
        if not is_arraylike(mantissa):
            raise ValueError(f"{name} must be made of tensors. Got {kind_of(mantissa)}.")
        mantissa = as_tensor(mantissa)
        if mantissa.shape != tensor.shape:
            raise ValueError(f"{name} must have the shape {tuple(tensor.shape)}. Got {tuple(mantissa.shape)}.")
        mantissas.append(mantissa.to(tensor.dtype))
    return mantissas


@overload
def jvp(
    fun: Callable[..., T], primals: Sequence[Any], tangents: Sequence[Any], *, has_aux: Literal[False] = False
) -> tuple[T, T]: ...


@overload
def jvp(
    fun: Callable[..., tuple[T, Aux]], primals: Sequence[Any], tangents: Sequence[Any], *, has_aux: Literal[True]
) -> tuple[T, T, Aux]: ...


@overload
def jvp(
    fun: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], *, has_aux: bool = False
) -> tuple[Any, ...]: ...


def jvp(
    fun: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], *, has_aux: bool = False
) -> tuple[Any, ...]:
    """Run a function and return its result with the derivative along a direction.

    Parameters
    ----------
    fun
        Returns tensors or quantities in any pytree.
    primals
        A tuple or list of the arguments. States are constants; what `fun` writes to them is committed.
    tangents
        The direction: trees like the primals, in their units.
    has_aux
        Whether `fun` returns a pair of its result and anything else.

    Returns
    -------
    tuple
        ``(result, tangent)``, or ``(result, tangent, aux)``. The tangent is a tree like the result, in its units.

    Raises
    ------
    TypeError
        `primals` or `tangents` is not a tuple or list, or a tangent has another structure, unit or dtype than its
        primal.
    ValueError
        A tangent has another shape than its primal.

    Notes
    -----
    Source: brainstate.transform.jvp (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.transform.jvp(lambda x: x ** 2, (torch.tensor([1., 2.]),), (torch.tensor([1., 10.]),))
    (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    for name, value in (("primals", primals), ("tangents", tangents)):
        if not isinstance(value, (tuple, list)):
            raise TypeError(f"`{name}` must be a tuple or list of arguments. Got {kind_of(value)}.")
    args, _ = checked_arguments(primals, {}, [fun])
    directions, _ = checked_arguments(tangents, {}, [fun])
    if not args:
        raise TypeError("`primals` must hold at least one argument. Got none.")
    inputs = Inputs(Selection(None, tuple(range(len(args)))), args)
    direction = _direction(directions, inputs)
    for i, leaf in enumerate(inputs.leaves):
        if not is_real(leaf):
            raise TypeError(f"jvp needs real or complex primals. Got {short_dtype(leaf.dtype)} in {inputs.name(i)}.")

    with Run(fun, inputs, {}, has_aux=has_aux, return_value=True) as run:

        def arrays(*leaves: torch.Tensor) -> tuple[tuple[torch.Tensor, ...], tuple[torch.Tensor, ...]]:
            result, carried = run(leaves)
            return tuple([as_tensor(x) for x in (result if isinstance(result, tuple) else (result,))]), carried

        results, tangent, tensors = off_tape(
            _func.jvp(arrays, tuple(inputs.leaves), tuple(direction), has_aux=True), inputs
        )
        tangent = apart(tangent, [*direction, *tensors])
        ran = run.last
        carried = ran.carried(tensors)
        ran.commit(carried)
    rows = zip(tangent, results, ran.units, strict=True)
    # torch makes the tangent of a 0-d tensor times a Python number 64 bit wide.
    out = _tree.unflatten(ran.spec, [_dressed(t.to(x.dtype), unit) for t, x, unit in rows])
    return (carried.value, out, carried.aux) if has_aux else (carried.value, out)


def _direction(tangents: Sequence[Any], inputs: Inputs) -> list[torch.Tensor]:
    """The mantissas of the tangents, checked against the primals."""
    entries, spec = _tree.flatten(([], list(tangents)), is_leaf=lambda x: type(x) is Quantity)
    if spec != inputs.spec:
        raise TypeError(
            f"`tangents` must have the structure of `primals`, {inputs.spec.children[1]}. Got {spec.children[1]}."
        )
    mantissas = []
    for i, (entry, unit, leaf) in enumerate(zip(entries, inputs.units, inputs.leaves, strict=True)):
        name = inputs.name(i)
        own = get_unit(entry)
        if own != (unit or UNITLESS):
            raise TypeError(f"the tangent of {name} must have the unit {unit or UNITLESS}. Got {own}.")
        mantissa = as_tensor(entry.mantissa if isinstance(entry, Quantity) else entry)
        if mantissa.shape != leaf.shape:
            raise ValueError(
                f"the tangent of {name} must have the shape {tuple(leaf.shape)}. Got {tuple(mantissa.shape)}."
            )
        if mantissa.dtype != leaf.dtype:
            raise TypeError(
                f"the tangent of {name} must have the dtype {short_dtype(leaf.dtype)}. "
                f"Got {short_dtype(mantissa.dtype)}."
            )
        # torch's in-place changes of shape go through to the tangent, which is the user's.
        mantissas.append(mantissa.view_as(mantissa))
    return mantissas
