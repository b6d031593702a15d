"""grad and vector_grad, and the object that both return."""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from ... import _tree
from ..._state import State
from ...typing import Missing
from .._core.draws import random_state
from .._core.functional import checked_arguments
from .._core.memory import apart
from .._core.running import Carried, Ran, Run, off_tape, pure
from .._core.selection import Inputs, Selection
from .._watch.nonfinite import check_finite
from .naming import name_of
from .reverse import ENGINES, Engine, scalar_gradient, vector_gradient
from .unit_ratio import with_input_units, with_unit_ratio

__all__ = ["Argnums", "GradStates", "GradientTransform", "checked_keywords", "grad", "vector_grad"]

GradStates = State[Any] | Sequence[Any] | Mapping[Any, Any] | None
_MISSING = Missing()
Argnums = int | Sequence[int] | None


class GradientTransform:
    """A function together with a derivative of it: what ``grad``, ``vector_grad`` and the other derivatives return.

    :func:`grad` has the table of what a call returns. The gradient is taken at the values that States have when the
    function is entered. What the function writes is committed once after the call, all or nothing: if anything raises,
    every State is what it was.

    Parameters
    ----------
    target
        The function to differentiate.
    transform
        The base transform, called once as ``transform(fun, argnums=0, has_aux=True, **transform_params)``. `fun` takes
        a tuple of tensors and an opaque object and returns ``(loss, aux)``; the base returns a function of the same
        arguments that gives ``(one gradient for each tensor, aux)``. ``torch.func.grad`` is one.
    grad_states
        A State, or a list, tuple, dict or nesting of States.
    argnums, return_value, has_aux, check_states, debug_nan, unit_aware
        See :func:`grad`.
    transform_params
        Keywords for the base transform.

    Raises
    ------
    TypeError
        At construction: `target` is not callable, or a leaf of `grad_states` no State.
    ValueError
        At construction: `argnums` is not a non-negative int or a sequence of them. At a call: as :func:`grad`.
    RuntimeError
        At a call: a gradient is not finite, with `debug_nan`.

    Notes
    -----
    Source: brainstate.transform.GradientTransform (0.5.4). Differs: the base transform sees one flat tuple of tensors
    in the place of dicts by id and shifted argnums; a decorated method is bound to its instance.

    Examples
    --------
    Gradients scaled by a base transform defined here:

    >>> import torch, brainstate_torch as brainstate
    >>> def scaled(fun, argnums, has_aux, factor):
    ...     base = torch.func.grad(fun, argnums=argnums, has_aux=has_aux)
    ...     def gradient(*args):
    ...         grads, aux = base(*args)
    ...         return [factor * g for g in grads], aux
    ...     return gradient
    >>> f = brainstate.transform.GradientTransform(torch.square, scaled, transform_params={'factor': 10.})
    >>> f(torch.tensor(3.))
    tensor(60.)
    """

    def __init__(
        self,
        target: Callable[..., Any],
        transform: Callable[..., Any],
        grad_states: GradStates = None,
        argnums: Argnums = None,
        return_value: bool = False,
        has_aux: bool = False,
        transform_params: Mapping[str, Any] | None = None,
        check_states: bool = True,
        debug_nan: bool = False,
        *,
        unit_aware: bool = False,
    ) -> None:
        if not callable(target):
            raise TypeError(f"the function to differentiate must be callable. Got a {type(target).__name__}.")
        self.target, self.transform = target, transform
        self.return_value, self.has_aux = bool(return_value), bool(has_aux)
        self.check_states, self.debug_nan, self.unit_aware = check_states, debug_nan, unit_aware
        self._selection = Selection(grad_states, argnums)
        self._params = dict(transform_params or {})
        self._transform = transform(pure, argnums=0, has_aux=True, **self._params)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The derivative at these arguments, in the form that the table of return forms gives."""
        if torch.is_inference_mode_enabled():
            # autograd records nothing there, not even on request, and would answer with zeros.
            with torch.inference_mode(False):
                return self(*_tree.map(_recordable, args), **_tree.map(_recordable, kwargs))
        positional, named = checked_arguments(args, kwargs) if args or kwargs else ((), kwargs)
        inputs = Inputs(self._selection, positional)
        leaves = tuple(inputs.leaves)
        before = random_state() if self.debug_nan else None
        with Run(
            self.target,
            inputs,
            named,
            has_aux=self.has_aux,
            return_value=self.return_value,
            check_states=self.check_states,
        ) as run:
            raw, tensors = self._transform(leaves, run)
            raw, tensors = off_tape(apart(raw, tensors), inputs), off_tape(tensors, inputs)
            if self.debug_nan:
                check_finite(raw, lambda: self._transform(leaves, run), before, phase=name_of(self.transform))
            ran = run.last
            carried = ran.carried(tensors)
            result = self._arranged(self._derivative(raw, inputs, ran), carried)
            ran.commit(carried)
        return result

    def _derivative(self, raw: Any, inputs: Inputs, ran: Ran) -> Any:
        """The derivative part G of the result, from what the base transform gave."""
        return inputs.arrange((with_unit_ratio if self.unit_aware else with_input_units)(raw, inputs, ran))

    def _arranged(self, derivative: Any, carried: Carried) -> Any:
        if not self.return_value:
            return (derivative, carried.aux) if self.has_aux else derivative
        return (derivative, carried.value, carried.aux) if self.has_aux else (derivative, carried.value)

    def __get__(self, instance: Any, owner: Any = None) -> "GradientTransform":
        """As a method of a class it is bound to the instance; `argnums` count what comes after ``self``."""
        if instance is None or not hasattr(self.target, "__get__"):
            return self
        bound = copy.copy(self)
        bound.target = self.target.__get__(instance, owner)
        return bound

    def __repr__(self) -> str:
        states = f"{len(self._selection.states)} States" if self._selection.states else "None"
        shown = {
            "target": getattr(self.target, "__qualname__", repr(self.target)),
            "grad_states": states,
            "argnums": self._selection.argnums,
            "return_value": self.return_value,
            "has_aux": self.has_aux,
            "unit_aware": self.unit_aware,
            "transform": name_of(self.transform),
            **self._params,
        }
        return f"GradientTransform({', '.join(f'{k}={v}' for k, v in shown.items())})"


class VectorGradientTransform(GradientTransform):
    """What ``vector_grad`` returns: without `unit_aware` its gradients are plain."""

    def _derivative(self, raw: Any, inputs: Inputs, ran: Ran) -> Any:
        return inputs.arrange(with_unit_ratio(raw, inputs, ran) if self.unit_aware else raw)


def _recordable(x: Any) -> Any:
    return x.clone() if isinstance(x, torch.Tensor) and x.is_inference() else x


def checked_keywords(
    name: str,
    extra: dict[str, Any],
    grad_states: GradStates,
    argnums: Argnums,
    return_value: bool,
    has_aux: bool | None,
    check_states: bool,
) -> dict[str, Any]:
    """The keywords of :class:`GradientTransform` that every derivative takes.

    Raises
    ------
    TypeError
        `extra` holds another keyword than `debug_nan`.
    """
    for key in extra:
        if key != "debug_nan":
            raise TypeError(f"{name}() takes `debug_nan` besides its own keywords. Got `{key}`.")
    return {
        **extra,
        "grad_states": grad_states,
        "argnums": argnums,
        "return_value": return_value,
        "has_aux": bool(has_aux),
        "check_states": check_states,
    }


def checked_engine(engine: Engine) -> Engine:
    """The engine.

    Raises
    ------
    ValueError
        There is none of that name.
    """
    if engine not in ENGINES:
        raise ValueError(f"`engine` must be one of {', '.join(map(repr, ENGINES))}. Got {engine!r}.")
    return engine


def _made(
    kind: type[GradientTransform], base: Any, fun: Any, params: Mapping[str, Any], keywords: Mapping[str, Any]
) -> Any:
    """The transform of `fun`, or a decorator where there is no function yet."""

    def make(target: Callable[..., Any]) -> GradientTransform:
        return kind(target, base, transform_params=params, **keywords)

    return make if isinstance(fun, Missing) else make(fun)


def grad(
    fun: Any = _MISSING,
    grad_states: GradStates = None,
    argnums: Argnums = None,
    holomorphic: bool = False,
    allow_int: bool = False,
    has_aux: bool | None = None,
    return_value: bool = False,
    unit_aware: bool = False,
    check_states: bool = True,
    *,
    engine: Engine = "auto",
    **kwargs: Any,
) -> Any:
    """The gradient of a scalar function with respect to States, arguments, or both.

    A call of the result takes the arguments of `fun`. With G the gradient part:

    ============ =========== ==================================================
    grad_states  argnums     G
    ============ =========== ==================================================
    none         None or int the gradient of that argument (None means 0)
    none         tuple       a tuple with one gradient for each
    given        None        the gradients of the States
    given        int         (gradients of the States, gradient of the argument)
    given        tuple       (gradients of the States, tuple of gradients)
    ============ =========== ==================================================

    It returns ``G``; with `has_aux` ``(G, aux)``; with `return_value` ``(G, value)``; with both ``(G, value, aux)``.
    Gradients of States come in the container that `grad_states` is: one State gives its gradient, a list a list, a
    mapping a dict with sorted keys. Each gradient is a tree like the value it belongs to.

    Parameters
    ----------
    fun
        Takes anything and returns a real scalar, or with `has_aux` ``(scalar, aux)``. Without it `grad` is a decorator.
    grad_states
        The States to differentiate with respect to: one, or a list, tuple, dict or nesting of them.
    argnums
        The positions of the arguments to differentiate with respect to: an int, or a sequence of ints.
    has_aux
        Whether `fun` returns a pair; the second part is not differentiated.
    return_value
        Whether a call returns the value of `fun`, too.
    check_states
        Whether to raise if a State of `grad_states` is never read or written; otherwise its gradient is zero.
    holomorphic
        Inputs and result are complex and the function is holomorphic: the result is its complex derivative. Otherwise a
        complex input z = x + iy gets ∂f/∂x - i ∂f/∂y, JAX's convention and the conjugate of torch's.
    allow_int
        Integer and boolean leaves are allowed; their gradient is a numpy array of JAX's empty dtype float0.
    unit_aware
        True: each gradient has the unit unit(result) / unit(input), and a dimensionless one is a plain tensor.
        False: the result must be a plain number, and a gradient has the unit of its own input, as in brainstate: the
        mantissa is right and the unit is a label, not a unit of the derivative.
    engine
        'func' runs on torch.func, 'tape' on a private autograd tape; 'auto' takes the tape where the call is outermost
        and of first order. The numbers are the same.
    **kwargs
        `debug_nan`: whether to raise if a gradient holds a NaN or an infinity, naming the operation that made the
        first one.

    Returns
    -------
    GradientTransform
        Called with the arguments of `fun`, it returns what the table says.

    Raises
    ------
    TypeError
        At a call: the result is not a real scalar, an input is not real or complex, or `has_aux` and no pair.
    ValueError
        At a call: a State of `grad_states` was not used, a State is an argument, or a State changed its structure.
    RuntimeError
        At a call: a gradient is not finite, with `debug_nan`.

    Notes
    -----
    Source: brainstate.transform.grad (0.5.4). Differs: the function runs at every call, so Python values that it closes
    over are seen as they are now. At kinks torch's subgradient stands.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate, brainstate_torch.units as u
    >>> w = brainstate.ParamState(torch.tensor([1., 2.]))
    >>> brainstate.transform.grad(lambda x: (w.value * x).sum(), w, argnums=0)(torch.tensor([3., 4.]))
    (tensor([3., 4.]), tensor([1., 2.]))
    >>> brainstate.transform.grad(lambda t: 5 * u.mV * (t / u.ms) ** 2, unit_aware=True)(3. * u.ms)
    30.0 mV / ms
    """
    flags = {"holomorphic": holomorphic, "allow_int": allow_int, "unit_aware": unit_aware}
    params = {**flags, "engine": checked_engine(engine)}
    kwargs = checked_keywords("grad", kwargs, grad_states, argnums, return_value, has_aux, check_states)
    return _made(GradientTransform, scalar_gradient, fun, params, {**kwargs, "unit_aware": unit_aware})


def vector_grad(
    func: Any = _MISSING,
    grad_states: GradStates = None,
    argnums: Argnums = None,
    return_value: bool = False,
    has_aux: bool | None = None,
    unit_aware: bool = False,
    check_states: bool = True,
    *,
    engine: Engine = "auto",
    **kwargs: Any,
) -> Any:
    """The gradient of the sum over everything that a function returns.

    Where result i depends on input i alone, as in a pointwise function, this is the derivative of each.

    Parameters
    ----------
    func
        Returns tensors of any shape, in any pytree.
    grad_states, argnums, return_value, has_aux, check_states, engine
        See :func:`grad`, which also has the table of return forms.
    unit_aware
        See :func:`grad`. With ``unit_aware=True`` the function returns exactly one array.
    **kwargs
        `debug_nan`, see :func:`grad`.

    Returns
    -------
    GradientTransform
        Called with the arguments of the function; :func:`grad` has the table of what it returns.

    Raises
    ------
    TypeError
        At a call: a result has an integer dtype.
    ValueError
        At a call: `unit_aware` and not exactly one result; and as :func:`grad`.

    Notes
    -----
    Source: brainstate.transform.vector_grad (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.transform.vector_grad(lambda x: x ** 2)(torch.tensor([1., 2., 3.]))
    tensor([2., 4., 6.])
    """
    params = {"engine": checked_engine(engine)}
    kwargs = checked_keywords("vector_grad", kwargs, grad_states, argnums, return_value, has_aux, check_states)
    return _made(VectorGradientTransform, vector_gradient, func, params, {**kwargs, "unit_aware": unit_aware})
