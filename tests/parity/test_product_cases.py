"""vjp and jvp."""

import pytest

from .frameworks import Cases

cases = Cases()
case, differs = cases.case, cases.differs


def _vjp(f, *args, **kwargs):
    return f.bs.transform.vjp(*args, **kwargs)


def _jvp(f, *args, **kwargs):
    return f.bs.transform.jvp(*args, **kwargs)


def _pulled(f, fun, *primals, cotangent=None, **kwargs):
    """The result, the pullback of a cotangent (the result by default), and aux."""
    out, pull, *aux = _vjp(f, fun, *primals, **kwargs)
    return out, pull(out if cotangent is None else cotangent), aux


def _x(f):
    return f.array([1.0, 2.0])


# vjp


for _argnums in (0, 1, (0, 1), [1, 0], -1):
    case(f"vjp with argnums={_argnums}")(
        lambda f, a=_argnums: _pulled(f, lambda x, y: x**2 * y, _x(f), f.array([3.0, 4.0]), argnums=a)
    )
for _states in ("one", "list", "dict"):
    for _argnums in (None, 0, (0,)):

        @case(f"vjp with {_states} States, argnums={_argnums}")
        def _(f, states=_states, argnums=_argnums):
            w, b, n = f.param([1.0, 2.0]), f.param(3.0), f.state(0)

            def function(x):
                n.value += 1
                return w.value * x + b.value

            chosen = {"one": w, "list": [w, b], "dict": {"z": w, "c": b}}[states]
            return _pulled(f, function, f.array([4.0, 5.0]), grad_states=chosen, argnums=argnums), n


cases.table(
    "vjp",
    default_is_argument_0=lambda f: _pulled(f, lambda x, y: x * y, _x(f), _x(f)),
    trees=lambda f: _pulled(f, lambda d: {"o": [d["a"] * d["b"], d["a"]]}, {"b": _x(f), "a": f.array(3.0)}),
    has_aux=lambda f: _pulled(f, lambda x: (x**2, {"a": [2 * x, None]}), _x(f), has_aux=True),
    states_only=lambda f: (lambda w: _pulled(f, lambda: w.value**2, grad_states=w, argnums=None))(f.param([1.0, 2.0])),
    no_primals=lambda f: (lambda w: _pulled(f, lambda: w.value**2, grad_states=[w]))(f.param([1.0, 2.0])),
    integers=lambda f: _pulled(f, lambda n, x: n * x, f.array([1, 2]), _x(f), argnums=(0, 1)),
    complex=lambda f: _pulled(f, lambda z: z**2, f.array([1 + 2j, 3 - 1j]), cotangent=f.array([1 + 0j, 1j])),
    complex_to_real=lambda f: _pulled(f, lambda z: f.np.real(z * z), f.array(1 + 2j), cotangent=f.array(1.0)),
    unused_argument=lambda f: _pulled(f, lambda x, y: x, _x(f), _x(f), argnums=1),
    quantity=lambda f: _pulled(f, lambda v: v**2, f.q([1.0, 2.0], "mV")),
    quantity_to_plain=lambda f: _pulled(f, lambda v: (v / f.u.mV) ** 2, f.q([1.0, 2.0], "mV")),
)


@case("a pullback can be used again")
def _(f):
    w, n = f.param([1.0, 2.0]), f.state(0.0)

    def function(x):
        n.value += 1
        return w.value * x**2

    _, pull = _vjp(f, function, f.array([3.0, 4.0]), grad_states=w, argnums=0)
    w.value = f.array([0.0, 0.0])
    return pull(f.array([1.0, 0.0])), pull(f.array([0.0, 1.0])), n


@case("a gradient through vjp")
def _(f):
    def loss(x):
        out, pull = _vjp(f, lambda y: y**3, x)
        return f.np.sum(pull(out))

    return f.grad(loss)(_x(f))


