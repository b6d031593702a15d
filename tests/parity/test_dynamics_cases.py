"""nn: delays and their interpolation, Dynamics, exp_euler_step; whole trajectories, gradients, kinds of error."""

import numpy as np

from .frameworks import Cases

cases = Cases()
case, differs = cases.case, cases.differs

XS = np.sin(np.arange(24.0) * 0.7).astype("float32")
METHODS = ("nearest", "round", "linear", "linear_interp", "cubic", "hermite", "polynomial2", "polynomial3")


def _filled(f, steps=24, **kwargs):
    """A delay that was given some waves; within a context with dt=0.1."""
    delay = f.bs.nn.Delay(f.array(np.zeros(2)), **kwargs)
    delay.init_state()
    for i in range(steps):
        delay.update(f.array([XS[i % 24], i]))
    return delay


# Delays

for _name in METHODS:

    @case(f"retrieve_at_time: {_name}, between the steps")
    def _(f, name=_name):
        with f.bs.environ.context(dt=0.1, t=2.3):
            delay = _filled(f, time=1.5, interpolation=name)
            return [delay.retrieve_at_time(f.array(at)) for at in (2.2, 2.13, 1.87, 1.52, 1.25, 1.0)]

    @case(f"InterpolationRegistry: {_name}, around the ring")
    def _(f, name=_name):
        method = f.bs.nn.InterpolationRegistry.get(name)
        history = {"a": f.array(XS[:7]), "b": f.array(np.outer(XS[7:14], [1, 2]))}
        return [method(history, (), f.array(place), 7) for place in (-1.3, 0.0, 0.4, 3.7, 6.0, 6.6, 8.2)]

    @case(f"retrieve_at_time: {_name}, in a loop, with its gradient")
    def _(f, name=_name):
        with f.bs.environ.context(dt=0.1):
            delay = f.bs.nn.Delay(f.array(0.0), time=0.6, interpolation=name)
            delay.init_state()
            w = f.param(0.6)

            def step(i, x):
                t = i * 0.1
                with f.bs.environ.context(t=t):
                    delay.update(w.value * x)
                    return delay.retrieve_at_time(t - 0.33)

            def loss():
                ys = f.bs.transform.for_loop(step, f.array(np.arange(24.0)), f.array(XS))
                return (ys[4:] ** 2).sum()

            return f.grad(loss, w, return_value=True)()


def _entries(f, delay, n=14):
    def step(x):
        delay.update(f.np.stack([x, 2.0 * x]))
        return [delay.at(entry) for entry in ("now", "late", "latest", "one", "all", "each")]

    return f.bs.transform.for_loop(step, f.array(XS[:n]))


@case("entries of all kinds, in a loop")
def _(f):
    with f.bs.environ.context(dt=0.1):
        delay = f.bs.nn.Delay(f.array(np.zeros(2)))
        delay.register_entry("now", 0.0)
        delay.register_entry("late", 0.75)
        delay.register_entry("latest", None)
        delay.register_entry("one", 0.3, 1)
        delay.register_entry("all", f.array([0.0, 0.21, 1.1]))
        delay.register_entry("each", f.array([[0.0, 0.2], [0.4, 1.0]]), f.array([[0, 1], [1, 0]]))
        delay.init_state()
        return _entries(f, delay), delay.history, delay.write_ptr.value, delay.max_length, delay.max_time


@case("the gradient through a buffer and back into it")
def _(f):
    with f.bs.environ.context(dt=0.1):
        delay = f.bs.nn.Delay(f.array(np.zeros(3)), time=0.4)
        delay.init_state()
        w = f.param([0.3, -0.5, 0.9])

        def step(x):
            delay.update(f.np.tanh(w.value * delay.retrieve_at_step(3) + x))
            return delay.retrieve_at_step(1)

        loss = lambda: (f.bs.transform.for_loop(step, f.array(XS)) ** 2).sum()
        return f.grad(loss, w, return_value=True)(), delay.history


