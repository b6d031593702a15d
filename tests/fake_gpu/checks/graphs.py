"""What a compiled function is as a CUDA graph."""

import contextlib
import io

import fake_gpu
import torch

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch import nn, optim, random, spiking
from brainstate_torch import transform as T

from .registry import BACKEND, check, filled, tensors_of


@check("capture: all that a jitted training step takes lies on the device")
def _():
    layer = nn.Linear(3, 2).to("cuda")
    optimizer = optim.Adam(lr=0.1)
    optimizer.register_trainable_weights(layer.states(bst.ParamState))
    grad = T.grad(lambda x: (layer(x) ** 2).sum(), layer.states(bst.ParamState))
    step = T.jit(lambda x: optimizer.update(grad(x)), backend=BACKEND)
    step(filled((4, 3), "cuda"))
    (program,) = step._programs._recent.keys()
    found = [(str(x.dtype), tuple(x.shape)) for x in program.like if x.device.type == "cpu"]
    assert not found, f"on the CPU: {found}"


def _graphed(fun, **kwargs):
    """A compiled function that runs as a CUDA graph."""
    return T.jit(fun, backend=BACKEND, cuda_graphs=True, **kwargs)


def _recorded(jitted, count=1):
    (cost,) = jitted.cost()
    assert cost.graph == f"recorded {count} x", cost.graph


def _two_ways(make, calls, equal=torch.equal):
    """The results of all calls, and what is held at the end, with graphs and without; the function is made anew."""
    found = []
    for graphs in (True, False):
        torch.manual_seed(1)
        random.seed(2)
        fun, held = make()
        jitted = T.jit(fun, backend=BACKEND, cuda_graphs=graphs)
        results = [jitted(*arguments) for arguments in calls]
        if graphs:
            _recorded(jitted)
        found.append(tensors_of((results, held, random.DEFAULT.value, torch.rand(2, device="cuda"))))
    assert len(found[0]) == len(found[1]) > len(calls)
    for x, y in zip(*found):
        assert equal(x, y), (x, y)


@check("graph: States, arguments, and results that are kept")
def _():
    def make():
        s, q, w = (
            bst.State(filled(3, "cuda")),
            bst.State(filled(3, "cuda") * u.mV),
            bst.ParamState(filled(3, "cuda", 1)),
        )

        def fun(x, q2):
            s.value = s.value + x * w.value
            q.value = q.value + q2
            return {"a": s.value * 2, "same": x, "b": [q.value[:2], w.value]}

        return fun, (s, q, w)

    _two_ways(make, [(filled(3, "cuda", i), filled(3, "cuda", -i - 1 + 9) * u.volt) for i in range(5)])


@check("graph: weights that are written in place, or replaced, between calls")
def _():
    w = bst.ParamState(filled(3, "cuda"))
    f = _graphed(lambda x: w.value * x)
    x = torch.ones(3, device="cuda")
    (parameter,) = w.parameters()
    for i in range(9):
        if i == 4:
            parameter.data.mul_(3)
        elif i == 5:
            w.value = w.value + 1
        elif i == 6:
            with torch.no_grad():
                parameter.add_(2)
        elif i == 7:
            w.value = filled(3, "cuda", 5)
        assert torch.equal(f(x), w.value * x), i


@check("graph: draws of both generators, and of torch itself, also in loops")
def _():
    def make():
        rng = random.RandomState(3)

        def fun(x):
            y = T.for_loop(lambda x: x + random.normal(x) * torch.rand_like(x), torch.zeros_like(x))
            return x + rng.uniform(x, x + 1), y, torch.nn.functional.dropout(x)

        return fun, rng

    _two_ways(make, [(filled((4, 3), "cuda", i),) for i in range(5)])


@check("graph: draws from Threefry keys on the device")
def _():
    def make():
        rng = random.RandomState(3, impl="threefry2x32").to("cuda")
        return lambda x: rng.normal(x) + T.for_loop(lambda i: rng.uniform(i, i + 1), x), rng

    _two_ways(make, [(filled(3, "cuda", i),) for i in range(4)])


