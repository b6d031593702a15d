"""Operators of this package."""

import importlib
import re
from pathlib import Path

import pytest
import torch

import brainstate_torch as brainstate

ROOT = Path(brainstate.__file__).parent
#: The files that define operators.
FILES = [path for path in sorted(ROOT.rglob("*.py")) if "import defined" in path.read_text()]


@pytest.fixture(scope="module")
def names():
    """All operators but those that tests define; the packages that hold them are imported when they are first used."""
    for path in FILES:
        importlib.import_module(".".join(path.relative_to(ROOT.parent).with_suffix("").parts))
    ours = [x for x in torch._C._dispatch_get_all_op_names() if x.startswith("brainstate_torch::")]
    return [x for x in ours if not x.endswith("_of_the_tests")]


def test_each_operator_is_looked_at(names):
    assert len(names) == sum(len(re.findall(r" = defined\(", path.read_text())) for path in FILES)
    assert {"brainstate_torch::call", "brainstate_torch::fan_out", "brainstate_torch::of_rows"} <= set(names)


def test_each_operator_has_an_implementation_for_every_device(names):
    """That of a CPU alone would raise on a GPU."""
    has = torch._C._dispatch_has_kernel_for_dispatch_key
    everywhere = ("CompositeExplicitAutograd", "CompositeImplicitAutograd")
    lacking = [x for x in names if not any(has(x, key) for key in ("CUDA", *everywhere))]
    assert lacking == []
    assert all(has(x, "Meta") for x in names), "compilers ask for shapes"
