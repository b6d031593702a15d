"""Events and sparse matrices: every product against the dense one, derivatives, maps, programs, units, plasticity."""

import pytest
import torch

import brainstate_torch as B
from brainstate_torch import event
from brainstate_torch import units as u

G = torch.Generator().manual_seed(0)
W = torch.randn(5, 4, generator=G) * (torch.rand(5, 4, generator=G) < 0.5)
INDICES = torch.tensor([[0, 1], [1, 3], [2, 2], [0, 3], [3, 1]])
FIXED = torch.randn(5, 2, generator=G)
MATRICES = {
    "CSR": lambda: event.CSR.fromdense(W),
    "CSC": lambda: event.CSC.fromdense(W),
    "COO": lambda: event.COO.fromdense(W),
    "Dense": lambda: event.Dense(W),
    "FixedNumPerPre": lambda: event.FixedNumPerPre(FIXED, INDICES, shape=(5, 4)),
    "FixedNumPerPost": lambda: event.FixedNumPerPost(FIXED, INDICES, shape=(4, 5)),
    "CSR of one weight": lambda: event.CSR((torch.tensor([2.0]), *_places()), shape=(5, 4)),
    "CSC of one weight": lambda: event.CSR((torch.tensor(2.0), *_places()), shape=(5, 4)).T,
    "FixedNumPerPre of one weight": lambda: event.FixedNumPerPre(2.0, INDICES, shape=(5, 4)),
    "CSR transposed": lambda: event.CSR.fromdense(W).T,
    "from FixedNumPerPost by rows": lambda: event.FixedNumPerPost(FIXED, INDICES, shape=(4, 5)).tocsr(),
    "from FixedNumPerPre by columns": lambda: event.FixedNumPerPre(FIXED, INDICES, shape=(5, 4)).tocsc(),
}


def _places():
    full = event.CSR.fromdense(W)
    return full.indices, full.indptr


def _vectors(length):
    x = torch.randn(length, generator=torch.Generator().manual_seed(length))
    return x, (x > 0.2), torch.stack([x, -x, x * 2])


@pytest.mark.parametrize("name", MATRICES)
def test_products_with_events_and_numbers_are_those_of_the_whole_matrix(name):
    matrix = MATRICES[name]()
    dense = matrix.todense()
    assert tuple(dense.shape) == matrix.shape
    for x in _vectors(matrix.shape[0]):
        counted = (x > 0).to(dense.dtype) if x.dtype is not torch.bool else x.to(dense.dtype)
        torch.testing.assert_close(event.BinaryArray(x) @ matrix, counted @ dense)
        torch.testing.assert_close(x.to(dense.dtype) @ matrix, x.to(dense.dtype) @ dense)
    for x in _vectors(matrix.shape[1]):
        x = x.mT if x.ndim == 2 else x
        counted = (x > 0).to(dense.dtype) if x.dtype is not torch.bool else x.to(dense.dtype)
        torch.testing.assert_close(matrix @ event.BinaryArray(x), dense @ counted)
        torch.testing.assert_close(matrix @ x.to(dense.dtype), dense @ x.to(dense.dtype))


@pytest.mark.parametrize("name", MATRICES)
def test_derivatives_maps_and_programs_of_products(name):
    matrix = MATRICES[name]()
    x = torch.tensor([1.0, 0.0, 1.0, 1.0, 0.0])[: matrix.shape[0]]
    picked = torch.arange(1.0, matrix.shape[1] + 1)

    def total(x, data):
        return ((event.BinaryArray(x) @ matrix.with_data(data)) * picked).sum()

    def plain(x, data):
        return ((x @ matrix.with_data(data).todense()) * picked).sum()

    got = B.transform.grad(total, argnums=(0, 1))(x, matrix.data)
    torch.testing.assert_close(got, B.transform.grad(plain, argnums=(0, 1))(x, matrix.data))
    lanes = torch.stack([x, 1 - x])
    mapped = B.transform.vmap(lambda x: event.BinaryArray(x) @ matrix)(lanes)
    torch.testing.assert_close(mapped, lanes @ matrix.todense())
    for product in (lambda x: event.BinaryArray(x > 0) @ matrix, lambda x: event.BinaryArray(x) @ matrix):
        torch.testing.assert_close(B.transform.jit(product, backend="replay")(x), x @ matrix.todense())
    torch.testing.assert_close(
        B.transform.jit(B.transform.grad(total, argnums=(0, 1)), backend="replay")(x, matrix.data), got
    )