for _rule in ("Adam", "SGD", "RMSprop", "Lion"):

    @check(f"graph: a training step with {_rule} and a schedule")
    def _(rule=_rule):
        def make():
            layer = nn.Linear(3, 2).to("cuda")
            schedule = optim.StepLR(0.1, step_size=2)
            optimizer = getattr(optim, rule)(lr=schedule).register_trainable_weights(layer.states(bst.ParamState))
            grad = T.grad(lambda x: (layer(x) ** 2).sum(), layer.states(bst.ParamState), return_value=True)

            def step(x):
                gradient, loss = grad(x)
                optimizer.update(gradient)
                schedule.step()
                return loss

            return step, (list(layer.states().values()), optimizer.step_count, optimizer.opt_state)

        _two_ways(make, [(filled((4, 3), "cuda", i),) for i in range(6)], torch.allclose)


@check("graph: spiking neurons with units, forward and backward, and settings that change")
def _():
    def make():
        net = spiking.LIF(6, tau=20 * u.ms, V_th=1 * u.mV, R=1 * u.ohm).to("cuda")
        nn.init_all_states(net)
        w = bst.ParamState(filled((3, 6), "cuda"))

        def run(x):
            nn.init_all_states(net)
            with bst.environ.context(dt=0.1 * u.ms):
                spikes = T.for_loop(lambda i: net((i @ w.value) ** 2 * 100 * u.mA), x)
            return (spikes**2).sum() + (net.V.value / u.mV).sum() * bst.environ.get("gain")

        grad = T.grad(run, w, return_value=True)
        return grad, (w, net.V)

    def calls():
        for i in range(4):
            yield (filled((5, 3), "cuda", i),)

    with bst.environ.context(gain=2.0):
        _two_ways(make, list(calls()), torch.allclose)


@check("graph: numbers of Python and settings that change are inputs")
def _():
    f = _graphed(lambda x, k: x * k + bst.environ.get("t"))
    x = torch.ones(3, device="cuda")
    for i in range(5):
        with bst.environ.context(t=0.5 * i):
            assert torch.equal(f(x, float(i)), x * i + 0.5 * i)
    _recorded(f)


@check("graph: choices that are cheap, maps and loops that are bounded")
def _():
    def fun(x):
        y = T.cond(x.sum() > 0, lambda: x * 2, lambda: -x)
        z = T.bounded_while_loop(lambda v: v.sum() < 3, lambda v: v + 1, x, max_steps=4)
        return y, z, T.vmap(lambda x: T.scan(lambda c, i: (c + i * x, c), x, torch.ones(3, device="cuda")))(x)

    _two_ways(lambda: (fun, ()), [(filled(3, "cuda", i),) for i in range(5)])


@check("graph: an error check tells at the end, and no State is written")
def _():
    s = bst.State(torch.zeros((), device="cuda"))

    def fun(x):
        s.value = s.value + 1
        T.jit_error_if(x.sum() < 0, "it is {}", x.sum())
        return x * 2

    f, x = _graphed(fun), torch.ones(3, device="cuda")
    for _ in range(3):
        f(x)
    _recorded(f)
    try:
        f(-x)
    except ValueError as error:
        assert "it is -3" in str(error)
    else:
        raise AssertionError("no error")
    assert s.value.item() == 3
    assert torch.equal(f(x), x * 2) and s.value.item() == 4


@check("graph: what hinders one is said once, and the numbers are right")
def _():
    count = bst.State(torch.tensor(0))
    cases = {
        "while": lambda x: T.while_loop(lambda v: v.sum() < 9, lambda v: v + 1, x),
        "CPU and changes": lambda x: (count.value + 1) * x,
        "a choice": lambda x: T.cond(x.sum() > 0, lambda: x[torch.arange(3, device="cuda")], lambda: -x),
        "several devices": lambda x: (x, torch.ones(2, device="cuda:1") * _ELSEWHERE),
    }
    for words, fun in cases.items():
        f, said = _graphed(fun), io.StringIO()
        with contextlib.redirect_stderr(said):
            for i in range(3):
                f(torch.full((3,), float(i), device="cuda"))
                f(torch.full((2, 3), float(i), device="cuda")) if words != "a choice" else None
        assert said.getvalue().count("CUDA graph") == 1 and words in said.getvalue(), (words, said.getvalue())
        assert words in f.cost()[0].graph


_ELSEWHERE = torch.ones(2, device="cuda:1")


