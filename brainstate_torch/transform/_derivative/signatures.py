"""Types of derivatives for type checkers: the signature is the function's, the result type that of the gradients.

Where one State, or the first argument alone, is differentiated, the gradient has the type of its value; other forms
give Any. With `unit_aware` a gradient may have a unit that its input does not have, so that its type is not known.
"""

from collections.abc import Callable
from typing import Any, Concatenate, Literal, Protocol, TypedDict, TypeVar, Unpack, cast, overload

import torch

from ..._state import State
from ...typing import SeedOrKey
from .._core.signatures import Aux, P, R, T
from .gradient_transform import Argnums, GradientTransform, GradStates

__all__ = ["Gradient", "Jacobian", "shown_as_gradient", "shown_as_jacobian"]

V = TypeVar("V")


class Plain(TypedDict, total=False):
    """The keywords that leave the type of a result as it is; each derivative takes some of them."""

    holomorphic: bool
    allow_int: bool
    check_states: bool
    debug_nan: bool
    engine: Literal["auto", "func", "tape"]
    tangent_size: int | None
    drct_der_clip: float | None
    key: SeedOrKey | None
    chunk_size: int | None


class Options(Plain, total=False):
    """All keywords."""

    unit_aware: bool


class Gradient(Protocol):
    """``grad``, ``vector_grad`` and ``fwd_grad``."""

    @overload
    def __call__(
        self,
        fun: Callable[Concatenate[T, P], R],
        /,
        grad_states: None = None,
        argnums: Literal[0] | None = None,
        **options: Unpack[Plain],
    ) -> GradientTransform[Concatenate[T, P], T]: ...

    @overload
    def __call__(
        self,
        fun: Callable[Concatenate[T, P], R],
        /,
        grad_states: None = None,
        argnums: Literal[0] | None = None,
        *,
        return_value: Literal[True],
        **options: Unpack[Plain],
    ) -> GradientTransform[Concatenate[T, P], tuple[T, R]]: ...

    @overload
    def __call__(
        self,
        fun: Callable[Concatenate[T, P], tuple[R, Aux]],
        /,
        grad_states: None = None,
        argnums: Literal[0] | None = None,
        *,
        has_aux: Literal[True],
        **options: Unpack[Plain],
    ) -> GradientTransform[Concatenate[T, P], tuple[T, Aux]]: ...

    @overload
    def __call__(
        self,
        fun: Callable[Concatenate[T, P], tuple[R, Aux]],
        /,
        grad_states: None = None,
        argnums: Literal[0] | None = None,
        *,
        has_aux: Literal[True],
        return_value: Literal[True],
        **options: Unpack[Plain],
    ) -> GradientTransform[Concatenate[T, P], tuple[T, R, Aux]]: ...

    @overload
    def __call__(
        self, fun: Callable[P, R], /, grad_states: State[V], argnums: None = None, **options: Unpack[Plain]
    ) -> GradientTransform[P, V]: ...

    @overload
    def __call__(
        self,
        fun: Callable[P, R],
        /,
        grad_states: State[V],
        argnums: None = None,
        *,
        return_value: Literal[True],
        **options: Unpack[Plain],
    ) -> GradientTransform[P, tuple[V, R]]: ...

    @overload
    def __call__(
        self,
        fun: Callable[P, tuple[R, Aux]],
        /,
        grad_states: State[V],
        argnums: None = None,
        *,
        has_aux: Literal[True],
        **options: Unpack[Plain],
    ) -> GradientTransform[P, tuple[V, Aux]]: ...

    @overload
    def __call__(
        self,
        fun: Callable[P, tuple[R, Aux]],
        /,
        grad_states: State[V],
        argnums: None = None,
        *,
        has_aux: Literal[True],
        return_value: Literal[True],
        **options: Unpack[Plain],
    ) -> GradientTransform[P, tuple[V, R, Aux]]: ...

    @overload
    def __call__(
        self,
        fun: Callable[P, R],
        /,
        grad_states: GradStates = None,
        argnums: Argnums = None,
        **options: Unpack[Options],
    ) -> GradientTransform[P, Any]: ...

    @overload
    def __call__(
        self,
        fun: Callable[P, R],
        /,
        grad_states: GradStates = None,
        argnums: Argnums = None,
        *,
        return_value: Literal[True],
        **options: Unpack[Options],
    ) -> GradientTransform[P, tuple[Any, R]]: ...

    @overload
    def __call__(
        self,
        fun: Callable[P, tuple[R, Aux]],
        /,
        grad_states: GradStates = None,
        argnums: Argnums = None,
        *,
        has_aux: Literal[True],
        **options: Unpack[Options],
    ) -> GradientTransform[P, tuple[Any, Aux]]: ...

    @overload
    def __call__(
        self,
        fun: Callable[P, tuple[R, Aux]],
        /,
        grad_states: GradStates = None,
        argnums: Argnums = None,
        *,
        has_aux: Literal[True],
        return_value: Literal[True],
        **options: Unpack[Options],
    ) -> GradientTransform[P, tuple[Any, R, Aux]]: ...

    @overload
    def __call__(
        self, *, grad_states: GradStates = None, argnums: Argnums = None, **options: Unpack[Options]
    ) -> Callable[[Callable[P, R]], GradientTransform[P, Any]]: ...

    @overload
    def __call__(
        self,
        *,
        grad_states: GradStates = None,
        argnums: Argnums = None,
        return_value: Literal[True],
        **options: Unpack[Options],
    ) -> Callable[[Callable[P, R]], GradientTransform[P, tuple[Any, R]]]: ...

    @overload
    def __call__(
        self,
        *,
        grad_states: GradStates = None,
        argnums: Argnums = None,
        has_aux: Literal[True],
        **options: Unpack[Options],
    ) -> Callable[[Callable[P, tuple[R, Aux]]], GradientTransform[P, tuple[Any, Aux]]]: ...

    @overload
    def __call__(
        self,
        *,
        grad_states: GradStates = None,
        argnums: Argnums = None,
        has_aux: Literal[True],
        return_value: Literal[True],
        **options: Unpack[Options],
    ) -> Callable[[Callable[P, tuple[R, Aux]]], GradientTransform[P, tuple[Any, R, Aux]]]: ...


