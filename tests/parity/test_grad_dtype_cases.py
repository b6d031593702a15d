"""grad of complex, integer and low-precision inputs, at kinks, and with debug_nan."""

import numpy as np

from .frameworks import Cases

cases = Cases()
case, differs = cases.case, cases.differs

Z = 1 + 2j


# Complex


for _name, _loss in {
    "squared modulus": lambda f, z: f.np.real(z * f.np.conj(z)),
    "imaginary part": lambda f, z: f.np.imag(z),
    "real part of the square": lambda f, z: f.np.real(z * z),
    "real part of the exponential": lambda f, z: f.np.real(f.np.exp(z)),
    "modulus": lambda f, z: f.np.abs(z),
}.items():
    case(f"real loss of a complex argument: {_name}")(
        lambda f, loss=_loss: f.grad(lambda z: loss(f, z), return_value=True)(f.array(Z))
    )

    @case(f"real loss of a complex State: {_name}")
    def _(f, loss=_loss):
        z = f.param([Z, 2 - 1j])
        return f.grad(lambda: f.np.sum(loss(f, z.value)), z)()


for _name, _loss in {
    "square": lambda f, z: z * z,
    "exponential": lambda f, z: f.np.exp(z),
    "a constant factor": lambda f, z: f.array(3 + 1j) * z,
    "sine": lambda f, z: f.np.sin(z),
}.items():
    case(f"holomorphic: {_name}")(
        lambda f, loss=_loss: f.grad(lambda z: loss(f, z), holomorphic=True, return_value=True)(f.array(Z))
    )


@case("holomorphic with respect to a State and an argument")
def _(f):
    w = f.param(Z)
    return f.grad(lambda z: w.value**2 * z, w, argnums=0, holomorphic=True)(f.array(3 - 1j))


@case("a real and a complex argument")
def _(f):
    return f.grad(lambda x, z: f.np.real(x * z * z), argnums=(0, 1))(f.array(2.0), f.array(Z))


for _name, _loss, _x in [
    ("a real output", lambda f, z: f.np.real(z), Z),
    ("a real input", lambda f, z: z * f.array(1j), 1.0),
]:
    case(f"holomorphic with {_name}", raises="TypeError")(
        lambda f, loss=_loss, x=_x: f.grad(lambda z: loss(f, z), holomorphic=True)(f.array(x))
    )
case("a complex output that is not holomorphic", raises="TypeError")(lambda f: f.grad(lambda z: z * z)(f.array(Z)))


# Integers


INTEGERS = {"an int array": [1, 2], "a bool array": [True, False], "an int": 3, "an empty int array": np.zeros(0, int)}
for _name, _value in INTEGERS.items():
    case(f"{_name} as argument is refused", raises="TypeError")(
        lambda f, value=_value: f.grad(lambda x: f.array(1.0))(f.array(value))
    )

    @case(f"{_name} as argument with allow_int")
    def _(f, value=_value):
        return f.grad(lambda n, x: x**2 * f.np.sum(n), argnums=(0, 1), allow_int=True)(f.array(value), f.array(3.0))

    @case(f"{_name} in a State is refused")
    def _(f, value=_value):
        n, m = f.param(value), f.state(0.0)
        return f.error(f.grad(lambda: f.np.sum(n.value) * 1.0, n)), m

    @case(f"{_name} in a State with allow_int")
    def _(f, value=_value):
        n, w = f.param(value), f.param(2.0)
        return f.grad(lambda: f.np.sum(n.value) * w.value, {"n": n, "w": w}, allow_int=True, return_value=True)()


case("a Python int as argument is refused", raises="TypeError")(lambda f: f.grad(lambda x: x * 1.0)(3))
case("an int leaf in a dict is refused", raises="TypeError")(
    lambda f: f.grad(lambda d: d["x"] * d["n"])({"x": f.array(1.0), "n": f.array(2)})
)
case("an int leaf in a dict with allow_int")(
    lambda f: f.grad(lambda d: d["x"] * d["n"], allow_int=True)({"x": f.array(1.0), "n": f.array(2)})
)
case("an int quantity is refused", raises="TypeError")(
    lambda f: f.grad(lambda q: (q / f.u.mV) * 1.0, unit_aware=True)(f.array(2) * f.u.mV)
)
case("allow_int with units")(
    lambda f: f.grad(lambda q, n: q**2 * n, argnums=(0, 1), allow_int=True, unit_aware=True)(f.q(2.0, "mV"), f.array(3))
)
case("only integers with allow_int")(lambda f: f.grad(lambda n: f.array(1.0), allow_int=True)(f.array([1, 2])))


