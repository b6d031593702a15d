"""grad: States read, written and made inside the function."""

from .frameworks import Cases

cases = Cases()
case, differs = cases.case, cases.differs


@case("the gradient is taken at the value on entry")
def _(f):
    w = f.param([1.0, 2.0])

    def loss():
        w.value = w.value * 10
        return f.np.sum(w.value**2)

    return f.grad(loss, w, return_value=True)(), w


@case("use, then overwrite")
def _(f):
    w = f.param(3.0)

    def loss():
        out = w.value**2
        w.value = f.array(7.0)
        return out

    return f.grad(loss, w)(), w, w._been_writen


@case("written and never read")
def _(f):
    w = f.param(3.0)

    def loss(x):
        w.value = f.array(7.0)
        return w.value * x

    return f.grad(loss, w, argnums=0)(f.array(2.0)), w


@case("read and unused")
def _(f):
    w, v = f.param(3.0), f.param(2.0)

    def loss():
        _ = w.value
        return v.value**2

    return f.grad(loss, [w, v])()


@case("a gradient flows through another State")
def _(f):
    w, c = f.param([1.0, 2.0]), f.state(0.0)

    def loss(x):
        c.value = f.np.sum(w.value * x)
        return c.value**2

    return f.grad(loss, w, argnums=0, return_value=True)(f.array([3.0, 4.0])), c


@case("back-propagation through time")
def _(f):
    w, h = f.param(0.5), f.bs.HiddenState(f.array([0.1, 0.2]))

    def loss(xs):
        total = 0.0
        for x in xs:
            h.value = f.np.tanh(w.value * h.value + x)
            total = total + f.np.sum(h.value)
        return total

    xs = [f.array([0.1 * i, -0.2 * i]) for i in range(4)]
    return f.grad(loss, [w, h], argnums=0, return_value=True)(xs), h, w


@case("a gradient flows through a State made inside")
def _(f):
    w = f.param(3.0)

    def loss():
        made = f.bs.State(w.value * 2)
        made.value += w.value
        return made.value**2

    return f.grad(loss, w)()


@case("a read-only State keeps its value object")
def _(f):
    w, c = f.param(3.0), f.state([1.0])
    before = w._value, c._value
    f.grad(lambda: f.np.sum(w.value * c.value), w)()
    return w._value is before[0], c._value is before[1], w._been_writen, c._been_writen


@case("an augmented assignment inside")
def _(f):
    w, n = f.param(3.0), f.state([1.0, 2.0])
    old = n.value

    def loss():
        n.value += w.value
        n.value *= 2
        return f.np.sum(n.value**2)

    return f.grad(loss, w)(), n, old


@case("states commit once per call")
def _(f):
    w, n = f.param(3.0), f.state(0)

    def loss():
        n.value += 1
        return w.value**2

    gradient = f.grad(loss, w)
    return [gradient() for _ in range(3)], n


@case("a trace around a gradient sees reads and writes")
def _(f):
    w, r, n = f.param(3.0, name="w"), f.state(1.0, name="r"), f.state(0.0, name="n")

    def loss():
        n.value = n.value + r.value
        return w.value**2

    gradient = f.grad(loss, w)
    with f.bs.StateTraceStack() as trace:
        gradient()
    written = [s.name for s in trace.get_write_states()]
    return sorted(s.name for s in trace.get_read_states()), written, r._been_writen, n._been_writen


@case("a State may change its shape and dtype")
def _(f):
    w, n = f.param(3.0), f.state([1.0, 2.0])

    def loss():
        n.value = f.array([1, 2, 3])
        return w.value**2

    return f.grad(loss, w)(), n


@case("several entries of a dict State are written")
def _(f):
    w, n = f.param(3.0), f.bs.State({"a": f.array(1.0), "b": None})

    def loss():
        n.value = {"a": w.value * n.value["a"], "b": None}
        return n.value["a"] ** 2

    return f.grad(loss, w)(), n


@case("a State that is untouched gives zero without the check")
def _(f):
    w, v = f.param(3.0), f.bs.ParamState({"a": f.array([1.0, 2.0])})
    return f.grad(lambda: w.value**2, [w, v], check_states=False)()


@case("aux sees the value after a write")
def _(f):
    w, n = f.param(3.0), f.state(1.0)

    def loss():
        n.value = n.value + w.value
        return w.value**2, n.value

    return f.grad(loss, w, has_aux=True, return_value=True)(), n


@case("the loss is the value of a State")
def _(f):
    w = f.param(3.0)
    return f.grad(lambda: w.value, w, return_value=True)(), w


@case("a State takes the argument itself")
def _(f):
    w, n, x = f.param(3.0), f.state(0.0), f.array(2.0)

    def loss(x):
        n.value = x
        return w.value * n.value**2

    gradients = f.grad(loss, w, argnums=0)(x)
    n.value += 1
    return gradients, n, x


@case("two States take one value")
def _(f):
    w, a, b = f.param([1.0, 2.0]), f.state(0.0), f.state(0.0)

    def loss():
        a.value = b.value = w.value * 2
        a.value += 1
        return f.np.sum(a.value * b.value)

    return f.grad(loss, w)(), a, b


