"""environ: settings of the thread."""

import threading

from .frameworks import Cases

cases = Cases()
case, differs = cases.case, cases.differs


def _in_thread(body):
    seen = []
    thread = threading.Thread(target=lambda: seen.append(body()))
    thread.start()
    thread.join()
    return seen[0]


def _set(f, **settings):
    f.bs.environ.set(**settings)
    return f.bs.environ


def _inside(f, body, **settings):
    with f.bs.environ.context(**settings) as seen:
        return body(seen)


cases.table(
    "environ",
    get_what_was_set=lambda f: _set(f, alpha=1.5).get("alpha"),
    get_missing=lambda f: f.error(lambda: f.bs.environ.get("missing")),
    get_default=lambda f: [f.bs.environ.get("missing", default=d) for d in (3, None)],
    get_of_a_set_key_with_default=lambda f: _set(f, alpha=1).get("alpha", default=2),
    fit_has_no_default=lambda f: f.error(lambda: f.bs.environ.get("fit")),
    dt=lambda f: [_set(f, dt=0.1).get_dt(), f.bs.environ.get("dt")],
    dt_with_unit=lambda f: _set(f, dt=0.1 * f.u.ms).get_dt(),
    dt_missing=lambda f: f.error(lambda: f.bs.environ.get_dt()),
    dt_no_scalar=lambda f: f.error(lambda: f.bs.environ.set(dt=f.array([0.1, 0.2]))),
    context=lambda f: _inside(f, lambda seen: [f.bs.environ.get("alpha"), seen["alpha"]], alpha=2),
    context_ends=lambda f: [_inside(f, lambda seen: 0, alpha=2), f.error(lambda: f.bs.environ.get("alpha"))],
    context_over_set=lambda f: [_inside(f, lambda s: _set(f).get("alpha"), alpha=2), _set(f, alpha=1).get("alpha")],
    other_thread=lambda f: (_set(f, alpha=1), _in_thread(lambda: f.error(lambda: f.bs.environ.get("alpha"))))[1],
    precision_in_other_thread=lambda f: _in_thread(f.bs.environ.get_precision),
    pop=lambda f: [_set(f, alpha=1).pop("alpha"), f.error(lambda: f.bs.environ.get("alpha"))],
    pop_missing=lambda f: [f.error(lambda: f.bs.environ.pop("missing")), f.bs.environ.pop("missing", 3)],
    pop_in_context=lambda f: _inside(f, lambda s: f.error(lambda: f.bs.environ.pop("alpha")), alpha=1),
    platform_in_context=lambda f: f.error(lambda: _inside(f, len, platform="cpu")),
    host_device_count_in_context=lambda f: f.error(lambda: _inside(f, len, host_device_count=2)),
    unknown_platform=lambda f: f.error(lambda: f.bs.environ.set(platform="abacus")),
    bad_precision=lambda f: [f.error(lambda p=p: f.bs.environ.set(precision=p)) for p in (7, "x", 128)],
    names=lambda f: [f.bs.environ.I, f.bs.environ.T, f.bs.environ.DT, f.bs.environ.FIT, f.bs.environ.PRECISION],
)


@case("contexts stack and the inner one wins")
def _(f):
    get, seen = f.bs.environ.get, []
    with f.bs.environ.context(alpha=1, beta=2):
        with f.bs.environ.context(alpha=3) as everything:
            seen.append((get("alpha"), get("beta"), everything["alpha"], everything["beta"]))
        seen.append((get("alpha"), get("beta")))
    return seen


@case("a setting made inside a context shows after it")
def _(f):
    with f.bs.environ.context(alpha=1):
        f.bs.environ.set(alpha=5)
        inside = f.bs.environ.get("alpha")
    return inside, f.bs.environ.get("alpha")


@case("a context ends with an exception")
def _(f):
    def body():
        with f.bs.environ.context(alpha=1):
            raise KeyError("stop")

    return f.error(body), f.bs.environ.get("alpha", default=None)


def _dtypes(f):
    e = f.bs.environ
    return [str(kind()).removeprefix("torch.").split(".")[-1].strip("'>") for kind in (e.dftype, e.ditype, e.dctype)]


for _precision in (16, 32, "bf16"):

    @case(f"dtypes and tolerance at precision {_precision}")
    def _(f, precision=_precision):
        with f.bs.environ.context(precision=precision):
            return _dtypes(f), f.bs.environ.get_precision(), float(f.bs.environ.tolerance())


@case("a behaviour runs at set and at the ends of a context")
def _(f):
    seen = []
    f.bs.environ.register_default_behavior("gain", seen.append)
    try:
        f.bs.environ.set(gain=1)
        with f.bs.environ.context(gain=2):
            pass
        again = f.error(lambda: f.bs.environ.register_default_behavior("gain", len))
        f.bs.environ.register_default_behavior("gain", len, replace_if_exist=True)
    finally:
        f.bs.environ.unregister_default_behavior("gain")
    return seen, again


@case("a function under a gradient sees the environment")
def _(f):
    def loss(x):
        return f.bs.environ.get("gain") * x**2

    with f.bs.environ.context(gain=3.0):
        return f.grad(loss)(f.array(2.0))


@differs(
    "another environment at the second call of a gradient",
    "brainstate keeps what it saw when it traced; ours runs the function again",
    ours=[12.0, 20.0],
    theirs=[12.0, 12.0],
)
def _(f):
    gradient = f.grad(lambda x: f.bs.environ.get("gain") * x**2)
    seen = []
    for gain in (3.0, 5.0):
        with f.bs.environ.context(gain=gain):
            seen.append(float(gradient(f.array(2.0))))
    return seen


@cases.parametrised()
def test_environ(case):
    case.check()
