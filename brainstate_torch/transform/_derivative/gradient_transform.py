"""GradientTransform: a function together with a derivative of it, which every derivative of this package returns."""

import copy
import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

import torch

from ... import _tree
from ..._errors import kind_of
from ..._state import State
from .._core.draws import random_state
from .._core.functional import checked_arguments
from .._core.memory import apart
from .._core.running import Carried, Ran, Run, off_tape, pure
from .._core.selection import Inputs, Selection
from .._core.signatures import P
from .._watch.nonfinite import check_finite
from .naming import name_of
from .unit_ratio import with_input_units, with_unit_ratio

__all__ = ["Argnums", "GradStates", "GradientTransform", "Out", "VectorGradientTransform", "checked_keywords"]

GradStates = State[Any] | Sequence[Any] | Mapping[Any, Any] | None
Argnums = int | Sequence[int] | None


Out = TypeVar("Out", covariant=True)
S = TypeVar("S")
Q = ParamSpec("Q")


class GradientTransform(Generic[P, Out]):
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
        target: Callable[P, Any],
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
            raise TypeError(f"the function to differentiate must be callable. Got {kind_of(target)}.")
        self.target, self.transform = target, transform
        self.return_value, self.has_aux = bool(return_value), bool(has_aux)
        self.check_states, self.debug_nan, self.unit_aware = check_states, debug_nan, unit_aware
        self._selection = Selection(grad_states, argnums)
        self._params = dict(transform_params or {})
        self._transform = transform(pure, argnums=0, has_aux=True, **self._params)

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key != "_transform"}

    def __setstate__(self, kept: dict[str, Any]) -> None:
        vars(self).update(kept)
        self._transform = self.transform(pure, argnums=0, has_aux=True, **self._params)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Out:
        """The derivative at these arguments, in the form that the table of return forms gives."""
        if torch.is_inference_mode_enabled():
            # In inference mode autograd records nothing, even under `enable_grad`, and gradients would be zero.
            with torch.inference_mode(False):
                return self(*_tree.map(_recordable, args), **_tree.map(_recordable, kwargs))
        beside = (*self._selection.states, self.target)
        positional, named = checked_arguments(args, kwargs, beside) if args or kwargs else ((), kwargs)
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
            raw, tensors = off_tape(apart(raw, tensors), inputs), tensors and off_tape(tensors, inputs)
            if self.debug_nan:
                check_finite(raw, lambda: self._transform(leaves, run), before, phase=name_of(self.transform))
            ran = run.last
            carried = ran.carried(tensors)
            result = self._arranged(self._derivative(raw, inputs, ran), carried)
            ran.commit(carried)
        return result  # type: ignore[no-any-return]

    def _derivative(self, raw: Any, inputs: Inputs, ran: Ran) -> Any:
        """The derivative part G of the result, from what the base transform gave."""
        return inputs.arrange((with_unit_ratio if self.unit_aware else with_input_units)(raw, inputs, ran))

    def _arranged(self, derivative: Any, carried: Carried) -> Any:
        if not self.return_value:
            return (derivative, carried.aux) if self.has_aux else derivative
        return (derivative, carried.value, carried.aux) if self.has_aux else (derivative, carried.value)

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...

    @overload
    def __get__(
        self: "GradientTransform[Concatenate[S, Q], Out]", instance: S, owner: Any = None
    ) -> "GradientTransform[Q, Out]": ...

    def __get__(self, instance: Any, owner: Any = None) -> Any:
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


class VectorGradientTransform(GradientTransform[P, Out]):
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
            known = ("fun", "grad_states", "argnums", "return_value", "has_aux", "check_states", "unit_aware")
            near = difflib.get_close_matches(key, known, 1, 0.7)
            cure = f" Write `{near[0]}`." if near else ""
            raise TypeError(f"{name}() takes `debug_nan` besides its own keywords. Got `{key}`.{cure}")
    return {
        **extra,
        "grad_states": grad_states,
        "argnums": argnums,
        "return_value": return_value,
        "has_aux": bool(has_aux),
        "check_states": check_states,
    }
