"""jacrev, jacfwd and hessian."""

import pytest

from .frameworks import Cases

cases = Cases()
case, differs = cases.case, cases.differs

JACOBIANS = ("jacrev", "jacfwd")
FUNCTIONS = {
    "a vector of a vector": lambda f, x: f.np.stack([x[0] * x[1], x[1] ** 2, f.np.sin(x[0])]),
    "a scalar": lambda f, x: f.np.sum(x**3),
    "a matrix": lambda f, x: x[:, None] * x[None, :],
    "a dict": lambda f, x: {"b": x**2, "a": f.np.sum(x)},
    "a tuple": lambda f, x: (x**2, [f.np.sum(x)]),
    "a constant": lambda f, x: f.array([1.0, 2.0]),
}


def _of(f, name, *args, **kwargs):
    return getattr(f.bs.transform, name)(*args, **kwargs)


for _kind in JACOBIANS:
    for _name, _function in FUNCTIONS.items():
        for _value in (False, True):

            @case(f"{_kind} of {_name}, return_value={_value}")
            def _(f, kind=_kind, function=_function, value=_value):
                return _of(f, kind, lambda x: function(f, x), return_value=value)(f.array([1.0, 2.0]))

    for _argnums in (0, 1, (0, 1), [1]):

        @case(f"{_kind} with argnums={_argnums}")
        def _(f, kind=_kind, argnums=_argnums):
            return _of(f, kind, lambda x, y: x * y["a"], argnums=argnums)(f.array([1.0, 2.0]), {"a": f.array(3.0)})

    for _states in ("one", "list", "dict"):
        for _argnums in (None, 0, (0,)):

            @case(f"{_kind} with {_states} States, argnums={_argnums}")
            def _(f, kind=_kind, states=_states, argnums=_argnums):
                w, b, n = f.param([1.0, 2.0]), f.param(3.0), f.state(0)

                def function(x):
                    n.value += 1
                    return w.value * x + b.value

                chosen = {"one": w, "list": [w, b], "dict": {"w": w, "b": b}}[states]
                jacobian = _of(f, kind, function, chosen, argnums=argnums, return_value=True)
                return jacobian(f.array([4.0, 5.0])), n

    @case(f"{_kind} of a State that holds a dict")
    def _(f, kind=_kind):
        w = f.bs.ParamState({"weight": f.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), "bias": f.array([1.0, 2.0, 3.0])})
        function = lambda x: f.np.matmul(w.value["weight"], x) + w.value["bias"]
        return _of(f, kind, function, w)(f.array([1.0, -1.0]))

    @case(f"{_kind} with has_aux")
    def _(f, kind=_kind):
        jacobian = _of(f, kind, lambda x: (x**2, {"a": 2 * x}), has_aux=True, return_value=True)
        return jacobian(f.array([1.0, 2.0]))

    @case(f"{_kind} with units")
    def _(f, kind=_kind):
        jacobian = _of(f, kind, lambda v, x: {"a": v**2 * x, "b": v / f.u.volt}, argnums=(0, 1), unit_aware=True)
        return jacobian(f.q([3.0, 4.0], "mV"), f.q(2.0, "cm"))

    @case(f"{_kind} of a holomorphic function")
    def _(f, kind=_kind):
        return _of(f, kind, lambda z: z**2, holomorphic=True)(f.array([1 + 2j, 3 - 1j]))

    @case(f"{_kind}: the body raises")
    def _(f, kind=_kind):
        n = f.state(0.0)

        def function(x):
            n.value += 1
            raise KeyError("stop")

        return f.error(lambda: _of(f, kind, function)(f.array([1.0]))), n

    case(f"{_kind} of an untouched State", raises="ValueError")(
        lambda f, kind=_kind: _of(f, kind, lambda x: x, f.param(1.0))(f.array(1.0))
    )
    case(f"{_kind} of an int argument", raises="TypeError")(
        lambda f, kind=_kind: _of(f, kind, lambda x: x * 1.0)(f.array([1, 2]))
    )


case("jacrev refuses an int result", raises="TypeError")(
    lambda f: _of(f, "jacrev", lambda x: f.array([1, 2]))(f.array([1.0]))
)
case("jacfwd of an int result")(lambda f: _of(f, "jacfwd", lambda x: f.array([1, 2]))(f.array([1.0])))
case("jacrev refuses a complex result", raises="TypeError")(
    lambda f: _of(f, "jacrev", lambda x: x * f.array(1j))(f.array([1.0]))
)
case("jacfwd refuses a complex argument", raises="TypeError")(
    lambda f: _of(f, "jacfwd", lambda z: f.np.real(z))(f.array([1j]))
)
case("jacfwd of a complex result")(lambda f: _of(f, "jacfwd", lambda x: x * f.array(1j))(f.array([1.0])))
case("jacrev with allow_int, the other argument")(
    lambda f: _of(f, "jacrev", lambda n, x: n * x, argnums=(0, 1), allow_int=True)(f.array([1, 2]), f.array(3.0))[1]
)


