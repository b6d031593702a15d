"""Programs that run untouched."""

import functools
import sys

import pytest
import torch

from brainstate_torch.port import brought, table
from brainstate_torch.port.__main__ import main
from brainstate_torch.port.hook import Hook, installed
from brainstate_torch.port.running import run_file


@pytest.fixture
def program(tmp_path):
    def write(text, name="script.py"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_a_program_runs_untouched(program, capsys):
    path = program(
        "import sys\nimport jax\nfrom jax import numpy as jnp, random\nimport brainstate\nimport brainunit as u\n"
        "w = brainstate.ParamState(jnp.arange(3.))\n"
        "x = jnp.ones(3)\ny = x\ny += 1\n"
        "print(x.tolist(), w.value.max(axis=0).item(), __name__, sys.argv[1:], (x * u.mV).std())\n"
    )
    before = dict(sys.modules)
    assert main(["run", str(path), "--flag", "1"]) == 0
    assert capsys.readouterr().out == "[1.0, 1.0, 1.0] 2.0 __main__ ['--flag', '1'] 0.0 mV\n"
    assert path.read_text().startswith("import sys\nimport jax\n")
    assert {n for n in sys.modules if n.split(".")[0] in ("jax", "brainstate")} <= set(before)


def test_its_own_modules_are_ported_as_they_are_imported(program):
    program("import jax.numpy as jnp\ndef top(x): return x.max(axis=0), x[::-1]\n", "mine.py")
    names = run_file(program("import mine\nimport jax.numpy as jnp\na, b = mine.top(jnp.arange(3.))\n"))
    assert (names["a"].item(), names["b"].tolist()) == (2.0, [2.0, 1.0, 0.0])
    assert names["mine"].__file__.endswith("mine.py")
    del sys.modules["mine"]


def test_imports_by_name_are_answered_from_the_table():
    import importlib

    with installed(Hook()):
        jnp = importlib.import_module("jax.numpy")
        assert jnp.sum(jnp.ones(3)).item() == 3.0
        assert importlib.import_module("jax").numpy is jnp
        assert importlib.import_module("brainstate.nn").Linear.__module__.startswith("brainstate_torch")
        optim = importlib.import_module("braintools.optim")
        assert optim.Adam.__module__.startswith("brainstate_torch")
        with pytest.raises(AttributeError, match="`jax.pmap` has no home"):
            _ = importlib.import_module("jax").pmap
        pallas = importlib.import_module("jax.experimental.pallas")  # who imports it may never use it
        with pytest.raises(AttributeError, match="kernels of XLA"):
            _ = pallas.pallas_call
        with pytest.raises(ModuleNotFoundError, match="no such name"):
            importlib.import_module("jax.nothing")
        assert isinstance(jnp.ones(2), importlib.import_module("jax").Array)


def test_an_error_shows_the_line_that_failed(program):
    path = program("import jax.numpy as jnp\nx = jnp.ones(3)\nraise ValueError('mine')\n")
    import traceback

    with pytest.raises(ValueError, match="mine") as caught:
        run_file(path)
    assert "raise ValueError('mine')" in "".join(traceback.format_exception(caught.value))
    assert "jax" not in {n for n in sys.modules if isinstance(sys.modules[n], Hook)}


@pytest.fixture
def another_braintools(tmp_path, monkeypatch):
    """A small package of that name comes first; what is known of the files of packages is forgotten, the roots too."""

    def forget():
        for x in (*vars(brought).values(), *vars(table).values()):
            if isinstance(x, functools._lru_cache_wrapper):
                x.cache_clear()
        for name in [n for n in sys.modules if n.startswith(f"{brought.__name__}.braintools")]:
            del sys.modules[name]

    folder = tmp_path / "lib" / "braintools"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("import jax.numpy as jnp\ndef f(x):\n    return x.max(axis=0)\n")
    monkeypatch.syspath_prepend(str(folder.parent))
    forget()
    yield
    monkeypatch.undo()
    forget()


@pytest.mark.usefixtures("another_braintools")
def test_an_installed_package_is_ported_on_demand(program):
    text = "import braintools\nimport jax.numpy as jnp\nr = braintools.f(jnp.arange(3.))\n"
    assert run_file(program(text), packages=["braintools"])["r"] == torch.tensor(2.0)


class Shell:
    def __init__(self):
        self.input_transformers_post = []


def test_cells_are_ported_with_what_the_cells_before_them_say():
    from brainstate_torch.port import load_ipython_extension, unload_ipython_extension

    shell, names = Shell(), {}
    load_ipython_extension(shell)
    try:
        for cell in (
            "import jax\nimport jax.numpy as jnp\n",
            "x = jnp.arange(3.)\ny = x\n",
            "y += 1\nz = x.max(axis=0), x.tolist()\n",
        ):
            lines = cell.splitlines(True)
            for transform in shell.input_transformers_post:
                lines = transform(lines)
            exec("".join(lines), names)
    finally:
        unload_ipython_extension(shell)
    assert names["z"] == (2.0, [0.0, 1.0, 2.0])
    assert shell.input_transformers_post == []


def test_what_a_model_computes_goes_into_numpy_under_run(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(
        "import brainstate, numpy as np, jax.numpy as jnp\nnet = brainstate.nn.Linear(3, 2)\n"
        "y = np.asarray(net(jnp.ones(3)))\n"
        "g = brainstate.transform.grad(lambda: net(jnp.ones(3)).sum(), net.states(brainstate.ParamState))()\n"
        "slope = float(sum(x['bias'].sum() for x in g.values()))\n"
    )
    names = run_file(path)
    assert names["y"].shape == (2,) and names["slope"] == 2.0 and torch.is_grad_enabled()