@case("update_every, in a loop")
def _(f):
    with f.bs.environ.context(dt=0.1):
        delay = f.bs.nn.Delay(f.array(0.0), time=1.0, update_every=0.5)
        delay.init_state()

        def step(i):
            delay.update(i)
            return delay.retrieve_at_step(0), delay.retrieve_at_step(1), delay.retrieve_at_step(2)

        ys = f.bs.transform.for_loop(step, f.array(np.arange(31.0)))
        return ys, delay.history, delay.write_ptr.value, delay.update_every_step, delay.max_length


def _q_delay(f, **kwargs):
    delay = f.bs.nn.Delay(f.q(np.zeros(2), "mV"), **kwargs)
    delay.init_state()
    for i in range(5):
        delay.update(f.q([i, 2 * i], "mV"))
    return delay


def _with_dt(body, dt=lambda f: 0.1):
    def inside(f):
        with f.bs.environ.context(dt=dt(f)):
            return body(f)

    return inside


_ms = lambda f: 0.1 * f.u.ms
cases.table(
    "delay",
    values_with_unit=_with_dt(lambda f: _q_delay(f, time=0.3 * f.u.ms).retrieve_at_step(2), _ms),
    values_with_unit_aware=_with_dt(lambda f: _q_delay(f, time=0.3, take_aware_unit=True).retrieve_at_step(2)),
    times_in_another_unit=_with_dt(lambda f: f.bs.nn.Delay(f.array(0.0), time=0.002 * f.u.second).max_length, _ms),
    init_number=_with_dt(lambda f: _filled(f, 2, time=0.3, init=3.5).history),
    init_array=_with_dt(lambda f: _filled(f, 2, time=0.3, init=f.array([1.0, 2.0])).history),
    init_function=_with_dt(lambda f: _filled(f, 2, time=0.3, init=lambda s, dtype: f.array(np.ones(s))).history),
    rounding_up=_with_dt(
        lambda f: [f.bs.nn.Delay(f.array(0.0), time=x).max_length for x in (0, 0.05, 0.1, 0.3, 0.7, 1.1, 1.101, 2, 3)]
    ),
    registered=_with_dt(lambda f: [int(x) for x in f.bs.nn.Delay(f.array(0.0)).register_delay(0.31, 1)]),
    registered_none=_with_dt(lambda f: f.bs.nn.Delay(f.array(0.0)).register_delay(None, 1)),
    shapes_with_batch=_with_dt(lambda f: _batched(f).history.value.shape),
    methods=lambda f: f.bs.nn.InterpolationRegistry.list_methods(),
    reset=_with_dt(lambda f: _reset(_filled(f, 5, time=0.3, init=2.0))),
    names_of_interpolation=_with_dt(
        lambda f: [
            f.bs.nn.Delay(f.array(0.0), **kwargs).interp_method
            for kwargs in ({}, {"interp_method": "round"}, {"interpolation": "round"}, {"interpolation": "cubic"})
        ]
    ),
    access=_with_dt(lambda f: _accessed(f)),
    several_times=_with_dt(lambda f: _several_times(f)),
)


def _batched(f):
    delay = f.bs.nn.Delay(f.array(np.zeros((2, 3))), time=0.3)
    delay.init_state(5)
    return delay


def _reset(delay):
    delay.reset_state()
    return delay.history, delay.write_ptr.value


def _accessed(f):
    delay = f.bs.nn.Delay(f.array(0.0))
    access = delay.access("then", 0.2)
    delay.init_state()
    for i in range(5):
        delay.update(f.array(float(i)))
    return access(), sorted(".".join(path) for path in f.bs.graph.states(access))


def _several_times(f):
    delay = _filled(f, time=1.5)
    with f.bs.environ.context(t=2.3):
        return delay.retrieve_at_time(f.array([2.11, 1.67, 1.0]), f.array([0, 1, 1]))


# Kinds of error