# Low precision


for _dtype in ("float16", "bfloat16"):

    @case(f"gradients of {_dtype}")
    def _(f, dtype=_dtype):
        x, w = _low(f, [1.0, 2.0], dtype), f.bs.ParamState(_low(f, [3.0, 4.0], dtype))
        return f.grad(lambda x: f.np.sum(w.value * x), w, argnums=0, return_value=True)(x)


def _low(f, x, dtype):
    import jax.numpy as jnp
    import torch

    array = f.array(x)
    return array.to(getattr(torch, dtype)) if f.is_ours() else array.astype(getattr(jnp, dtype))


@case("a half precision State beside a single precision argument")
def _(f):
    w = f.bs.ParamState(f.array([1.0, 2.0], "float16"))
    return f.grad(lambda x: f.np.sum(w.value * x), w, argnums=0)(f.array([3.0, 4.0]))


# Kinks and singular points


case("maximum at a tie")(lambda f: f.grad(lambda x: f.np.maximum(x, 0 * x + 1.0))(f.array(1.0)))
case("sqrt at zero is infinite")(lambda f: f.grad(f.np.sqrt)(f.array(0.0)))
case("where masks no nan of the other branch")(
    lambda f: f.grad(lambda x: f.np.where(x > 0, f.np.sqrt(x), 0.0 * x))(f.array(0.0))
)
differs("abs at zero", "torch's subgradient stands", ours=0.0, theirs=1.0)(
    lambda f: float(f.grad(f.np.abs)(f.array(0.0)))
)
differs("the norm of the zero vector", "torch's subgradient stands", ours=[0.0, 0.0], theirs=[np.nan, np.nan])(
    lambda f: [float(x) for x in f.grad(_norm(f))(f.array([0.0, 0.0]))]
)


def _norm(f):
    import jax.numpy as jnp
    import torch

    return torch.linalg.vector_norm if f.is_ours() else jnp.linalg.norm


# debug_nan


NONFINITE = {
    "sqrt at zero": (lambda f, x: f.np.sum(f.np.sqrt(x)), [0.0, 1.0]),
    "a division by zero": (lambda f, x: f.np.sum(1.0 / x), [0.0, 1.0]),
    "the log of a negative number": (lambda f, x: f.np.sum(f.np.sqrt(f.np.log(x))), [0.5, 2.0]),
    "zero times infinity": (lambda f, x: f.np.sum(f.np.sqrt(x) ** 0.5 * 0.0), [0.0, 1.0]),
}
for _name, (_loss, _x) in NONFINITE.items():
    case(f"{_name} is returned in silence")(lambda f, loss=_loss, x=_x: f.grad(lambda x: loss(f, x))(f.array(x)))

    @case(f"{_name} with debug_nan")
    def _(f, loss=_loss, x=_x):
        n = f.state(0.0)

        def counted(x):
            n.value = n.value + 1
            return loss(f, x)

        return f.error(lambda: f.grad(counted, debug_nan=True)(f.array(x))), n


case("debug_nan lets finite gradients pass")(lambda f: f.grad(lambda x: x**2, debug_nan=True)(f.array(3.0)))
case("debug_nan lets a nan loss with finite gradients pass")(
    lambda f: f.grad(lambda x: x * 2 + float("nan"), debug_nan=True)(f.array(3.0))
)
case("debug_nan lets a masked nan pass")(
    lambda f: f.grad(lambda x: f.np.where(x > 0, x, f.array(float("nan"))), debug_nan=True)(f.array(1.0))
)


@case("debug_nan looks at gradients of States")
def _(f):
    w = f.param([0.0, 1.0])
    return f.error(f.grad(lambda: f.np.sum(f.np.sqrt(w.value)), w, debug_nan=True))


@case("debug_nan for vector_grad")
def _(f):
    return f.error(lambda: f.vector_grad(f.np.sqrt, debug_nan=True)(f.array([0.0, 1.0])))


for _kind in ("grad", "vector_grad"):

    @case(f"the report of {_kind} with debug_nan names the phase, the counts and the shape")
    def _(f, kind=_kind):
        loss = {"grad": lambda x: f.np.sum(f.np.sqrt(x)), "vector_grad": f.np.sqrt}[kind]
        try:
            getattr(f, kind)(loss, debug_nan=True)(f.array([0.0, 1.0]))
        except RuntimeError as error:
            return [part in str(error).replace(",)", ")") for part in ("NaN/Inf detected", f"[{kind}]", "sqrt", "(2)")]
        return None


@cases.parametrised()
def test_grad_dtypes(case, engine):
    case.check(engine)