def test_units_go_through_products():
    spikes = event.BinaryArray([True, False, True, False, False])
    for make in ("CSR", "CSC", "COO"):
        matrix = getattr(event, make).fromdense(W * u.mS)
        torch.testing.assert_close((spikes @ matrix) / u.mS, W[0] + W[2])
        torch.testing.assert_close((matrix @ (torch.ones(4) * u.mV)) / (u.mS * u.mV), W.sum(1))
        torch.testing.assert_close(((torch.ones(5) * u.mV) @ matrix) / (u.mS * u.mV), W.sum(0))
        assert u.get_unit(matrix.todense()) == u.mS
    torch.testing.assert_close((spikes @ (W * u.mS)) / u.mS, W[0] + W[2])
    torch.testing.assert_close(((W.T * u.mS) @ spikes) / u.mS, W[0] + W[2])
    weight = B.ParamState(W * u.mS)
    torch.testing.assert_close((spikes @ weight.value) / u.mS, W[0] + W[2])
    torch.testing.assert_close((torch.ones(2, 5) @ event.CSR.fromdense(W)), W.sum(0).expand(2, 4))
    plain = B.ParamState(W)
    torch.testing.assert_close(spikes @ plain.value, W[0] + W[2])
    torch.testing.assert_close(plain.value.T @ spikes, W[0] + W[2])


def test_a_matrix_is_a_tree_and_a_value_of_a_state():
    matrix = event.CSR.fromdense(W)
    state = B.ParamState(matrix)
    x = torch.tensor([1.0, 0.0, 1.0, 0.0, 0.0])
    grads = B.transform.grad(lambda: (event.BinaryArray(x) @ state.value).sum(), state)()
    torch.testing.assert_close(grads.todense(), x[:, None] * (W != 0))
    state.value = state.value * 2.0
    torch.testing.assert_close(state.value.todense(), 2 * W)
    doubled = B.transform.jit(lambda m: m * 2.0, backend="replay")(matrix)
    torch.testing.assert_close(doubled.todense(), 2 * W)
    model = B.nn.Module()
    model.conn = matrix
    torch.testing.assert_close(x @ model.conn, x @ W)


def test_arithmetic_and_rows():
    matrix = event.CSR.fromdense(W)
    torch.testing.assert_close((2.0 * matrix).todense(), 2 * W)
    torch.testing.assert_close((matrix * W).todense(), W * W)
    torch.testing.assert_close((-matrix / 4.0).todense(), -W / 4)
    torch.testing.assert_close(abs(matrix).todense(), W.abs())
    torch.testing.assert_close(matrix + W, 2 * W)
    torch.testing.assert_close(matrix - matrix, torch.zeros_like(W))
    torch.testing.assert_close(matrix[1], W[1])
    torch.testing.assert_close(matrix.slice_rows([3, -1, 0]).todense(), W[[3, 4, 0]])
    torch.testing.assert_close((matrix * (1.0 * u.mS)).todense() / u.mS, W)
    rows = event.csr_slice_rows(matrix.data * u.mS, matrix.indices, matrix.indptr, [4, 1], shape=(5, 4))
    torch.testing.assert_close(rows / u.mS, W[[4, 1]])
    one = event.FixedNumPerPre(2.0, INDICES, shape=(5, 4))
    torch.testing.assert_close((one * torch.ones(5, 4)).todense(), one.todense())
    assert (matrix.nse, matrix.dtype, matrix.ndim) == (int((W != 0).sum()), torch.float32, 2)
    assert one.num_pre, one.num_post == (5, 4)


SPIKES = torch.tensor([True, False, True, False, True])


def _changed(rows, columns, matrix):
    """What plasticity does to the whole matrix, where there are connections."""
    return matrix + torch.outer(rows, columns) * (matrix != 0)


@pytest.mark.parametrize("name", ["CSR", "CSC", "FixedNumPerPre", "FixedNumPerPost", "Dense"])
def test_plasticity_adds_traces_where_there_are_spikes(name):
    dense = W if name in ("CSR", "CSC") else torch.rand(5, 4, generator=G) + 0.5
    if name.startswith("Fixed"):
        rows = torch.stack([torch.randperm(4, generator=G)[:2] for _ in range(5)])
        matrix = event.FixedNumPerPre(torch.rand(5, 2, generator=G) + 0.5, rows, shape=(5, 4))
        matrix = matrix if name == "FixedNumPerPre" else event.FixedNumPerPost(matrix.data, rows, shape=(4, 5))
        dense = matrix.todense()
    else:
        matrix = getattr(event, name).fromdense(dense) if name != "Dense" else event.Dense(dense)
    pre, post = SPIKES[: dense.shape[0]], SPIKES[: dense.shape[1]]
    pre_trace, post_trace = (torch.arange(1.0, n + 1) / 10 for n in dense.shape)
    torch.testing.assert_close(
        matrix.update_on_pre(pre, post_trace).todense(), _changed(pre.float(), post_trace, dense)
    )
    torch.testing.assert_close(
        matrix.update_on_post(pre_trace, event.BinaryArray(post)).todense(), _changed(pre_trace, post.float(), dense)
    )
    bounded = matrix.update_on_pre(pre.float() * 3, post_trace, 0.0, 0.6).data
    assert bounded.min() >= 0
    assert bounded.max() <= 0.6


