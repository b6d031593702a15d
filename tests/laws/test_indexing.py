"""Laws of integer indexing: derivatives, mapped and compiled ones too, are those of products with one-hot rows."""

import pytest
import torch
import torch.nn.functional as F

from brainstate_torch import transform as T

pytestmark = [
    pytest.mark.filterwarnings("ignore:There is a performance drop:UserWarning"),
    # Inductor's own, where it lowers `diagonal`.
    pytest.mark.filterwarnings("ignore:`torch._prims_common.check`:FutureWarning"),
]
F64 = torch.float64
I = torch.tensor([2, 0, 2])
X = torch.tensor([0.5, -1.0, 2.0, 3.0], dtype=F64)
ROWS = torch.stack([X, X - 1, 2 * X])
#: Rows of the identity: a slow obvious way to take elements, which no rule for indexing has a part in.
ONE_HOT = torch.eye(4, dtype=F64)[I]
PUT = torch.eye(4, dtype=F64)


def _put(x, values, accumulate=False):
    return x.index_put((I[:2],), values, accumulate=accumulate)


def _grid(x):
    return x.reshape(2, 2)[torch.tensor([1, 0]), torch.tensor([0, 0])]


TAKE = {
    "x[i]": lambda x: x[I],
    "x[list]": lambda x: x[[2, 0, 2]],
    "two indices": lambda x: torch.cat([_grid(x), x[2:3]]),
    "index_select": lambda x: x.index_select(0, I),
    "gather": lambda x: x.gather(0, I),
    "take": lambda x: x.take(I),
    "take_along_dim": lambda x: x.take_along_dim(I, 0),
    "embedding": lambda x: F.embedding(I, x[:, None])[:, 0],
    "numbers": lambda x: torch.stack([x[2], x[0], x[2]]),
    "select": lambda x: torch.stack([x.select(0, 2), x.select(-1, 0), x.narrow(0, 2, 1)[0]]),
}
PLACE = {
    "index_put": lambda x, v: _put(x, v[:2]),
    "index_put, summed": lambda x, v: x.index_put((I,), v, accumulate=True),
    "index_add": lambda x, v: x.index_add(0, I, v),
    "index_copy": lambda x, v: x.index_copy(0, I[:2], v[:2]),
    "index_fill": lambda x, v: x.index_fill(0, I, 0.0) * v.sum(),
    "scatter": lambda x, v: x.scatter(0, I[:2], v[:2]),
    "scatter_add": lambda x, v: x.scatter_add(0, I, v),
    "scatter_reduce": lambda x, v: x.scatter_reduce(0, I, v, "sum"),
    "slice_scatter": lambda x, v: x.slice_scatter(v[:2], 0, 1, 3),
    "diagonal_scatter": lambda x, v: x.reshape(2, 2).diagonal_scatter(v[:2]).reshape(4),
    "an expanded base": lambda x, v: x[:1].expand(4).index_add(0, I, v),
}
ORDERS = {
    "grad": lambda f: T.grad(f),
    "hessian": lambda f: T.hessian(f),
    "jacrev of grad": lambda f: T.jacrev(T.grad(f)),
    "mapped grad": lambda f: lambda x: T.vmap(T.grad(f))(torch.stack([x, x + 1, x * 2])),
    "mapped hessian": lambda f: lambda x: T.vmap(T.hessian(f))(torch.stack([x, x + 1, x * 2])),
    "grad of a map": lambda f: T.grad(lambda x: T.vmap(f)(torch.stack([x, x + 1])).sum()),
}
#: Compiling takes long: two orders stand for all.
CASES = [(order, backend) for order in ORDERS for backend in (None, "replay")]
CASES += [("hessian", "inductor"), ("mapped grad", "inductor")]
WEIGHTS = torch.tensor([1.0, 2.0, 4.0], dtype=F64)


def _dense(name, x, v):
    """What placing does, by products with rows of the identity."""
    rows = (
        ONE_HOT
        if name in ("index_put, summed", "index_add", "scatter_add", "scatter_reduce", "an expanded base")
        else ONE_HOT[:2]
    )
    if name == "an expanded base":
        x = x[0] * torch.ones(4, dtype=F64)
    added = (v[: len(rows), None] * rows).sum(0)
    free = 1 - rows.amax(0)
    if name == "index_fill":
        return x * (1 - ONE_HOT.amax(0)) * v.sum()
    if name == "slice_scatter":
        return x * (PUT[0] + PUT[3]) + v[0] * PUT[1] + v[1] * PUT[2]
    if name == "diagonal_scatter":
        return x * (PUT[1] + PUT[2]) + v[0] * PUT[0] + v[1] * PUT[3]
    return added + (x if len(rows) == 3 else x * free)


def _cubes(take):
    return lambda x: (take(x) ** 3 * WEIGHTS).sum()


def _placed(place):
    return lambda x: (place(x * x, x[1:].sin() * x[0]) ** 2 * X).sum()


def _agree(functions, dense, order, backend):
    found = lambda x: [ORDERS[order](f)(x) for f in functions.values()]
    found = found if backend is None else T.jit(found, backend=backend)
    for name, x, y in zip(functions, found(X), [ORDERS[order](f)(X) for f in dense], strict=True):
        torch.testing.assert_close(x, y, msg=lambda text, name=name: f"{name}: {text}")


@pytest.mark.parametrize(("order", "backend"), CASES)
def test_taking_is_a_product_with_rows_of_the_identity(order, backend):
    functions = {name: _cubes(take) for name, take in TAKE.items()}
    _agree(functions, [_cubes(lambda x: ONE_HOT @ x)] * len(functions), order, backend)


@pytest.mark.parametrize(("order", "backend"), CASES)
def test_placing_is_a_sum_of_products_with_rows_of_the_identity(order, backend):
    functions = {name: _placed(place) for name, place in PLACE.items()}
    dense = [_placed(lambda x, v, name=name: _dense(name, x, v)) for name in PLACE]
    _agree(functions, dense, order, backend)
