"""One thread, what is slow, and the choice of engine for the whole suite: ``pytest --engine func``."""

from pathlib import Path

import pytest
import torch

torch.set_num_threads(1)

TESTS = Path(__file__).parent
#: Left out of ``make check``, besides tests of the C++ compiler and single ones with the marker: comparisons with
#: brainstate, for which jax compiles, whatever starts processes, and laws of compiled programs.
SLOW = (
    "parity",
    "stress",
    "laws/test_compiled.py",
    "laws/test_programs.py",
    "laws/test_torch_modules.py",
    "unit/transform/_mapping/test_ranks.py",
    "unit/interop",
)


def pytest_collection_modifyitems(items):
    for item in items:
        if (item.path.is_relative_to(TESTS) and item.path.relative_to(TESTS).as_posix().startswith(SLOW)) or any(
            word in item.name for word in ("inductor", "compiled]")
        ):
            item.add_marker(pytest.mark.slow)


def pytest_addoption(parser):
    parser.addoption(
        "--engine", choices=("auto", "func"), default="auto", help="run every gradient on torch.func ('func')"
    )


@pytest.fixture(autouse=True)
def _forced_engine(request, monkeypatch):
    if request.config.getoption("--engine") == "func":
        from brainstate_torch.transform._derivative import reverse as _reverse

        monkeypatch.setattr(_reverse, "_takes_tape", lambda *_: False)