cases.table(
    "errors",
    no_dt=lambda f: f.error(lambda: f.bs.nn.Delay(f.array(0.0))),
    no_dt_for_exp_euler=lambda f: f.error(lambda: f.bs.nn.exp_euler_step(lambda y: -y, f.array(1.0))),
    no_t=_with_dt(lambda f: f.error(lambda: _filled(f, 3, time=0.3).retrieve_at_time(0.0))),
    unknown_interpolation=_with_dt(lambda f: f.error(lambda: f.bs.nn.Delay(f.array(0.0), interpolation="bogus"))),
    interpolation_of_a_wrong_kind=_with_dt(lambda f: f.error(lambda: f.bs.nn.Delay(f.array(0.0), interpolation=3))),
    init_of_a_wrong_kind=_with_dt(lambda f: f.error(lambda: f.bs.nn.Delay(f.array(0.0), init="zero"))),
    update_every_below_dt=_with_dt(lambda f: f.error(lambda: f.bs.nn.Delay(f.array(0.0), update_every=0.05))),
    entry_twice=_with_dt(lambda f: f.error(lambda: f.bs.nn.Delay(f.array(0.0), entries={"a": 0}).register_entry("a"))),
    entry_unknown=_with_dt(lambda f: f.error(lambda: _filled(f, 3).at("a"))),
    another_shape=_with_dt(lambda f: f.error(lambda: _filled(f, 3).update(f.array(np.ones((3, 2)))))),
    get_unknown=lambda f: f.error(lambda: f.bs.nn.InterpolationRegistry.get("bogus")),
    in_size_empty=lambda f: f.error(lambda: f.bs.nn.Dynamics(())),
    in_size_text=lambda f: f.error(lambda: f.bs.nn.Dynamics("10")),
    in_size_float=lambda f: f.error(lambda: f.bs.nn.Dynamics(2.5)),
    hook_twice=lambda f: f.error(lambda: [f.bs.nn.Dynamics.add_after_update(d, "k", len) for d in [_cell(f)] * 2]),
    hook_unknown=lambda f: f.error(lambda: _cell(f).get_before_update("k")),
    integer_variable=_with_dt(lambda f: f.error(lambda: f.bs.nn.exp_euler_step(lambda y: -y, f.array([1, 2])))),
)


@case("a diffusion of a wrong unit", raises="ValueError")
def _(f):
    with f.bs.environ.context(dt=0.1 * f.u.ms):
        f.bs.nn.exp_euler_step(lambda v: -v / f.u.ms, lambda v: 1.0 * f.u.mV, f.q(1.0, "mV"))


differs("a step beyond the buffer, checked", "as it was raised", ours="ValueError", theirs="RuntimeError")(
    _with_dt(lambda f: f.error(lambda: _checked(f, _filled(f, 3, time=0.3), 4)))
)
differs("a drift of a wrong unit", "a DimensionalityError", ours="UnitMismatchError", theirs="TypeError")(
    _with_dt(lambda f: f.error(lambda: f.bs.nn.exp_euler_step(lambda y: -y, f.q(1.0, "mV"))), _ms)
)


def _checked(f, delay, step):
    with f.bs.environ.context(jit_error_check=True):
        return delay.retrieve_at_step(f.array(step))


@case("history before init_state")
def _(f):
    with f.bs.environ.context(dt=0.1):
        delay = f.bs.nn.Delay(f.array(0.0))
    try:
        delay.retrieve_at_step(0)
    except AttributeError:
        return "AttributeError"


_beyond = "a step beyond the buffer must not read another slot"
differs("a step beyond the buffer, known", _beyond, ours="ValueError", theirs="nothing")(
    _with_dt(lambda f: _raised(f, lambda: _filled(f, 3, time=0.3).retrieve_at_step(4)))
)
differs("a delay registered after init_state", _beyond, ours="ValueError", theirs="nothing")(
    _with_dt(lambda f: _raised(f, lambda: _late(f)))
)
differs("a negative delay", "there is no future to read", ours="ValueError", theirs="nothing")(
    _with_dt(lambda f: _raised(f, lambda: f.bs.nn.Delay(f.array(0.0), time=-0.3)))
)
differs("next to the newest value", "the oldest value is no neighbour", ours=8.5625, theirs=9.125)(
    _with_dt(lambda f: _next_to_the_newest(f))
)
differs("lengths beyond the first", "each is checked", ours="ValueError", theirs="nothing")(
    lambda f: _raised(f, lambda: f.bs.nn.Dynamics((2, 3.5)))
)
differs("delay of a wrong kind", "no assert for a user's mistake", ours="TypeError", theirs="AssertionError")(
    lambda f: f.error(lambda: f.bs.nn.DelayAccess(3, 0.1, entry="a"))
)
differs("drift that is no function", "no assert for a user's mistake", ours="TypeError", theirs="AssertionError")(
    lambda f: f.error(lambda: f.bs.nn.exp_euler_step(3, f.array(1.0)))
)
differs("time of another dimension", "a DimensionalityError", ours="UnitMismatchError", theirs="AssertionError")(
    _with_dt(lambda f: f.error(lambda: f.bs.nn.Delay(f.array(0.0), time=0.3)), _ms)
)


