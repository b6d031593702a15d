"""Neighbours that are ported as they are imported."""

import sys

import numpy as np
import pytest
import torch

import brainstate_torch
from brainstate_torch.port import port_source, resolve
from brainstate_torch.port.hook import Hook, installed

pytest.importorskip("braintools")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "kept"))


def test_a_name_without_a_home_comes_from_the_installed_package():
    found = resolve("braintools.spike_bitwise_or")
    assert found.path == "brainstate_torch.port.brought.braintools.spike_bitwise_or"
    assert found.value(1.0, 0.0) == 1.0
    assert resolve("braintools.optim.Adam").path == "brainstate_torch.optim.Adam"


def test_the_tool_writes_the_name_as_it_was():
    text = "import braintools\nprint(braintools.spike_bitwise_and(1., 0.))\n"
    ported = port_source(text)
    assert ported.source == text.replace("import braintools", "from brainstate_torch.port.brought import braintools")
    assert not ported.left
    assert port_source(ported.source).source == ported.source


def test_a_program_under_the_hook_gets_it():
    with installed(Hook()):
        import braintools

        assert braintools.spike_bitwise_or(1.0, 1.0) == 1.0
        assert sys.modules["braintools"].optim.Adam.__module__.startswith("brainstate_torch.optim")


def test_a_text_is_ported_once(monkeypatch):
    from brainstate_torch.port import rewriting
    from brainstate_torch.port.brought.texts import ported_text

    first = ported_text("import jax.numpy as jnp\ny = jnp.ones(3)  # once\n")
    monkeypatch.setattr(rewriting, "port_source", None)
    assert ported_text("import jax.numpy as jnp\ny = jnp.ones(3)  # once\n") == first
    assert "u.math.ones(3)  # once" in first


def test_a_kept_text_is_ported_again_when_the_table_says_something_else(monkeypatch):
    from brainstate_torch.port import names, table
    from brainstate_torch.port.brought.texts import ported_text

    text = "import jax.numpy as jnp\ny = jnp.zeros(3)  # of the table\n"
    assert "u.math.zeros" in ported_text(text)
    monkeypatch.setitem(names.NAMES, "jax.numpy.zeros", "units.math.ones")
    table._resolved.cache_clear()
    try:
        assert "u.math.ones" in ported_text(text)
    finally:
        table._resolved.cache_clear()


def test_a_package_that_is_not_installed_says_how_to_get_it():
    found = resolve("braincell.Nothing")
    assert "braincell" in found.reason
    assert "pip install --no-deps braincell" in found.cure


def test_a_package_that_is_ported_into_a_folder_keeps_its_own_names():
    from brainstate_torch.port.table import keeping

    text = "import brainmass\nimport jax.numpy as jnp\ny = brainmass.f(jnp.ones(3))\n"
    with keeping("brainmass"):
        ported = port_source(text)
    assert "import brainmass\n" in ported.source
    assert "brainmass.f(u.math.ones(3))" in ported.source
    assert not ported.left


