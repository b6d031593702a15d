"""Random matrices that store nothing have the entries of brainevent's."""

import numpy as np
import pytest
import torch

from brainstate_torch import event, units

rng = pytest.importorskip("brainevent._numba_random")


def entries(seed, count, length, prob):
    """What brainevent's kernels do, entry by entry, with its own functions."""
    step, chunk = max(2, int(np.ceil(np.float32(2 / prob)))), max(1, -(-length // 4))
    for line in range(count):
        for part in range(-(-length // chunk)):
            for lane in range(32):
                state = rng.light_rng_init(np.uint32(seed), line, part, lane)
                q, state = rng.light_rng_initial_q(state, np.uint32(step))
                q = int(q)
                while (place := lane + 32 * q) < min(chunk, length - part * chunk):
                    yield line, part * chunk + place
                    state = rng.light_rng_next(state)
                    q += 1 + int(rng.light_rng_bounded(state, np.uint32(step - 1)))


CASES = [
    (event.JITCScalarR, (1.5,), lambda seed, i, j: 1.5),
    (event.JITCNormalR, (0.2, 0.7), lambda seed, i, j: 0.2 + rng.light_rng_normal01(np.uint32(seed), i, j) * 0.7),
    (event.JITCUniformR, (-1.0, 2.0), lambda seed, i, j: -1 + rng.light_rng_uniform01(np.uint32(seed), i, j) * 3),
]


@pytest.mark.parametrize(("kind", "numbers", "value"), CASES, ids=lambda x: getattr(x, "__name__", ""))
@pytest.mark.parametrize("corder", [True, False])
def test_entries_are_those_of_brainevent(kind, numbers, value, corder):
    shape = (7, 300)
    matrix = kind((*numbers, 0.2, 42), shape=shape, corder=corder)
    expected = np.zeros(shape)
    count, length = shape if corder else shape[::-1]
    for line, place in entries(42, count, length, 0.2):
        expected[(line, place) if corder else (place, line)] = value(42, line, place)
    dense = matrix.todense()
    np.testing.assert_allclose(dense, expected, rtol=1e-5, atol=1e-6)
    v, w = torch.randn(shape[1]), torch.randn(3, shape[0])
    torch.testing.assert_close(matrix @ v, dense @ v)
    torch.testing.assert_close(w @ matrix, w @ dense)
    torch.testing.assert_close(matrix.T.todense(), dense.T)
    spikes = event.BinaryArray(v > 0)
    torch.testing.assert_close(matrix @ spikes, dense @ (v > 0).float())
    torch.testing.assert_close((2 * matrix).todense(), 2 * dense)


def test_units_gradients_and_an_empty_matrix():
    matrix = event.JITCNormalR((1.0 * units.mV, 0.5 * units.mV, 0.1, 3), shape=(20, 30))
    assert (matrix @ torch.ones(30)).unit == units.mV
    assert event.JITCScalarR((1.0, 0.0, 3), shape=(4, 5)).todense().count_nonzero() == 0
    weight = torch.tensor(2.0, requires_grad=True)
    product = event.JITCScalarR((weight, 0.3, 1), shape=(20, 30)) @ torch.ones(30)
    (slope,) = torch.autograd.grad(product.sum(), weight)
    torch.testing.assert_close(slope, product.sum() / 2)
    with pytest.raises(ValueError, match="`prob` must be between 0 and 1"):
        event.JITCScalarR((1.0, 1.5, 3), shape=(4, 5))