@check("graph: what the driver refuses runs kernel by kernel, and is said once")
def _():
    def fun(x):
        return x + random.normal(x)

    f, said, plain = _graphed(fun), io.StringIO(), torch.cuda.CUDAGraph.register_generator_state
    torch.cuda.CUDAGraph.register_generator_state = lambda *_: None
    try:
        with contextlib.redirect_stderr(said):
            found = [f(torch.zeros(3, device="cuda")) for _ in range(4)]
    finally:
        torch.cuda.CUDAGraph.register_generator_state = plain
    assert said.getvalue().count("recording failed: Attempt to increase offset") == 1, said.getvalue()
    assert len({float(x.sum()) for x in found}) == 4


@check("graph: another shape is another graph, and programs that take turns share a pool")
def _():
    s = bst.State(torch.zeros(2, device="cuda"))

    def fun(x):
        s.value = s.value + x.sum()
        return torch.cat([x, x * s.value[0]])

    f, g = _graphed(fun), _graphed(lambda x: torch.sort(x * 3).values * s.value[0])
    total = 0.0
    for i in range(6):
        x, y = filled(3 + i % 2, "cuda", i), filled(5, "cuda", i)
        total += x.sum().item()
        one, other = f(x), g(y)
        assert torch.allclose(one, torch.cat([x, x * total])) and torch.allclose(
            other, torch.sort(y * 3).values * total
        )
    assert [cost.graph for cost in f.cost()] == ["recorded 1 x"] * 2
    pools = {x._captured._graph.pool() for jitted in (f, g) for x in list(jitted._programs._recent.keys())}
    assert len(pools) == 1


@check("graph: another stream waits for the one before")
def _():
    f, x = _graphed(lambda x: x * 2), torch.ones(3, device="cuda")
    f(x), f(x)
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        f(x)
    assert torch.cuda.default_stream() in stream.waited_for


@check("graph: a call is one launch besides the copies of inputs and results")
def _():
    s, w = bst.State(torch.zeros(3, device="cuda")), bst.ParamState(torch.ones(3, device="cuda"))

    def fun(x):
        s.value = T.scan(lambda c, i: (torch.tanh(c * w.value + i), None), s.value, x)[0]
        return s.value.sum()

    f, x = _graphed(fun), filled((50, 3), "cuda")
    f(x), f(x)
    with fake_gpu.counting() as counts:
        f(x)
    # The graph, the argument and the State in, the State and the result out.
    assert counts["launches"] <= 6 and not counts["waits"], counts


@check("graph: the device would notice results that are not copied out, and inputs that are not copied in")
def _():
    from brainstate_torch._program import capture

    class Careless(capture.Captured):
        def _replay(self, tensors):
            if out:
                for buffer, x in zip(self._inputs, tensors):
                    buffer.copy_(x)
            self._graph.replay()
            return list(self._outputs) if out else [x.clone() for x in self._outputs]

    plain, out = capture.Captured, True
    from brainstate_torch.transform._compile import program

    for which in (True, False):
        out = which
        program.Captured = Careless
        try:
            f = _graphed(lambda x: x * 2)
            found = [f(torch.full((3,), float(i), device="cuda")) for i in range(4)]
        finally:
            program.Captured = plain
        assert [x[0].item() for x in found] != [0.0, 2.0, 4.0, 6.0]


@check("graph: results on the CPU that are the same at each call")
def _():
    text = torch.arange(20, dtype=torch.uint8, device="cpu")
    fun = lambda x: (x * 2, torch.tensor(3.0, device="cpu"), torch.arange(3, device="cpu") + 1, text)
    jitted = _graphed(fun)
    x = filled(3, "cuda")
    for _ in range(4):
        for found, wanted in zip(jitted(x), fun(x), strict=True):
            assert found.device == wanted.device and torch.equal(found, wanted)
        jitted(x)[1].add_(1)  # the caller's own
    _recorded(jitted)


@check("graph: a graph that the user records takes the kernels of a compiled function")
def _():
    jitted = _graphed(lambda x: torch.sin(x) * 2)
    x = filled(3, "cuda")
    for _ in range(3):
        jitted(x)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=torch.cuda.Stream()):
        y = jitted(x)
    _recorded(jitted)
    x.fill_(0.5)
    graph.replay()
    assert torch.equal(y, torch.sin(x) * 2)


@check("graph: inputs that do not begin at a multiple of 16 bytes")
def _():
    jitted = _graphed(lambda x, y: x * y + 1)
    whole = filled(9, "cuda")
    for start in (1, 0, 3, 2):
        x = whole[start : start + 5]
        assert torch.equal(jitted(x, whole[:5]), x * whole[:5] + 1)
    _recorded(jitted)
