"""Recurrent cells of equal weights: sequences through loops, gradients, hidden states, errors."""

import numpy as np

from .frameworks import Cases
from .wide import array, wide_cases

cases = Cases()
case, differs = wide_cases(cases), cases.differs

RNG = np.random.default_rng(1)
N_IN, N_OUT, BATCH, STEPS = 3, 4, 2, 5
XS = RNG.normal(size=(STEPS, BATCH, N_IN))
STATE = RNG.normal(size=(BATCH, N_OUT))
PROBE = RNG.normal(size=(STEPS, BATCH, N_OUT))
WEIGHTS = {n: RNG.normal(0.0, 0.5, (N_IN + N_OUT, n * N_OUT)) for n in (1, 2, 4)}
BIASES = {n: RNG.normal(0.0, 0.5, n * N_OUT) for n in (1, 2, 4)}
CELLS = {"ValinaRNNCell": 1, "GRUCell": 2, "MGUCell": 1, "LSTMCell": 4, "URLSTMCell": 4}


def _weights(f):
    return lambda shape: array(f, WEIGHTS[shape[-1] // N_OUT])


def _biases(f):
    return lambda shape: array(f, BIASES[shape[-1] // N_OUT])


def _cell(f, name, **kwargs):
    """A cell of given weights."""
    if name != "URLSTMCell":
        kwargs.setdefault("b_init", _biases(f))
    cell = getattr(f.bs.nn, name)(N_IN, N_OUT, w_init=_weights(f), **kwargs)
    if name == "URLSTMCell":
        cell.bias.value = array(f, BIASES[1])
    return cell


def _hidden(cell):
    return [getattr(cell, name).value for name in ("h", "c") if hasattr(cell, name)]


def _sequence(f, cell, xs, **kwargs):
    cell.init_state(**kwargs)
    return f.bs.transform.for_loop(cell.update, array(f, xs)), _hidden(cell)


def _gradients(f, cell):
    """Of a weighted sum of all outputs of a sequence, by weights and inputs; and what the States hold then."""
    cell.init_state(batch_size=BATCH)

    def loss(xs):
        return (array(f, PROBE) * f.bs.transform.for_loop(cell.update, xs)).sum()

    grads = f.grad(loss, cell.states(f.bs.ParamState), argnums=0, return_value=True)(array(f, XS))
    return grads, _hidden(cell)


for _name in CELLS:
    case(f"{_name}: a sequence")(lambda f, name=_name: _sequence(f, _cell(f, name), XS, batch_size=BATCH))
    case(f"{_name}: a sequence without a batch")(lambda f, name=_name: _sequence(f, _cell(f, name), XS[:, 0]))
    case(f"{_name}: gradients")(lambda f, name=_name: _gradients(f, _cell(f, name)))
    case(f"{_name}: another activation")(
        lambda f, name=_name: _sequence(f, _cell(f, name, activation="soft_sign"), XS, batch_size=BATCH)
    )
    case(f"{_name}: a function as activation")(
        lambda f, name=_name: _sequence(f, _cell(f, name, activation=f.np.sin), XS, batch_size=BATCH)
    )
    case(f"{_name}: initial state")(
        lambda f, name=_name: _sequence(f, _cell(f, name, state_init=array(f, STATE[0])), XS, batch_size=BATCH)
    )

    @case(f"{_name}: reset to another batch")
    def _(f, name=_name):
        cell = _cell(f, name, state_init=f.bs.nn.init.Constant(0.5))
        cell.init_state(batch_size=BATCH)
        cell(array(f, XS[0]))
        cell.reset_state(batch_size=1)
        return _hidden(cell), cell(array(f, XS[1][:1])), _hidden(cell)

    @case(f"{_name}: walk, sizes, kinds")
    def _(f, name=_name):
        cell = _cell(f, name)
        f.bs.nn.init_all_states(cell, batch_size=3)
        kinds = {path: type(state).__name__ for path, state in cell.states().items()}
        return kinds, cell.in_size, cell.out_size, cell.num_in, cell.num_out, cell.h.value.shape

    @case(f"{_name}: each example of a batch alone")
    def _(f, name=_name):
        cell = _cell(f, name)
        cell.init_state()
        hidden = cell.states(f.bs.HiddenState)
        ys = f.bs.transform.vmap(cell.update, out_states=dict(enumerate(hidden.values())))(array(f, XS[0]))
        return ys, _hidden(cell)

    case(f"{_name} without a state")(lambda f, name=_name: _error(lambda: _cell(f, name)(array(f, XS[0]))))

for _name in ("ValinaRNNCell", "GRUCell", "MGUCell", "LSTMCell"):
    case(f"{_name}: without bias")(lambda f, name=_name: _gradients(f, _cell(f, name, b_init=None)))


case("URLSTMCell draws its bias within the range")(
    lambda f: bool((abs(f.bs.nn.URLSTMCell(2, 50).bias.value) < 4).all())
)
differs("a cell with an unknown activation", "a missing name", ours="AttributeError", theirs="AttributeError")(
    lambda f: _error(lambda: f.bs.nn.GRUCell(2, 3, activation="foo"))
)
differs("a cell with a number as activation", "no assert", ours="TypeError", theirs="AssertionError")(
    lambda f: _error(lambda: f.bs.nn.GRUCell(2, 3, activation=3))
)
differs("an input of another batch", "a wrong shape is a wrong value", ours="ValueError", theirs="TypeError")(
    lambda f: _error(lambda: _sequence(f, _cell(f, "GRUCell"), XS))
)
differs("an input of another size", "a wrong shape is a wrong value", ours="ValueError", theirs="TypeError")(
    lambda f: _error(lambda: _sequence(f, _cell(f, "LSTMCell"), XS[:, 0, :2]))
)
differs("a number as initial state", "a number is spread over the units", ours="", theirs="TypeError")(
    lambda f: _error(lambda: _sequence(f, _cell(f, "LSTMCell", state_init=0.5), XS[:, 0]))
)


def _error(call):
    try:
        call()
    except Exception as error:
        return type(error).__name__
    return ""


@cases.parametrised()
def test_recurrent_cells_agree(case, engine):
    case.check(engine)
