"""What type checkers say of code that uses the package; mypy and pyright read it, and nothing runs it."""

from collections.abc import Callable
from typing import Any, assert_type

import torch
from torch import Tensor

from brainstate_torch import ParamState, State, nn, random
from brainstate_torch import transform as T
from brainstate_torch import units as u


def loss(x: Tensor, scale: float = 1.0) -> Tensor:
    return (x * scale).sum()


def with_aux(x: Tensor) -> tuple[Tensor, str]:
    return x.sum(), "note"


def mean(x: Tensor) -> float:
    return float(x.mean())


def by_name(tree: dict[str, Tensor], x: Tensor) -> Tensor:
    return tree["w"] @ x


def derivatives(x: Tensor, tree: dict[str, Tensor], w: ParamState[Tensor]) -> None:
    assert_type(T.grad(loss)(x, scale=2.0), Tensor)
    assert_type(T.grad(loss, return_value=True)(x), tuple[Tensor, Tensor])
    assert_type(T.grad(with_aux, has_aux=True)(x), tuple[Tensor, str])
    assert_type(T.grad(with_aux, has_aux=True, return_value=True)(x), tuple[Tensor, Tensor, str])
    assert_type(T.grad(by_name)(tree, x), dict[str, Tensor])
    assert_type(T.grad(loss, w)(x), Tensor)
    assert_type(T.vector_grad(loss, w, return_value=True)(x, 3.0), tuple[Tensor, Tensor])
    assert_type(T.fwd_grad(loss, key=0)(x), Tensor)
    # Several gradients: of no known type, but in the form that was asked for.
    assert_type(T.grad(loss, [w], argnums=0, return_value=True)(x), tuple[Any, Tensor])
    assert_type(T.grad(loss, unit_aware=True)(x), Any)
    assert_type(T.jacrev(torch.sin)(x), Tensor)
    assert_type(T.hessian(loss, return_value=True)(x), tuple[Tensor, Tensor])
    T.grad(loss)(x, scale="wide")  # type: ignore[arg-type]
    T.grad(loss, argnum=0)  # type: ignore[call-overload]


@T.grad(return_value=True)
def decorated(x: Tensor) -> Tensor:
    return x.sum()


def decorators(x: Tensor) -> None:
    assert_type(decorated(x), tuple[Any, Tensor])


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.w = ParamState(torch.ones(3))

    @T.jit
    def step(self, x: Tensor) -> Tensor:
        return self.w.value * x

    @T.jit(backend="replay")
    def replayed(self, x: Tensor) -> Tensor:
        return self.w.value * x

    @T.vmap2
    def lanes(self, x: Tensor) -> Tensor:
        return self.w.value * x


def methods(model: Model, x: Tensor) -> None:
    assert_type(model.step(x), Tensor)
    assert_type(model.replayed(x), Tensor)
    assert_type(model.lanes(x), Tensor)
    assert_type(model.w.value, Tensor)
    model.step("x")  # type: ignore[arg-type]


def programs_and_maps(x: Tensor) -> None:
    assert_type(T.jit(loss)(x, 2.0), Tensor)
    assert_type(T.jit(backend="replay")(by_name)({"w": x}, x), Tensor)
    # A number becomes a tensor.
    assert_type(T.vmap(mean)(x), Any)
    assert_type(T.vmap(loss)(x), Tensor)
    assert_type(T.vmap(in_axes=1)(loss)(x), Tensor)
    assert_type(T.vmap2(by_name)({"w": x}, x), Tensor)
    assert_type(T.map(torch.sin, x), Tensor)
    T.vmap(loss)(scale=1.0)  # type: ignore[call-arg]


def step(carry: Tensor, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    return carry + x, {"y": x}


def loops(x: Tensor, n: State[int]) -> None:
    assert_type(T.scan(step, 0.0, x), tuple[Tensor, dict[str, Tensor]])
    assert_type(T.for_loop(torch.sin, x), Tensor)
    assert_type(T.for_loop(lambda i: n.value, x), Any)
    assert_type(T.while_loop(lambda v: v.sum() < 1, torch.sin, x), Tensor)
    assert_type(T.cond(x.sum() > 0, torch.sin, torch.cos, x), Tensor)
    assert_type(T.switch(1, [torch.sin, torch.cos], x), Tensor)
    assert_type(T.checkpoint(loss)(x, scale=1.0), Tensor)


def products(x: Tensor) -> None:
    result, pullback = T.vjp(torch.sin, x)
    assert_type(result, Tensor)
    assert_type(pullback, Callable[[Tensor], Any])
    assert_type(T.jvp(torch.sin, (x,), (x,)), tuple[Tensor, Tensor])
    assert_type(T.jvp(with_aux, (x,), (x,), has_aux=True), tuple[Tensor, Tensor, str])


def layers(norm: nn.BatchNorm1d, drop: nn.Dropout2d) -> None:
    assert_type(norm, nn.BatchNorm1d)
    assert_type(nn.init.KaimingNormal(), nn.init.KaimingNormal)
    assert_type(random.normal(0.0, 1.0, size=3), Any)


def numpys_functions(x: Tensor) -> None:
    u.math.sum(x, axis=(0, 1), keepdims=True, where=x > 0)
    u.math.unique(x, return_counts=True, size=3)
    assert_type(u.math.argmax(x, axis=0), Tensor)
    assert_type(u.math.allclose(x, x, rtol=0.1), Tensor)
    u.math.sum(x, axis="wide")  # type: ignore[arg-type]
    u.math.sum(x, axes=0)  # type: ignore[call-arg]
    u.math.rot90(x, k="once")  # type: ignore[arg-type]
    u.linalg.norm(x, keepdims="no")  # type: ignore[arg-type]