def _raised(f, call):
    try:
        call()
    except Exception as error:
        return type(error).__name__
    return "nothing"


def _late(f):
    delay = _filled(f, 3, time=0.3)
    delay.register_entry("late", 1.0)
    return delay.at("late")


def _next_to_the_newest(f):
    delay = f.bs.nn.Delay(f.array(0.0), time=0.9, interpolation="cubic")
    delay.init_state()
    for i in range(10):
        delay.update(f.array(float(i)))
    with f.bs.environ.context(t=0.9):
        return round(float(delay.retrieve_at_time(0.85)), 4)


# Dynamics


def _cell(f, size=2):
    class Cell(f.bs.nn.Dynamics):
        def init_state(self, batch_size=None):
            shape = self.varshape if batch_size is None else (batch_size, *self.varshape)
            self.v = f.bs.HiddenState(f.q(np.zeros(shape), "mV"))

        def update(self, x):
            rate = lambda v: (x * f.u.mV - v) / (2.0 * f.u.ms)
            self.v.value = f.bs.nn.exp_euler_step(rate, self.v.value)
            return self.v.value / f.u.mV

    return Cell(size)


@case("two cells, each driven by the other's past")
def _(f):
    with f.bs.environ.context(dt=0.1 * f.u.ms):
        a, b = _cell(f), _cell(f)
        net = f.bs.nn.Module()
        net.a, net.b = a, b
        net.w = f.param([0.5, -1.5])
        net.past = [a.prefetch_delay("v", 0.3 * f.u.ms), b.output_delay(0.5 * f.u.ms), a.prefetch("v")]
        f.bs.nn.init_all_states(net)

        def step(x):
            before, other, now = [read() for read in net.past]
            y = a(x + net.w.value * other)
            return y, b(before / f.u.mV - now / f.u.mV)

        def loss():
            ys, zs = f.bs.transform.for_loop(step, f.array(XS))
            return (ys**2).sum() + 10.0 * (zs**2).sum()

        found = f.grad(loss, net.w, return_value=True)()
        return found, sorted(".".join(map(str, path)) for path in net.states()), a.v, b.v


@case("hooks around the update")
def _(f):
    log = []
    cell = _cell(f)
    nn = f.bs.nn
    cell.add_before_update("a", lambda: log.append("before"))
    cell.add_before_update("b", nn.receive_update_input(lambda x: log.append(x)))
    cell.add_after_update("c", lambda y: log.append(y))
    cell.add_after_update("d", nn.not_receive_update_output(lambda: log.append("after")))
    with f.bs.environ.context(dt=0.1 * f.u.ms):
        nn.init_all_states(cell)
        cell(f.array(1.0))
        cell.update(f.array(1.0))
    return log


@case("sizes")
def _(f):
    cells = [f.bs.nn.Dynamics(size) for size in (3, [2, 3], np.int64(4), (1, 2, 3))]
    return [(tuple(c.in_size), tuple(c.out_size), tuple(c.varshape)) for c in cells], cells[0].before_updates


@case("prefetch")
def _(f):
    cell = _cell(f)
    v = cell.prefetch("v")
    f.bs.nn.init_all_states(cell)
    cell.gain = 3
    return v(), v.get_item(), cell.prefetch("gain")()


@case("delays of rare updates have a buffer of their own")
def _(f):
    with f.bs.environ.context(dt=0.1 * f.u.ms):
        cell = _cell(f)
        past = [
            cell.prefetch_delay("v", 0.2 * f.u.ms),
            cell.prefetch_delay("v", 0.4 * f.u.ms, update_every=0.2 * f.u.ms),
            cell.prefetch("v").delay.at(0.4 * f.u.ms),
        ]
        f.bs.nn.init_all_states(cell)
        for x in XS[:11]:
            cell(f.array(x))
        return [read() for read in past], len(cell.after_updates)