def test_a_root_that_imports_its_own_modules_by_their_full_names(tmp_path, monkeypatch):
    from brainstate_torch.port import brought

    package = tmp_path / "braincell"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from braincell._cells import Cell as C\nfrom . import _cells as cells\nfrom numpy import ones\n"
        "__all__ = ['C']\n"
        "def __getattr__(name):\n"
        "    if name == 'OldC' and name[3:] in __all__:\n"
        "        from . import __name__ as here\n"
        "        return getattr(__import__(here, fromlist=['C']), 'C')\n"
        "    raise AttributeError(name)\n"
    )
    (package / "parts").mkdir()
    (package / "parts" / "__init__.py").write_text("from .soma import soma\n")
    (package / "parts" / "soma.py").write_text("def soma():\n    pass\n")
    (package / "_cells.py").write_text("import jax.numpy as jnp\nclass Cell:\n    v = jnp.zeros(2)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for cached in (brought._folder, brought.source_of, brought._defined, brought._fallback):
        cached.cache_clear()
    try:
        assert brought.source_of("braincell", "C") == "_cells.Cell"
        assert brought.source_of("braincell", "ones") is None
        assert [
            brought.kind_of("braincell", *parts)
            for parts in ((), ("cells",), ("cells", "Cell"), ("D",), ("parts", "soma"))
        ] == ["module", "module", "name", None, "name"]
        assert not [name for name in sys.modules if name.startswith(f"{brought.__name__}.braincell")]
        assert (brought.kind_of("braincell", "OldC"), brought.kind_of("braincell", "OldD")) == ("name", None)
        assert brought.braincell.OldC is brought.braincell.C
        assert brought.braincell.C.v.tolist() == brought.braincell.cells.Cell.v.tolist() == [0.0, 0.0]
    finally:
        for cached in (brought._folder, brought.source_of, brought._defined, brought._fallback):
            cached.cache_clear()
        for name in [name for name in sys.modules if name.startswith(f"{brought.__name__}.braincell")]:
            del sys.modules[name]


def test_a_private_module_gives_what_the_public_one_has_here():
    from brainstate_torch.port.brought.texts import absolute

    text = "from ._base import A\n    from .. import b\nfrom .x.y import (c)\nfrom numpy import d\n"
    assert absolute(text, "braintools.optim").splitlines() == [
        "from braintools.optim._base import A",
        "    from braintools import b",
        "from braintools.optim.x.y import (c)",
        "from numpy import d",
    ]
    assert resolve("braintools.init._distance_impl.GaussianProfile").path == "brainstate_torch.init.GaussianProfile"
    assert resolve("braintools.conn._base.ConnectionResult").path.startswith("brainstate_torch.port.brought.")


def test_a_module_of_a_neighbour_takes_the_classes_of_this_package():
    from brainstate_torch import init
    from brainstate_torch import units as u
    from brainstate_torch.port.brought import braintools

    rule = braintools.conn.Gaussian(init.GaussianProfile(100 * u.um), seed=1)
    assert rule.distance_profile.sigma == 100 * u.um


def test_arithmetic_of_trees_is_that_of_braintools():
    import braintools
    import jax.numpy as jnp
    import torch

    from brainstate_torch.port import lookup

    def numbers(tree):
        leaves = tree if isinstance(tree, (list, tuple)) else [tree]
        return [numbers(x) if isinstance(x, (list, tuple)) else x["a"].tolist() if isinstance(x, dict) else float(x)
                for x in leaves]  # fmt: skip

    for name, *args in (("scale", 2.0), ("shift", 2.0), ("mul", 2.0), ("add", 2.0), ("mul", "same"), ("add", "same"),
                        ("sub", "same"), ("dot", "same"), ("sum",), ("squared_norm",), ("split", (1, 1)),
                        ("idx", 1), ("expand", 0), ("take", np.array([1, 0]), 0),
                        ("take", slice(1, 3), 0)):  # fmt: skip
        theirs, ours = {"a": jnp.arange(1.0, 5.0)}, {"a": torch.arange(1.0, 5.0)}
        expected = getattr(braintools.tree, name)(theirs, *[theirs if isinstance(x, str) else x for x in args])
        found = lookup(f"braintools.tree.{name}")(ours, *[ours if isinstance(x, str) else x for x in args])
        assert numbers(found) == numbers(expected), name
    assert lookup("braintools.tree.concat")([ours, ours])["a"].tolist() == [1.0, 2.0, 3.0, 4.0] * 2
    assert lookup("braintools.tree.as_numpy")(ours)["a"].sum() == 10.0


def test_the_root_of_a_neighbour_lists_its_names():
    import braintools

    from brainstate_torch.port.brought import braintools as ours
    from brainstate_torch.port.brought import public_names

    assert sorted(public_names("braintools")) == sorted(braintools.__all__) == sorted(ours.__all__)


def test_a_name_that_is_missing_does_not_bring_the_original_back():
    text = "import braintools\nx = braintools.spike_bitwise_or(1., 0.)\ndef f():\n    return braintools.not_there\n"
    ported = port_source(text).source
    assert "\nimport braintools" not in f"\n{ported}"
    assert "# PORT: braintools.not_there" in ported
    assert port_source(ported).source == ported
    names = {}
    exec(ported, names)
    assert names["braintools"].__name__.startswith("brainstate_torch.port.brought")


@pytest.mark.parametrize(("name", "shape"), [("LRUCell", (3,)), ("CFNCell", (3,)), ("GroupedLinear", (2, 3))])
def test_the_layers_of_braintrace_are_those_of_the_original(name, shape):
    braintrace, brainstate = pytest.importorskip("braintrace"), pytest.importorskip("brainstate")
    theirs, ours = getattr(braintrace.nn, name)(*shape, 4), resolve(f"braintrace.nn.{name}").value(*shape, 4)
    brainstate.nn.init_all_states(theirs, batch_size=5)
    brainstate_torch.nn.init_all_states(ours, batch_size=5)
    states = ours.states()
    assert set(map(str, states)) == set(map(str, theirs.states()))
    for key, state in theirs.states().items():
        value = {k: np.array(v) for k, v in state.value.items()} if isinstance(state.value, dict) else state.value
        states[key].value = brainstate_torch.interop.to_torch(value)
    x = np.random.default_rng(0).normal(size=(5, *shape)).astype(np.float32)
    for _ in range(3):
        found, wanted = ours(torch.as_tensor(x)), theirs(x)
    np.testing.assert_allclose(found.detach(), wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("numbers", [None, ("NHC", "HIO", "NHC")])
def test_a_convolution_that_is_learnt_online_is_that_of_braintrace(numbers):
    braintrace = pytest.importorskip("braintrace")
    rng = np.random.default_rng(0)
    x, kernel, bias = (rng.normal(size=n).astype(np.float32) for n in ((2, 7, 3), (3, 3, 4), 4))
    if numbers is None:
        x, kernel = x.transpose(0, 2, 1), kernel.transpose(2, 1, 0)
    options = {"strides": (2,), "dimension_numbers": numbers}
    wanted = braintrace.conv(x, kernel, bias, kernel_fn=abs, bias_fn=lambda b: 2 * b, **options)
    found = resolve("braintrace.conv").value(
        *map(torch.as_tensor, (x, kernel, bias)), kernel_fn=torch.abs, bias_fn=lambda b: 2 * b, **options
    )
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["PoissonEncoder", "LeakyRateReadout", "SynOut", "SymmetryGapJunction", "SpikeTime"])
def test_names_that_moved_to_brainpy_are_found_where_they_were(name):
    assert resolve(f"brainstate.nn.{name}") == resolve(f"brainpy.state.{name}")


def test_optimizers_that_moved_to_braintools_are_brought():
    assert resolve("brainstate.optim.ScipyOptimizer").path.endswith("brought.braintools.optim.ScipyOptimizer")
