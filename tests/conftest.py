"""One thread, what is slow, and the choice of engine for the whole suite: ``pytest --engine func``."""

import zlib
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


#: Tables of like cases, most of the time of the suite: ``--third`` takes a third of each. Besides them, whatever runs
#: on the second engine.
WIDE = (
    "parity",
    "laws/test_compiled.py",
    "laws/test_indexing.py",
    "laws/test_numpy.py",
    "laws/test_prefixes.py",
    "laws/test_programs.py",
    "laws/test_torch_draws.py",
    "laws/test_torch_modules.py",
    "unit/benchmarks",
    "unit/interop",
)


def _lies_in(item, places):
    return item.path.is_relative_to(TESTS) and item.path.relative_to(TESTS).as_posix().startswith(places)


def pytest_collection_modifyitems(config, items):
    third = config.getoption("--third")
    if third is not None:
        places = ("",) if config.getoption("--engine") == "func" else WIDE
        left_out = {x for x in items if _lies_in(x, places) and zlib.crc32(x.nodeid.encode()) % 3 != third % 3}
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [x for x in items if x not in left_out]
    for item in items:
        if _lies_in(item, SLOW) or any(word in item.name for word in ("inductor", "compiled]")):
            item.add_marker(pytest.mark.slow)


def pytest_addoption(parser):
    parser.addoption(
        "--engine", choices=("auto", "func"), default="auto", help="run every gradient on torch.func ('func')"
    )
    parser.addoption(
        "--third", type=int, metavar="K", help="of the widest tables, the third of the cases that is K modulo 3"
    )


@pytest.fixture(autouse=True)
def _forced_engine(request, monkeypatch):
    if request.config.getoption("--engine") == "func":
        from brainstate_torch.transform._derivative import reverse as _reverse

        monkeypatch.setattr(_reverse, "_takes_tape", lambda *_: False)