class Jacobian(Protocol):
    """``jacrev``, ``jacfwd`` and ``hessian``: of one tensor by another they are tensors."""

    @overload
    def __call__(
        self,
        fun: Callable[Concatenate[torch.Tensor, P], torch.Tensor],
        /,
        grad_states: None = None,
        argnums: Literal[0] | None = None,
        **options: Unpack[Plain],
    ) -> GradientTransform[Concatenate[torch.Tensor, P], torch.Tensor]: ...

    @overload
    def __call__(
        self,
        fun: Callable[Concatenate[torch.Tensor, P], torch.Tensor],
        /,
        grad_states: None = None,
        argnums: Literal[0] | None = None,
        *,
        return_value: Literal[True],
        **options: Unpack[Plain],
    ) -> GradientTransform[Concatenate[torch.Tensor, P], tuple[torch.Tensor, torch.Tensor]]: ...

    @overload
    def __call__(
        self,
        fun: Callable[Concatenate[torch.Tensor, P], tuple[torch.Tensor, Aux]],
        /,
        grad_states: None = None,
        argnums: Literal[0] | None = None,
        *,
        has_aux: Literal[True],
        **options: Unpack[Plain],
    ) -> GradientTransform[Concatenate[torch.Tensor, P], tuple[torch.Tensor, Aux]]: ...

    @overload
    def __call__(
        self,
        fun: Callable[Concatenate[torch.Tensor, P], tuple[torch.Tensor, Aux]],
        /,
        grad_states: None = None,
        argnums: Literal[0] | None = None,
        *,
        has_aux: Literal[True],
        return_value: Literal[True],
        **options: Unpack[Plain],
    ) -> GradientTransform[Concatenate[torch.Tensor, P], tuple[torch.Tensor, torch.Tensor, Aux]]: ...

    @overload
    def __call__(
        self,
        fun: Callable[P, R],
        /,
        grad_states: GradStates = None,
        argnums: Argnums = None,
        **options: Unpack[Options],
    ) -> GradientTransform[P, Any]: ...

    @overload
    def __call__(
        self,
        fun: Callable[P, R],
        /,
        grad_states: GradStates = None,
        argnums: Argnums = None,
        *,
        return_value: Literal[True],
        **options: Unpack[Options],
    ) -> GradientTransform[P, tuple[Any, R]]: ...

    @overload
    def __call__(
        self,
        fun: Callable[P, tuple[R, Aux]],
        /,
        grad_states: GradStates = None,
        argnums: Argnums = None,
        *,
        has_aux: Literal[True],
        **options: Unpack[Options],
    ) -> GradientTransform[P, tuple[Any, Aux]]: ...

    @overload
    def __call__(
        self,
        fun: Callable[P, tuple[R, Aux]],
        /,
        grad_states: GradStates = None,
        argnums: Argnums = None,
        *,
        has_aux: Literal[True],
        return_value: Literal[True],
        **options: Unpack[Options],
    ) -> GradientTransform[P, tuple[Any, R, Aux]]: ...


def shown_as_gradient(function: Callable[..., Any]) -> Gradient:
    """Let type checkers see a function as :class:`Gradient` describes it."""
    return cast(Gradient, function)


def shown_as_jacobian(function: Callable[..., Any]) -> Jacobian:
    """Let type checkers see a function as :class:`Jacobian` describes it."""
    return cast(Jacobian, function)