# exp_euler_step


def _euler(f, function, y, **kwargs):
    """A step, and the gradient of its square by the variable and a parameter."""
    k = f.array(0.7)
    step = lambda y, k: f.bs.nn.exp_euler_step(lambda v: function(v, k), y, **kwargs)
    return step(y, k), f.grad(lambda y, k: (step(y, k) ** 2).sum(), argnums=(0, 1), return_value=True)(y, k)


Y = [0.3, -1.2, 2.5]
cases.table(
    "exp_euler_step",
    linear=_with_dt(lambda f: _euler(f, lambda y, k: -k * y + 1.0, f.array(Y))),
    nonlinear=_with_dt(lambda f: _euler(f, lambda y, k: f.np.sin(y) - k * y**3, f.array(Y))),
    coupled=_with_dt(
        lambda f: _euler(f, lambda y, k: k * f.np.stack([-y[0] + y[1], -2 * y[1], y[0] * y[2]]), f.array(Y))
    ),
    zero_slope=_with_dt(lambda f: _euler(f, lambda y, k: k * 2.0 + 0.0 * y, f.array(Y))),
    constant=_with_dt(lambda f: f.bs.nn.exp_euler_step(lambda y: f.array([1.0, 2.0, 3.0]), f.array(Y))),
    scalar_drift=_with_dt(lambda f: f.bs.nn.exp_euler_step(lambda y: f.np.sum(-y), f.array(Y))),
    number=_with_dt(lambda f: f.bs.nn.exp_euler_step(lambda y: -2.0 * y, 1.5)),
    arguments=_with_dt(lambda f: f.bs.nn.exp_euler_step(lambda y, t, k: k * t - y, f.array(Y), 2.0, k=3.0)),
    half=_with_dt(lambda f: f.bs.nn.exp_euler_step(lambda y: -y, f.array([0.5, 1.0], "float16")).dtype.itemsize),
    stiff=_with_dt(lambda f: _euler(f, lambda y, k: -1000.0 * k * y, f.array(Y))),
    units=_with_dt(lambda f: f.bs.nn.exp_euler_step(lambda v: -v / (2.0 * f.u.ms), f.q(Y, "mV")), _ms),
    units_of_other_scale=_with_dt(
        lambda f: f.bs.nn.exp_euler_step(lambda v: (1.0 * f.u.volt - v) / (0.01 * f.u.second), f.q(Y, "mV")), _ms
    ),
    no_noise=_with_dt(lambda f: f.bs.nn.exp_euler_step(lambda y: -y, lambda y: 0.0 * y, f.array(Y))),
    no_noise_with_units=_with_dt(
        lambda f: f.bs.nn.exp_euler_step(lambda v: -v / f.u.ms, lambda v: 0.0 * f.u.mV / f.u.ms**0.5, f.q(Y, "mV")),
        _ms,
    ),
)


@case("a gate of a channel over many steps, and its gradient")
def _(f):
    u = f.u
    with f.bs.environ.context(dt=0.05 * u.ms):
        v, n = f.bs.HiddenState(f.q([-65.0, -40.0], "mV")), f.bs.HiddenState(f.array([0.3, 0.5]))
        g = f.param(0.1)

        def step(i):
            a = lambda v: 0.1 / u.math.exprel(-(v / u.mV + 55.0) / 10.0) / u.ms
            b = lambda v: 0.125 / u.ms * u.math.exp(-(v / u.mV + 65.0) / 80.0)
            old = v.value
            rate = lambda v: (-65.0 * u.mV - v - 40.0 * g.value * n.value**4 * (v + 77.0 * u.mV)) / (10.0 * u.ms)
            v.value = f.bs.nn.exp_euler_step(rate, old)
            n.value = f.bs.nn.exp_euler_step(lambda n: a(old) * (1.0 - n) - b(old) * n, n.value)
            return v.value

        def loss():
            vs = f.bs.transform.for_loop(step, f.array(np.arange(60)))
            return ((vs / u.mV) ** 2).mean()

        return f.grad(loss, g, return_value=True)(), v, n


@cases.parametrised()
def test_dynamics_agree(case, engine):
    case.check(engine)
