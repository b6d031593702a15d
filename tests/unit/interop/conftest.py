"""Both frameworks in one process, on the CPU, with one thread."""

import os

import pytest

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")


def pytest_ignore_collect():
    """Without the extra there is nothing to test."""
    try:
        import brainstate  # noqa: F401
    except ImportError:
        return True
    return None


@pytest.fixture
def x64():
    """Numbers of 64 bits are on in JAX."""
    import jax

    with jax.enable_x64(True):
        yield
