"""One expression in brainunit on JAX and here on torch: the arrays, the two evaluations, the comparison."""

import numpy as np
import pytest
import torch

import brainstate_torch.units as u

brainunit = pytest.importorskip("brainunit")
jnp = pytest.importorskip("jax.numpy")

ARRAYS = {
    "x": np.array([3.0, -4.0, 5.5], "float32"),
    "y": np.array([2.0, 5.0, 0.5], "float32"),
    "p": np.array([0.5, 1.5, 2.5], "float32"),
    "m": np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]], "float32"),
    "s": np.array([[2.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 4.0]], "float32"),
    "c": np.arange(24.0, dtype="float32").reshape(2, 3, 4) - 7.5,
    "n": np.array([[1.0, np.nan, 3.0], [np.nan, 5.0, -6.0]], "float32"),
    "i": np.array([3, 1, 2], "int32"),
    "k": np.array([[1, 2, 3], [4, 5, 7]], "int32"),
    "b": np.array([[True, False, True], [False, True, True]]),
    "z": np.array([1.0 + 2.0j, -1.0j, 3.0], "complex64"),
    "d": np.array(2.5, "float32"),
    "e": np.zeros((0,), "float32"),
    "e2": np.zeros((0, 3), "float32"),
    "e3": np.zeros((2, 0), "float32"),
    "f": np.array([1.0, np.inf, -np.inf, np.nan], "float32"),
    "h": np.array([1.5, -2.25, 4.0], "float16"),
    "i8": np.array([100, -100, 50], "int8"),
    "u8": np.array([200, 100, 3], "uint8"),
}

#: The same arrays of numpy, in both libraries.
HOSTS = {f"N{name}": value for name, value in ARRAYS.items()}


def lines(text):
    return [line.strip() for line in text.strip().splitlines()]


def ours(text):
    return eval(text, {"u": u, "jnp": u.math, "torch": torch, **names()})


def names():
    return {"A": lambda v: torch.tensor(v, dtype=_narrow(v)), **HOSTS, **tensors()}


def _narrow(values):
    dtype = np.asarray(values).dtype
    return {"f": torch.float32, "i": torch.int32, "b": torch.bool, "c": torch.complex64}[dtype.kind]


def tensors():
    return {name: torch.from_numpy(value.copy()) for name, value in ARRAYS.items()}


def theirs(text):
    arrays = {name: jnp.array(value) for name, value in ARRAYS.items()}
    return eval(text, {"u": brainunit, "jnp": jnp, "A": jnp.array, **HOSTS, **arrays})


def si(value):
    """The number in SI base units and the dimension."""
    quantity = u.as_quantity(value) if isinstance(value, brainunit.Quantity) else value
    mantissa = u.get_mantissa(quantity)
    mantissa = mantissa.resolve_conj().resolve_neg() if isinstance(mantissa, torch.Tensor) else mantissa
    return np.asarray(mantissa), u.get_unit(quantity).magnitude, u.get_dim(quantity)


def compare(found, expected):
    if isinstance(expected, (list, tuple)):
        assert len(found) == len(expected)
        for pair in zip(found, expected, strict=True):
            compare(*pair)
        return
    if isinstance(expected, (str, type(None))):
        assert found == expected
        return
    (own, scale, dimension), (other, their_scale, their_dimension) = si(found), si(expected)
    assert dimension == their_dimension
    assert own.shape == other.shape
    is_number = not isinstance(found, (u.Quantity, torch.Tensor)) or not hasattr(expected, "dtype")
    assert is_number or own.dtype == other.dtype or isinstance(u.get_mantissa(found), (bool, int, float, complex))
    kind = complex if own.dtype.kind == "c" else float
    np.testing.assert_allclose(
        own.astype(kind) * scale, other.astype(kind) * their_scale, rtol=3e-5, atol=2e-6 * min(scale, 1.0)
    )