def test_plasticity_has_units_and_a_derivative():
    matrix = event.CSR.fromdense(torch.eye(2) * u.mS)
    changed = matrix.update_on_pre([True, False], torch.tensor([500.0, 1.0]) * u.usiemens, w_max=1.2 * u.mS)
    torch.testing.assert_close(changed.data / u.mS, torch.tensor([1.2, 1.0]))
    trace = torch.tensor([1.0, 2.0])
    slope = B.transform.grad(
        lambda t: event.update_dense_on_binary_pre(torch.zeros(2, 2), [True, True], t).sum()
    )(trace)  # fmt: skip
    assert slope.tolist() == [2.0, 2.0]


def test_arrays_of_events_are_looked_into():
    x = event.BinaryArray([0.0, 2.0])
    assert (x.shape, x.ndim, x.size, len(x), x[1], [y.item() for y in x]) == ((2,), 1, 2, 2, 2.0, [0.0, 2.0])
    assert event.EventArray is event.BinaryArray
    assert event.BinaryArray(x).value is x.value
    assert x.with_value([1.0]).value.tolist() == [1.0]
    x.value = [3.0, 0.0, 1.0]
    assert (x @ torch.ones(3, 2)).tolist() == [2.0, 2.0]
    assert isinstance(x.bitpack(), event.BitPackedBinary)
    assert event.CompactBinary.from_array([True]).value.tolist() == [True]
    assert event.BinaryArray(torch.ones(2, 3)).T.shape == (3, 2)
    assert "BinaryArray(value=" in repr(x)
    rows = B.transform.vmap(lambda s: s @ torch.ones(3, 1))(event.BinaryArray(torch.ones(4, 3)))
    assert rows.flatten().tolist() == [3.0] * 4


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: event.CSR(([1.0], [0], [0, 1]), shape=(2, 2)), ValueError, "`indptr` must have 3 elements"),
        (lambda: event.CSR(([1.0], [0], [0, 1, 2]), shape=(2, 2)), ValueError, "`indptr` must end with the number"),
        (
            lambda: event.CSR(([1.0], [5], [0, 0, 1]), shape=(2, 2)),
            ValueError,
            "`indices` must be at least 0 and",
        ),
        (lambda: event.COO(([1.0, 2.0], [0], [0]), shape=(2, 2)), ValueError, "`data` must be one number, or one for"),
        (lambda: event.FixedNumPerPre(1.0, [[0]], shape=(2, 2)), ValueError, "`indices` must have 2 rows"),
        (
            lambda: event.FixedNumPerPre([[1.0, 2.0]], [[0]], shape=(1, 2)),
            ValueError,
            "`data` must be one number",
        ),
        (lambda: event.Dense([1.0]), ValueError, r"`data` must be a matrix. Got shape \(1,\)"),
        (lambda: event.CSR.fromdense(W).with_data([1.0]), ValueError, "`data` must have the shape of the old numbers"),
        (
            lambda: event.CSR.fromdense(W) * torch.ones(3),
            ValueError,
            "the factor of a sparse matrix must be",
        ),
        (
            lambda: event.BinaryArray([1.0]) @ event.CSR.fromdense(W),
            ValueError,
            "the axes of a product must be",
        ),
        (lambda: event.BinaryArray([1.0]) @ W, ValueError, "the axes of a product must be equally long. Got 1 events"),
        (lambda: event.BinaryArray([[[1.0]]]) @ W, ValueError, "a product of events must be one of"),
        (
            lambda: torch.ones(1, 1, 5) @ event.CSR.fromdense(W),
            ValueError,
            "the other factor must be a vector",
        ),
        (
            lambda: torch.exp(event.BinaryArray([1.0])),
            TypeError,
            "events take part in products by @ alone",
        ),
        (lambda: torch.exp(event.CSR.fromdense(W)), TypeError, "a sparse matrix takes part in products alone"),
        (
            lambda: event.FixedNumPerPre(1.0, INDICES, shape=(5, 4)).update_on_pre(SPIKES, torch.ones(4)),
            ValueError,
            "`weight` must have one number for each of 10 connections",
        ),
    ],
)
def test_errors(call, error, words):
    with pytest.raises(error, match=words):
        call()
