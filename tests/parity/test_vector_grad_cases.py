"""vector_grad: the gradient of the sum over all results."""

from .frameworks import Cases

cases = Cases()
case, differs = cases.case, cases.differs


def _x(f):
    return f.array([1.0, 2.0, 3.0])


for _name, _body in {
    "a pointwise function": lambda f, x: x**2,
    "a scalar": lambda f, x: f.np.sum(x**2),
    "a vector of another length": lambda f, x: f.np.stack([x[0] * x[1], x[2] ** 2]),
    "a matrix": lambda f, x: x[:, None] * x[None, :],
    "a tuple": lambda f, x: (x**2, f.np.sum(x)),
    "a dict": lambda f, x: {"b": x**3, "a": [x, 2 * x]},
    "a cumulative sum": lambda f, x: f.np.cumsum(x, 0),
    "something that depends on nothing": lambda f, x: f.array([1.0, 2.0]),
    "a tuple with a constant": lambda f, x: (x**2, f.array(1.0)),
    "None beside a vector": lambda f, x: (x**2, None),
}.items():
    for _value in (False, True):
        case(f"vector_grad of {_name}, return_value={_value}")(
            lambda f, body=_body, value=_value: f.vector_grad(lambda x: body(f, x), return_value=value)(_x(f))
        )


def _form(f, states, argnums, has_aux=False, return_value=False):
    w, b = f.param([1.0, 2.0, 3.0]), f.param(3.0)
    chosen = {"none": None, "one": w, "dict": {"w": w, "b": b}}[states]

    def function(x, y):
        out = w.value * x * x * y + b.value**2
        return (out, [2 * x]) if has_aux else out

    gradient = f.vector_grad(function, chosen, argnums=argnums, has_aux=has_aux, return_value=return_value)
    return gradient(_x(f), _x(f) + 1)


for _states in ("none", "one", "dict"):
    for _argnums in (None, 1, (0, 1), [1]):
        case(f"form: grad_states={_states}, argnums={_argnums}")(lambda f, s=_states, a=_argnums: _form(f, s, a))
for _aux, _value in [(True, False), (True, True)]:
    case(f"form: has_aux={_aux}, return_value={_value}")(
        lambda f, aux=_aux, value=_value: _form(f, "dict", 0, aux, value)
    )


@case("States are written once")
def _(f):
    w, n = f.param([1.0, 2.0]), f.state(0.0)

    def function():
        n.value += 1
        w.value = w.value * 2
        return w.value**2

    return f.vector_grad(function, w)(), n, w


@case("integer inputs give float0")
def _(f):
    return f.vector_grad(lambda n, x: n * x, argnums=(0, 1))(f.array([1, 2]), f.array([3.0, 4.0]))


@case("complex inputs and outputs")
def _(f):
    return f.vector_grad(lambda z: z**2)(f.array([1 + 2j, 3 - 1j]))


@case("a complex input and a real output")
def _(f):
    return f.vector_grad(lambda z: f.np.real(z * f.np.conj(z)))(f.array([1 + 2j, 3 - 1j]))


@case("an untouched State without the check")
def _(f):
    w, v = f.param([1.0]), f.param([2.0, 3.0])
    return f.vector_grad(lambda: w.value**2, [w, v], check_states=False)()


@case("vector_grad is a decorator with options")
def _(f):
    @f.vector_grad(argnums=1)
    def function(x, y):
        return x * y**2

    return function(_x(f), _x(f))


cases.table(
    "vector_grad error",
    int_output=lambda f: f.error(lambda: f.vector_grad(lambda x: f.array([1, 2]))(_x(f))),
    bool_output=lambda f: f.error(lambda: f.vector_grad(lambda x: x > 1)(_x(f))),
    text_output=lambda f: f.error(lambda: f.vector_grad(lambda x: "y")(_x(f))),
    argnums_twice=lambda f: f.error(lambda: f.vector_grad(lambda x, y: x, argnums=(0, 0))(_x(f), _x(f))),
    argnums_negative=lambda f: f.error(lambda: f.vector_grad(lambda x: x, argnums=-1)(_x(f))),
    holomorphic=lambda f: f.error(lambda: f.vector_grad(lambda x: x, holomorphic=True)(_x(f))),
    allow_int=lambda f: f.error(lambda: f.vector_grad(lambda x: x, allow_int=True)(_x(f))),
    no_pair=lambda f: f.error(lambda: f.vector_grad(lambda x: x, has_aux=True)(_x(f))),
    missing_state=lambda f: f.error(lambda: f.vector_grad(lambda x: x, f.param(1.0))(_x(f))),
    not_a_state=lambda f: f.error(lambda: f.vector_grad(lambda x: x, [1.0])),
    state_argument=lambda f: f.error(lambda: f.vector_grad(lambda x: x)(f.state(1.0))),
)

for _name, _body in {
    "argnums beyond the arguments": lambda f: f.vector_grad(lambda x: x, argnums=2)(_x(f)),
    "no arguments": lambda f: f.vector_grad(lambda: f.array(1.0))(),
}.items():
    differs(
        f"vector_grad error: {_name}",
        "brainstate raises three types for too few arguments, depending on the transform; ours is always Python's own",
        ours="TypeError",
        theirs="ValueError",
    )(lambda f, body=_body: f.error(lambda: body(f)))


@cases.parametrised()
def test_vector_grad(case, engine):
    case.check(engine)
