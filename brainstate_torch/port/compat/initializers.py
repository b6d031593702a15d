"""``jax.nn.initializers``: functions of a key, a shape and a dtype."""

from collections.abc import Callable, Sequence
from typing import Any

from ... import random
from ...nn import init
from ...units import math

__all__ = [
    "constant",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "lecun_normal",
    "lecun_uniform",
    "normal",
    "ones",
    "orthogonal",
    "uniform",
    "xavier_normal",
    "xavier_uniform",
    "zeros",
]

Initializer = Callable[..., Any]


def zeros(key: Any, shape: Sequence[int], dtype: Any = None) -> Any:
    """Zeros."""
    return math.zeros(shape, dtype=dtype)


def ones(key: Any, shape: Sequence[int], dtype: Any = None) -> Any:
    """Ones."""
    return math.ones(shape, dtype=dtype)


def constant(value: Any, dtype: Any = None) -> Initializer:
    """One value everywhere."""
    return lambda key, shape, dtype=dtype: math.full(shape, value, dtype=dtype)


def normal(stddev: float = 1e-2, dtype: Any = None) -> Initializer:
    """Normal numbers with a standard deviation."""
    return lambda key, shape, dtype=dtype: random.normal(0.0, stddev, size=shape, key=key, dtype=dtype)


def uniform(scale: float = 1e-2, dtype: Any = None) -> Initializer:
    """Uniform numbers from zero to `scale`."""
    return lambda key, shape, dtype=dtype: random.uniform(0.0, scale, size=shape, key=key, dtype=dtype)


def _by(kind: Any) -> Callable[..., Initializer]:
    def make(*, dtype: Any = None) -> Initializer:
        def draw(key: Any, shape: Sequence[int], dtype: Any = dtype) -> Any:
            with random.seed_context(key):
                return kind()(tuple(shape))

        return draw

    make.__doc__ = f"The initializer :class:`~brainstate_torch.nn.init.{kind.__name__}`."
    return make


glorot_normal = xavier_normal = _by(init.XavierNormal)
glorot_uniform = xavier_uniform = _by(init.XavierUniform)
he_normal = kaiming_normal = _by(init.KaimingNormal)
he_uniform = kaiming_uniform = _by(init.KaimingUniform)
lecun_normal, lecun_uniform = _by(init.LecunNormal), _by(init.LecunUniform)
orthogonal = _by(init.Orthogonal)
