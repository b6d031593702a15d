"""Derivatives whose results or arguments have another order in JAX."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from ... import _tree, transform
from ...units import Quantity, get_mantissa, get_unit

__all__ = ["custom_jvp", "custom_vjp", "linearize", "stop_gradient", "value_and_grad", "vjp"]


def value_and_grad(
    fun: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False, **kwargs: Any
) -> Callable[..., Any]:
    """A function that gives the value first, or ``(value, aux)``, and then the gradient."""
    derive: Any = transform.grad
    derived = derive(fun, argnums=argnums, has_aux=has_aux, return_value=True, **kwargs)

    def call(*args: Any, **kwargs: Any) -> Any:
        gradient, value, *aux = derived(*args, **kwargs)
        return ((value, aux[0]) if has_aux else value), gradient

    return call


def vjp(fun: Callable[..., Any], *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """The value of a function, and a function from cotangents to a tuple of those of the arguments."""
    return transform.vjp(fun, *primals, argnums=tuple(range(len(primals))), has_aux=has_aux)


def linearize(fun: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """The value of a function, and its derivative at this place as a function of tangents."""
    return fun(*primals), lambda *tangents: transform.jvp(fun, primals, tangents)[1]


def stop_gradient(x: Any) -> Any:
    """The same numbers, which count as constants in derivatives."""

    def constant(leaf: Any) -> Any:
        if isinstance(leaf, Quantity):
            return Quantity(constant(get_mantissa(leaf)), get_unit(leaf))
        return leaf.detach() if isinstance(leaf, torch.Tensor) else leaf

    return _tree.map(constant, x, is_leaf=lambda leaf: isinstance(leaf, Quantity))


class _Custom:
    """A function with a derivative of its own."""

    def __init__(self, fun: Callable[..., Any], nondiff_argnums: Sequence[int] = ()) -> None:
        self.fun, self.nondiff = fun, tuple(nondiff_argnums)
        #: Whether a half of the derivative is at work: a call within it is a call of the plain function, as in JAX.
        self._inside = False
        self.__doc__, self.__name__ = fun.__doc__, getattr(fun, "__name__", "function")

    @contextlib.contextmanager
    def _plainly(self) -> Iterator[None]:
        before, self._inside = self._inside, True
        try:
            yield
        finally:
            self._inside = before

    def _parts(self, args: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        fixed = [args[i] for i in self.nondiff]
        return fixed, [x for i, x in enumerate(args) if i not in self.nondiff]

    def _whole(self, fixed: Sequence[Any], free: Sequence[Any]) -> list[Any]:
        supply, given = iter(free), dict(zip(self.nondiff, fixed, strict=True))
        return [given[i] if i in given else next(supply) for i in range(len(fixed) + len(free))]


class custom_vjp(_Custom):
    """A function whose reverse derivative the user writes: ``f.defvjp(forward, backward)``.

    Its arguments that are differentiated and its results are tensors, or trees of them.
    """

    def defvjp(self, fwd: Callable[..., Any], bwd: Callable[..., Any], **_: Any) -> None:
        """Name the two halves: `fwd` gives ``(result, residuals)``, `bwd` the cotangents of the arguments."""
        self.fwd, self.bwd = fwd, bwd

    def __call__(self, *args: Any) -> Any:
        if self._inside:
            return self.fun(*args)
        fixed, free = self._parts(args)
        leaves, spec = _tree.flatten(free)
        places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)]
        out_spec: list[Any] = []

        class Function(torch.autograd.Function):
            generate_vmap_rule = True

            @staticmethod
            def forward(*tensors: Any) -> Any:
                merged = list(leaves)
                for i, tensor in zip(places, tensors, strict=True):
                    merged[i] = tensor
                with self._plainly():
                    result, residuals = self.fwd(*self._whole(fixed, _tree.unflatten(spec, merged)))
                flat, shape = _tree.flatten(result)
                kept, kept_spec = _tree.flatten(residuals)
                out_spec[:] = [shape, kept_spec, len(flat), [None if isinstance(x, torch.Tensor) else x for x in kept]]
                # An input must not be handed out as it is.
                given = {id(tensor) for tensor in tensors}
                out = (*flat, *[x for x in kept if isinstance(x, torch.Tensor)])
                return tuple(x.view_as(x) if id(x) in given else x for x in out)

            @staticmethod
            def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
                ctx.save_for_backward(*output[out_spec[2] :])
                ctx.mark_non_differentiable(*output[out_spec[2] :])

            @staticmethod
            def backward(ctx: Any, *cotangents: Any) -> Any:
                shape, kept_spec, count, others = out_spec
                saved = iter(ctx.saved_tensors)
                residuals = _tree.unflatten(kept_spec, [next(saved) if x is None else x for x in others])
                given = self.bwd(*fixed, residuals, _tree.unflatten(shape, list(cotangents[:count])))
                flat = _tree.flatten_up_to(spec, list(given))
                return tuple(flat[i] for i in places)

        apply: Any = Function.apply
        flat = apply(*[leaves[i] for i in places])
        return _tree.unflatten(out_spec[0], list(flat[: out_spec[2]]))


class custom_jvp(_Custom):
    """A function whose derivative the user writes: ``@f.defjvp`` over ``rule(primals, tangents)``.

    Reverse derivatives are those of the rule, which is linear in the tangents.
    """

    def defjvp(self, jvp: Callable[..., Any], symbolic_zeros: bool = False) -> Callable[..., Any]:
        """Name the rule."""
        self.rule = jvp
        return jvp

    def defjvps(self, *jvps: Callable[..., Any] | None) -> None:
        """Name a rule for each argument: ``rule(tangent, result, *primals)``."""

        def rule(primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
            result = self.fun(*primals)
            terms = [r(t, result, *primals) for r, t in zip(jvps, tangents, strict=True) if r is not None]
            return result, sum(terms[1:], terms[0])

        self.rule = rule

    def __call__(self, *args: Any) -> Any:
        if self._inside:
            return self.fun(*args)
        fixed, free = self._parts(args)
        rule: Callable[..., Any] = (lambda p, t: self.rule(*fixed, p, t)) if fixed else self.rule
        # Linear in the tangents and zero for none: result + (tangent - its constant twin) has the value of the
        # function and the derivative of the rule.
        steps = [x - stop_gradient(x) if _is_float(x) else x for x in free]
        with self._plainly():
            result, change = rule([stop_gradient(x) for x in free], steps)
        return _tree.map(lambda r, c: stop_gradient(r) + c if _is_float(r) else r, result, change)


def _is_float(x: Any) -> bool:
    return isinstance(x, Quantity) or (isinstance(x, torch.Tensor) and x.is_floating_point())
