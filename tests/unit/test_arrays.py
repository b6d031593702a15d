"""brainstate_torch._arrays."""

import numpy as np
import pytest
import torch

from brainstate_torch import _arrays, environ


@pytest.mark.parametrize(
    ("dtype", "narrow"),
    [
        ("float64", torch.float32),
        ("float32", torch.float32),
        ("float16", torch.float16),
        ("int64", torch.int32),
        ("uint64", torch.uint32),
        ("int8", torch.int8),
        ("uint8", torch.uint8),
        ("complex128", torch.complex64),
        ("bool", torch.bool),
    ],
)
@pytest.mark.parametrize("precision", [32, 64])
def test_from_numpy_is_32_bit_wide_unless_the_precision_is_64(dtype, narrow, precision):
    array = np.array([[1, 0], [3, 1]]).astype(dtype)
    with environ.context(precision=precision):
        tensor = _arrays.from_numpy(array)
    assert tensor.dtype == (narrow if precision == 32 else getattr(torch, dtype))
    assert np.array_equal(tensor.to(torch.complex128).numpy(), array.astype("complex128"))


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3)[:, ::-1],
        np.arange(6.0).reshape(2, 3).T,
        np.array(2.5),
        np.float64(2.5),
        np.zeros((0, 3)),
        np.broadcast_to(np.float32(1), (2, 2)),
        np.arange(3, dtype=">f4"),
    ],
)
def test_from_numpy_takes_any_layout_and_shares_no_memory(array):
    tensor = _arrays.from_numpy(array)
    assert tensor.shape == array.shape
    assert np.allclose(tensor.numpy(), array)
    tensor += 1
    assert np.allclose(tensor.numpy(), np.asarray(array) + 1)


@pytest.mark.parametrize(
    "array", [np.array(["a"]), np.array([None]), np.zeros(2, [("x", "f4")]), np.array(["2020"], "datetime64[D]")]
)
def test_from_numpy_refuses_what_is_no_number(array):
    with pytest.raises(TypeError, match=r"must hold numbers or booleans to become a tensor\. Got dtype"):
        _arrays.from_numpy(array)


@pytest.mark.parametrize("precision", [16, 32, 64])
@pytest.mark.parametrize(("number", "kind"), [(True, None), (3, "ditype"), (0.1, "dftype"), (1j, "dctype")])
def test_as_tensor_gives_numbers_the_default_dtype_of_their_kind(number, kind, precision):
    with environ.context(precision=precision):
        tensor = _arrays.as_tensor(number)
        assert tensor.dtype == (getattr(environ, kind)() if kind else torch.bool)
    assert tensor.ndim == 0
    assert tensor.item() == pytest.approx(number, rel=1e-2)


def test_as_tensor_leaves_a_tensor_alone_and_copies_an_array():
    tensor, array = torch.zeros(2, dtype=torch.float64), np.zeros(2)
    assert _arrays.as_tensor(tensor) is tensor
    _arrays.as_tensor(array).add_(1)
    assert array.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("x", "answer"),
    [
        (torch.zeros(1), True),
        (np.zeros(1), True),
        (np.float32(1), True),
        (1j, True),
        (True, True),
        ("a", False),
        (None, False),
        ([1.0], False),
    ],
)
def test_is_arraylike(x, answer):
    assert _arrays.is_arraylike(x) is answer