for _name, _call, _error in [
    ("argnums beyond", lambda f: _vjp(f, lambda x: x, _x(f), argnums=1), "ValueError"),
    ("negative argnums beyond", lambda f: _vjp(f, lambda x: x, _x(f), argnums=-2), "ValueError"),
    ("argnums twice", lambda f: _vjp(f, lambda x, y: x, _x(f), _x(f), argnums=(0, 0)), "ValueError"),
    ("argnums twice by another name", lambda f: _vjp(f, lambda x, y: x, _x(f), _x(f), argnums=(1, -1)), "ValueError"),
    ("nothing to differentiate", lambda f: _vjp(f, lambda: f.array(1.0)), "ValueError"),
    ("an unused State", lambda f: _vjp(f, lambda x: x, _x(f), grad_states=f.param(1.0)), "ValueError"),
    ("no State", lambda f: _vjp(f, lambda x: x, _x(f), grad_states=[1.0]), "TypeError"),
    ("no pair", lambda f: _vjp(f, lambda x: f.np.sum(x), _x(f), has_aux=True), "TypeError"),
    ("a State as argument", lambda f: _vjp(f, lambda s: s.value, f.state(1.0)), "ValueError"),
    ("a cotangent of another shape", lambda f: _pulled(f, lambda x: x, _x(f), cotangent=f.array(1.0)), "ValueError"),
    ("a cotangent of another tree", lambda f: _pulled(f, lambda x: x, _x(f), cotangent=[_x(f)]), "ValueError"),
    (
        "a plain cotangent of a quantity",
        lambda f: _pulled(f, lambda v: v**2, f.q([1.0, 2.0], "mV"), cotangent=_x(f)),
        "ValueError",
    ),
]:
    case(f"vjp: {_name}", raises=_error)(_call)


@case("vjp: the body raises")
def _(f):
    n = f.state(0.0)

    def function(x):
        n.value += 1
        raise KeyError("stop")

    return f.error(lambda: _vjp(f, function, _x(f))), n


# jvp


cases.table(
    "jvp",
    vector=lambda f: _jvp(f, lambda x: x**2, (_x(f),), (f.array([1.0, -1.0]),)),
    two_arguments=lambda f: _jvp(f, lambda x, y: x * y, (_x(f), f.array(3.0)), (_x(f), f.array(0.5))),
    lists=lambda f: _jvp(f, lambda x: x**2, [_x(f)], [_x(f)]),
    trees=lambda f: _jvp(f, lambda d: [d["a"] * d["b"]], ({"b": _x(f), "a": _x(f)},), ({"b": _x(f), "a": _x(f)},)),
    has_aux=lambda f: _jvp(f, lambda x: (x**2, [2 * x, None]), (_x(f),), (_x(f),), has_aux=True),
    constant=lambda f: _jvp(f, lambda x: f.array([1.0]), (_x(f),), (_x(f),)),
    quantity=lambda f: _jvp(f, lambda v: v**2, (f.q([1.0, 2.0], "mV"),), (f.q([1.0, 0.0], "mV"),)),
    complex=lambda f: _jvp(f, lambda z: z**2, (f.array(1 + 2j),), (f.array(1j),)),
)


@case("jvp takes States as constants and commits writes")
def _(f):
    w, n = f.param([1.0, 2.0]), f.state(0.0)

    def function(x):
        n.value = n.value + f.np.sum(x)
        return w.value * x**2 + n.value

    return _jvp(f, function, (f.array([3.0, 4.0]),), (_x(f),)), n, w


for _name, _call, _error in [
    ("primals no tuple", lambda f: _jvp(f, lambda x: x, _x(f), (_x(f),)), "TypeError"),
    ("tangents no tuple", lambda f: _jvp(f, lambda x: x, (_x(f),), _x(f)), "TypeError"),
    ("another shape", lambda f: _jvp(f, lambda x: x, (_x(f),), (f.array(1.0),)), "ValueError"),
    ("another dtype", lambda f: _jvp(f, lambda x: x, (_x(f),), (f.array([1, 2]),)), "TypeError"),
    ("another tree", lambda f: _jvp(f, lambda x: x, (_x(f),), ([_x(f)],)), "TypeError"),
    ("too few tangents", lambda f: _jvp(f, lambda x, y: x, (_x(f), _x(f)), (_x(f),)), "TypeError"),
    ("no pair", lambda f: _jvp(f, lambda x: f.np.sum(x), (_x(f),), (_x(f),), has_aux=True), "TypeError"),
]:
    case(f"jvp: {_name}", raises=_error)(_call)


# torch's forward mode compiles its rules with torch.jit on first use, and warns of itself.
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
@cases.parametrised()
def test_products(case):
    case.check()