@differs("jacrev with allow_int, the int argument", "ours gives what grad gives", ours="float0", theirs="int32")
def _(f):
    jacobian = _of(f, "jacrev", lambda n: n * f.array(3.0), allow_int=True)(f.array([1, 2]))
    return jacobian.dtype.names[0] if f.is_ours() else jacobian.dtype.name


# Hessians


def _cubic(f, x):
    return f.np.sum(x**3) + x[0] * x[1] ** 2


case("hessian of a vector")(lambda f: _of(f, "hessian", lambda x: _cubic(f, x))(f.array([1.0, 2.0])))
case("hessian of a vector-valued function")(lambda f: _of(f, "hessian", lambda x: x**3)(f.array([1.0, 2.0])))
case("hessian of a dict argument")(
    lambda f: _of(f, "hessian", lambda d: d["b"] ** 2 * d["a"])({"b": f.array(2.0), "a": f.array(3.0)})
)
case("hessian of two arguments")(
    lambda f: _of(f, "hessian", lambda x, y: x**2 * y, argnums=(0, 1))(f.array(2.0), f.array(3.0))
)
case("hessian with aux and value")(
    lambda f: _of(f, "hessian", lambda x: (_cubic(f, x), x), has_aux=True, return_value=True)(f.array([1.0, 2.0]))
)


@differs(
    "hessian of States and arguments",
    "brainstate has not got to it",
    ours=[[18.0, 24.0], [24.0, 8.0]],
    theirs="NotImplementedError",
)
def _(f):
    w = f.param(2.0)
    hessian = lambda: _of(f, "hessian", lambda x: w.value**2 * x**2, w, argnums=0)
    if not f.is_ours():
        return f.error(hessian)
    return [[float(x) for x in row] for row in hessian()(f.array(3.0))]


for _kind in JACOBIANS:

    @differs(f"{_kind} of a dict with States", "brainstate looks the key up by id", ours=[3.0, 1.0], theirs="KeyError")
    def _(f, kind=_kind):
        w = f.param(2.0)
        jacobian = _of(f, kind, lambda x: {"a": w.value * x, "b": w.value}, w)
        if not f.is_ours():
            return f.error(lambda: jacobian(f.array(3.0)))
        return [float(x) for x in jacobian(f.array(3.0)).values()]


@differs("hessian of a State that holds a dict", "brainstate looks the key up by id", ours=18.0, theirs="KeyError")
def _(f):
    w = f.bs.ParamState({"a": f.array(2.0), "b": f.array(3.0)})
    hessian = _of(f, "hessian", lambda: w.value["a"] ** 2 * w.value["b"] ** 2, w)
    return float(hessian()["a"]["a"]) if f.is_ours() else f.error(hessian)


for _name, _arrange in {
    "one State": lambda a, b: a,
    "a list of States": lambda a, b: [a, b],
    "a dict of States": lambda a, b: {"z": a, "c": b},
}.items():

    @case(f"hessian of {_name}")
    def _(f, arrange=_arrange):
        a, b, n = f.param([1.0, 2.0]), f.param(3.0), f.state(0)

        def loss(x):
            n.value += 1
            return f.np.sum(a.value**3 * x) * b.value

        return _of(f, "hessian", loss, arrange(a, b), return_value=True)(f.array([4.0, 5.0])), n


@case("hessian of States with units")
def _(f):
    v, x = f.bs.ParamState(f.q(3.0, "mV")), f.bs.ParamState(f.q(2.0, "cm"))
    return _of(f, "hessian", lambda: v.value**2 * x.value, [v, x], unit_aware=True)()


@case("hessian of arguments with units")
def _(f):
    hessian = _of(f, "hessian", lambda v, x: v**2 * x, argnums=(0, 1), unit_aware=True)
    return hessian(f.q(3.0, "mV"), f.q(2.0, "cm"))


@case("a gradient of a Jacobian")
def _(f):
    return f.grad(lambda x: f.np.sum(_of(f, "jacrev", lambda y: y**3)(x)))(f.array([1.0, 2.0]))


@case("a Jacobian of a gradient is the Hessian")
def _(f):
    return [_of(f, kind, f.grad(lambda x: _cubic(f, x)))(f.array([1.0, 2.0])) for kind in JACOBIANS]


# torch's forward mode compiles its rules with torch.jit on first use, and warns of itself.
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
@cases.parametrised()
def test_jacobians(case):
    case.check()
