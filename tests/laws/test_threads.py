"""Laws of threads: derivatives taken in several at once are those of one."""

import concurrent.futures

import pytest
import torch

from brainstate_torch import State
from brainstate_torch import transform as T

F64 = torch.float64
X = torch.linspace(0.5, 2.0, 4, dtype=F64)
THREADS = 4


def _cube(x):
    return (x**3).sum() * x.prod()


def _with_state(x):
    total = State(torch.zeros((), dtype=F64))
    T.for_loop(lambda a: setattr(total, "value", total.value + torch.sin(a) * a), x)
    return total.value


DERIVED = {
    "jvp": lambda x: T.jvp(_cube, (x,), (x,))[1],
    "jacfwd": T.jacfwd(_cube),
    "hessian": T.hessian(_cube),
    "jacfwd of jacfwd": T.jacfwd(T.jacfwd(_cube)),
    "grad of jacfwd": T.grad(lambda x: T.jacfwd(_cube)(x).sum()),
    "grad": T.grad(_cube),
    "vmap of jacfwd": lambda x: T.vmap(T.jacfwd(_cube))(torch.stack([x, x + 1])),
    "hessian with a State": T.hessian(_with_state),
    "jit of hessian": lambda x: T.jit(T.hessian(_cube), backend="replay")(x),
    "jvp of jit": lambda x: T.jvp(T.jit(_cube, backend="replay"), (x,), (x,))[1],
}


#: Records in each of twelve calls.
SLOW = {"jit of hessian": pytest.mark.slow}


@pytest.mark.parametrize(
    "names",
    [*(pytest.param([x], id=x, marks=SLOW.get(x, ())) for x in DERIVED), pytest.param([*DERIVED], id="all at once")],
)
def test_derivatives_in_threads_are_those_of_one(names):
    calls = [DERIVED[names[i % len(names)]] for i in range(12)]
    inputs = [X + 0.01 * i for i in range(12)]
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(lambda fun, x: fun(x), calls, inputs))
    for fun, x, y in zip(calls, inputs, found, strict=True):
        torch.testing.assert_close(y, fun(x))
