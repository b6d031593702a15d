"""brainstate_torch._host.deferring: graphs are recorded without dynamo, which comes when it is needed."""

import subprocess
import sys

import pytest

BEGIN = """
import sys, types, torch
import brainstate_torch as bst
from brainstate_torch import transform as T

w, h = bst.ParamState(torch.full((3, 3), 0.5)), bst.HiddenState(torch.zeros(3))

def loss(x):
    def step(a):
        h.value = torch.tanh(h.value @ w.value + a + torch.tensor([0.1, 0.2, 0.3]))
        return h.value.sum()
    return T.for_loop(step, x).sum()

def is_there():
    return "torch._dynamo.utils" in sys.modules

xs = torch.ones(4)
"""

RECORDED = """
def checked(name, f, *args):
    h.value = torch.zeros(3)
    mine = T.jit(f, backend="replay")(*args)
    assert not is_there(), name
    h.value = torch.zeros(3)
    torch.testing.assert_close(mine, f(*args), msg=name)

checked("gradient", lambda x: T.grad(loss, w)(x), xs)
checked("map of a gradient", T.vmap(T.grad(lambda x: (x.sin() * x).sum())), torch.rand(2, 3))
checked("hessian", T.hessian(lambda x: (x**3).sum()), torch.rand(3))
checked("condition", lambda x: T.cond(x.sum() > 0, lambda: x.sin(), lambda: x), xs)
checked("while", lambda x: T.while_loop(lambda x: x < 10, lambda x: x * 2, x), torch.ones(()))
checked("index", lambda x: x[torch.tensor([0, 1])].cumsum(0).sort().values, xs)
checked("write", lambda x: x.clone().index_fill_(0, torch.tensor([1]), 2.0).mul_(2), xs)
checked("attention", lambda x: torch.nn.functional.scaled_dot_product_attention(x, x, x), torch.rand(2, 3, 4))
assert T.jit(lambda: bst.random.normal(size=3), backend="replay")().shape == (3,)
assert T.eval_shape(lambda x: x @ x, torch.ones(3, 3)).shape == (3, 3)
T.make_graph(loss)(xs)
T.jit(loss, tiered=True)(xs)
T.vjp(loss, xs)[1](torch.ones(()))
assert not is_there()
"""

COMPILED = """
T.eval_shape(loss, xs)
T.vjp(torch.sin, xs)[1](xs)
assert not is_there()
package = torch._dynamo
inner = torch._prims_common.wrappers.elementwise_type_promotion_wrapper
found = torch.compile(lambda x: torch.func.vmap(torch.sin)(x) + 1, backend="eager", fullgraph=True)(xs)
torch.testing.assert_close(found, xs.sin() + 1)
assert is_there() and package is torch._dynamo is sys.modules["torch._dynamo"]
assert type(package) is types.ModuleType and type(torch._inductor.config).__name__ == "ConfigModuleInstance"
assert package.disable.__module__ == "torch._dynamo.decorators"
from torch._dynamo.source import ConstantSource
assert ConstantSource.__module__ == "torch._dynamo.source"
assert not hasattr(torch.fx.experimental.proxy_tensor.dispatch_trace.__wrapped__, "__dynamo_disable")
torch.testing.assert_close(T.jit(lambda x: x.sin(), backend="replay")(xs), xs.sin())
T.vjp(torch.sin, xs)[1](xs)
torch._dynamo.explain, torch._inductor.compile
"""

WITHIN = """
def asks(x):
    # Importing the package computes with tensors, which are no part of the graph.
    torch._dynamo.explain
    return x * 2

with torch.device("meta"):
    graph = T.jit(asks, backend="replay")
    out = graph(xs)
assert is_there()
torch.testing.assert_close(out, xs * 2)
assert graph.cost()[0].operations == 1
T.eval_shape(asks, xs)
"""

INDUCTOR = """
T.eval_shape(loss, xs)
T.vjp(torch.sin, xs)[1](xs)
assert not is_there()
torch.testing.assert_close(T.jit(lambda x: x.sin() + 1)(xs), xs.sin() + 1)
"""

#: The parts of both packages that may be imported first.
FIRST = """
import importlib
T.eval_shape(loss, xs)
for name in ["torch._inductor.utils", "torch._inductor.compile_fx", "torch._dynamo.utils", "torch.export"]:
    if not (child := __import__("os").fork()):
        importlib.import_module(name)
        torch._inductor.compile, torch._dynamo.explain
        __import__("os")._exit(0)
    assert __import__("os").waitpid(child, 0)[1] == 0, name
"""

BEFORE = """
import torch._dynamo, torch._inductor
package, disable = torch._dynamo, torch._dynamo.disable
T.jit(loss, backend="replay")(xs)
assert package is torch._dynamo and disable is torch._dynamo.disable
"""

ASKED = """
T.eval_shape(loss, xs)
import warnings
for module in list(sys.modules.values()):
    getattr(module, "__warningregistry__", None), hasattr(module, "__file__")
assert not is_there()
decorated = torch._dynamo.disable(lambda x: x + 1)
assert is_there() and decorated(1) == 2
"""

THREADS = """
import threading
T.eval_shape(loss, xs)
found, start = [], threading.Barrier(4)

def look():
    start.wait()
    found.append(torch._dynamo.explain)

threads = [threading.Thread(target=look) for _ in range(4)]
[thread.start() for thread in threads], [thread.join() for thread in threads]
assert len(found) == 4 and len(set(found)) == 1
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "program",
    [RECORDED, COMPILED, INDUCTOR, FIRST, WITHIN, BEFORE, ASKED, THREADS],
    ids=[
        "recorded",
        "compiled later",
        "by Inductor",
        "any part first",
        "within a recording",
        "imported before",
        "asked for",
        "from threads",
    ],
)
def test_in_a_process_of_its_own(program):
    subprocess.run([sys.executable, "-c", BEGIN + program], check=True, timeout=300)
