"""One thread, what is slow, parts of wide tables, and the engine for the whole suite: ``pytest --engine func``."""

import zlib
from pathlib import Path

import pytest
import torch

torch.set_num_threads(1)

TESTS = Path(__file__).parent
#: Left out of ``make check``, besides tests of the C++ compiler and single ones with the marker: comparisons with
#: brainstate and jax, what starts processes, imports a framework or measures growth, and laws of compiled programs.
#: What remains takes three minutes of one core.
SLOW = (
    "parity",
    "stress",
    "laws/test_compiled.py",
    "laws/test_narrow_numbers.py",
    "laws/test_numpy.py",
    "laws/test_programs.py",
    "laws/test_torch_draws.py",
    "laws/test_torch_modules.py",
    "unit/_program/test_growth.py",
    "unit/benchmarks",
    "unit/habits/test_compiling.py",
    "unit/interop",
    "unit/test_demo.py",
    "unit/test_ecosystem.py",
    "unit/test_import.py",
    "unit/transform/_mapping/test_ranks.py",
)


#: Tables of like cases, most of the time of the suite: ``--part`` takes a part of each. Besides them, whatever runs
#: on the second engine.
WIDE = (
    "parity",
    "laws/test_chosen_lanes.py",
    "laws/test_compiled.py",
    "laws/test_indexing.py",
    "laws/test_memory.py",
    "laws/test_no_grad.py",
    "laws/test_numpy.py",
    "laws/test_numpy_names.py",
    "laws/test_prefixes.py",
    "laws/test_programs.py",
    "laws/test_results.py",
    "laws/test_sound_rules.py",
    "laws/test_torch_draws.py",
    "laws/test_torch_modules.py",
    "laws/test_trees.py",
    "unit/benchmarks",
    "unit/interop",
    "unit/nn/connection/test_fan_out.py",
    "unit/units/test_habits.py",
    "unit/units/test_rules.py",
)


def _lies_in(item, places):
    return item.nodeid.removeprefix("tests/").startswith(places)


def _part(text):
    number, _, of = text.partition("/")
    if not (number.isdecimal() and of.isdecimal() and int(of)):
        raise ValueError(text)
    return int(number) % int(of), int(of)


def pytest_ignore_collect(collection_path, config):
    # What nothing is chosen of is not imported: jax alone takes longer than all other imports together.
    inside = collection_path.is_relative_to(TESTS) and collection_path.relative_to(TESTS).as_posix()
    return True if config.option.markexpr == "not slow" and inside and inside.startswith(SLOW) else None


def pytest_collection_modifyitems(config, items):
    part = config.getoption("--part")
    if part is not None:
        number, of = part
        places = ("",) if config.getoption("--engine") == "func" else WIDE
        left_out = {x for x in items if _lies_in(x, places) and zlib.crc32(x.nodeid.encode()) % of != number}
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
        "--part", type=_part, metavar="K/N", help="of the widest tables, those cases whose number is K modulo N: 1/3"
    )


@pytest.fixture(autouse=True)
def _forced_engine(request, monkeypatch):
    if request.config.getoption("--engine") == "func":
        from brainstate_torch.transform._derivative import reverse as _reverse

        monkeypatch.setattr(_reverse, "_takes_tape", lambda *_: False)
