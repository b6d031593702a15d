"""grad and vector_grad."""

from collections.abc import Callable, Mapping
from typing import Any

from ...typing import Missing
from .gradient_transform import Argnums, GradientTransform, GradStates, VectorGradientTransform, checked_keywords
from .reverse import ENGINES, Engine, scalar_gradient, vector_gradient
from .signatures import shown_as_gradient

__all__ = ["grad", "vector_grad"]

_MISSING = Missing()


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
    kind: type[GradientTransform[..., Any]], base: Any, fun: Any, params: Mapping[str, Any], keywords: Mapping[str, Any]
) -> Any:
    """The transform of `fun`, or a decorator where there is no function yet."""

    def make(target: Callable[..., Any]) -> GradientTransform[..., Any]:
        return kind(target, base, transform_params=params, **keywords)

    return make if isinstance(fun, Missing) else make(fun)


@shown_as_gradient
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
    Gradients of States have the structure of `grad_states`: one State gives its gradient, a list a list, a
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
    over are seen as they are now. At kinks it is torch's subgradient. With `has_aux` three results are refused, of
    which brainstate drops the third.

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


@shown_as_gradient
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