@case("a loop of learning")
def _(f):
    w, seen = f.param([1.0, -2.0]), []
    gradient = f.grad(lambda x: f.np.sum((w.value * x - 1.0) ** 2), w, return_value=True)
    for _ in range(5):
        step, loss = gradient(f.array([0.5, 1.5]))
        w.value = w.value - 0.1 * step
        seen.append(loss)
    return seen, w


@case("restore_value inside")
def _(f):
    w, n = f.param(3.0), f.state(1.0)

    def loss():
        n.restore_value(w.value * 2)
        return n.value * w.value

    return f.grad(loss, w)(), n, n._been_writen


@case("copies made after a read")
def _(f):
    w, n = f.param(3.0), f.state(1.0)

    def loss():
        n.value = n.value + w.value
        return w.copy().value * n.copy().value

    return f.grad(loss, w)(), w, n


@case("a copy is no read", raises="ValueError")
def _(f):
    w = f.param(3.0)
    f.grad(lambda: w.copy().value ** 2, w)()


@differs("a copy before the first read", "brainstate copies what the State holds outside", ours=6.0, theirs=3.0)
def _(f):
    w = f.param(3.0)
    return float(f.grad(lambda: w.copy().value * w.value, w)())


@case("a reference made inside")
def _(f):
    w, n = f.param(3.0), f.param(1.0)

    def loss():
        n.update_from_ref(w.to_state_ref().replace(w.value * 2))
        return n.value * w.value

    return f.grad(loss, w)()


@case("a trace inside")
def _(f):
    w, n = f.param(3.0, name="w"), f.state(1.0, name="n")
    seen = []

    def loss():
        with f.bs.StateTraceStack() as trace:
            n.value = w.value * 2
        seen.extend([[s.name for s in trace.get_read_states()], [s.name for s in trace.get_write_states()]])
        return n.value**2

    return f.grad(loss, w)(), n, seen[:2]


@case("the values of a trace inside are put back")
def _(f):
    w, n = f.param(3.0), f.state(1.0)

    def loss():
        with f.bs.StateTraceStack() as trace:
            n.value = w.value * 2
        trace.recovery_original_values()
        return n.value * w.value

    return f.grad(loss, w)(), n


@case("States made inside are caught inside")
def _(f):
    w = f.param(3.0)

    def loss():
        with f.bs.catch_new_states("new") as caught:
            a, b = f.bs.State(w.value), f.bs.HiddenState(w.value * 2)
        return caught[0].value * b.value + len(caught.get_by_tag("new")) + 0 * a.value

    return f.grad(loss, w, return_value=True)()


@case("check_state_value_tree around a gradient", raises="ValueError")
def _(f):
    w, n = f.param(3.0), f.state(1.0)

    def loss():
        n.value = [w.value]
        n.value = w.value
        return w.value**2

    with f.bs.check_state_value_tree():
        f.grad(loss, w)()


@case("the tree of a State may change for a while inside")
def _(f):
    w, n = f.param(3.0), f.state(1.0)

    def loss():
        n.value = [w.value, n.value]
        n.value = n.value[0] * n.value[1]
        return n.value**2

    return f.grad(loss, w)(), n


@case("a group of hidden States inside")
def _(f):
    w, group = f.param([1.0, 2.0]), f.bs.HiddenGroupState(f.array([[1.0, 2.0], [3.0, 4.0]]))

    def loss():
        group.set_value({"1": w.value * group.get_value(0)})
        return f.np.sum(group.get_value(-1) ** 2)

    return f.grad(loss, [w, group])(), group


@case("a tree of hidden States inside")
def _(f):
    w = f.bs.ParamState(f.q([1.0, 2.0], "mS"))
    tree = f.bs.HiddenTreeState({"v": f.q([1.0, 2.0], "mV"), "i": f.q([3.0, 4.0], "uA")})

    def loss():
        tree.set_value({"i": (w.value * tree.get_value("v")).in_unit(f.u.nA)})
        return f.np.sum(tree.get_value("i"))

    return f.grad(loss, w, unit_aware=True, return_value=True)(), tree


@case("a State made inside a function inside a function")
def _(f):
    w, n = f.param(2.0), f.state(0.0)

    def cell(x):
        h = f.bs.HiddenState(x * 2)
        n.value += 1
        h.value = f.np.tanh(h.value * w.value)
        return h

    return f.grad(lambda x: cell(cell(x).value).value, w, argnums=0)(f.array(0.3)), n


@case("a write that a condition on a static value leaves out")
def _(f):
    w, n = f.param(2.0), f.state(0.0)

    def loss(flag):
        if flag is None:
            n.value += w.value
        return w.value**2 + n.value

    gradient = f.grad(loss, w)
    return gradient(None), n, gradient(f.array(1.0)), n


@case("a State under a temporary hook")
def _(f):
    w, n = f.param(2.0), f.state(0.0)

    def double(context):
        context.transformed_value = context.transformed_value * 2

    def loss():
        with n.temporary_hook("write_before", double):
            n.value = w.value**2
        return n.value * 3

    return f.grad(loss, w)(), n


@cases.parametrised()
def test_grad_states(case, engine):
    case.check(engine)
