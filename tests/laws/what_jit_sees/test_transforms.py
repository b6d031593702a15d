"""A transform that is compiled."""

import pytest
import torch

from brainstate_torch import transform as T

_WRAPPED = {
    "grad": lambda f: T.grad(f),
    "grad with its value": lambda f: T.grad(f, return_value=True),
    "vector_grad": lambda f: T.vector_grad(f),
    "jacrev": lambda f: T.jacrev(f),
    "jacfwd": lambda f: T.jacfwd(f),
    "hessian": lambda f: T.hessian(f),
    "vmap of grad": lambda f: T.vmap(T.grad(lambda x: f(x[None]))),
    "vmap2": lambda f: T.vmap2(lambda x: f(x[None])),
    "jit": lambda f: T.jit(f, backend="replay"),
    "checkpoint": lambda f: T.checkpoint(f),
}


@pytest.mark.parametrize("name", _WRAPPED)
def test_a_transform_that_is_compiled_sees_what_its_function_reads(name):
    x, factor = torch.tensor([1.0, 2.0]), [3.0]
    scale = torch.ones(2)

    def loss(y):
        return (scale[: len(y)] * y**2).sum() * factor[0]

    program = T.jit(_WRAPPED[name](loss), backend="replay")
    for change in (lambda: None, lambda: factor.__setitem__(0, 5.0), lambda: scale.mul_(2.0)):
        change()
        torch.testing.assert_close(program(x), _WRAPPED[name](loss)(x))
    scale = torch.full((2,), 7.0)
    torch.testing.assert_close(program(x), _WRAPPED[name](loss)(x))
