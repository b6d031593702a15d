"""Both libraries in one process, on the CPU, with one thread; left clean after each test."""

import os

import pytest
import torch

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
torch.set_num_threads(1)


@pytest.fixture(params=["func", pytest.param("auto", id="tape")])
def engine(request):
    """The engine of ours: 'auto' is the tape for an outermost gradient, and inner ones cannot have it."""
    return request.param


@pytest.fixture(autouse=True)
def clean():
    """No hook and no setting of one test is seen by the next."""
    import brainstate

    import brainstate_torch

    with brainstate_torch.random.seed_context(0):  # puts the kind of the generator back, too
        yield
    for library in (brainstate, brainstate_torch):
        library.clear_state_hooks()
        for key in list(library.environ.all()):
            if key not in _SETTINGS:
                library.environ.pop(key)


_SETTINGS = ("precision", "platform", "host_device_count")
