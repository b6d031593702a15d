"""brainstate_torch.transform._derivative.gradient: grad, vector_grad and GradientTransform."""

import functools

import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import ParamState, State
from brainstate_torch import transform as T

X = torch.tensor(3.0)


def cube(x):
    """A function to decorate."""
    return x**3


@pytest.mark.parametrize("transform", [T.grad, T.vector_grad])
def test_works_as_a_decorator_with_and_without_arguments(transform):
    @transform
    def plain(x):
        return x**2

    @transform(argnums=1, return_value=True)
    def configured(x, y):
        return x * y**2

    assert plain(X) == 6.0
    assert configured(X, X) == (18.0, 27.0)
    assert type(plain) is type(transform(cube))


class Model:
    def __init__(self):
        self.w = ParamState(torch.tensor(2.0))

    def loss(self, x):
        return self.w.value * x**2

    __call__ = loss


@pytest.mark.parametrize(
    "make", [lambda m: m, lambda m: m.loss, lambda m: functools.partial(Model.loss, m), lambda m: lambda x: m.loss(x)]
)
def test_any_callable_is_differentiated(make, engine):
    model = Model()
    assert T.grad(make(model), model.w, argnums=0, engine=engine)(X) == (9.0, 12.0)


@pytest.mark.parametrize("transform", [T.grad, T.vector_grad, T.jacrev, T.jacfwd, T.hessian, T.fwd_grad])
def test_what_cannot_be_called_is_refused(transform):
    with pytest.raises(TypeError, match=r"the function to differentiate must be callable. Got a float."):
        transform(1.0)


@pytest.mark.parametrize("transform", [T.grad, T.vector_grad, T.jacrev, T.jacfwd, T.hessian, T.fwd_grad])
def test_unknown_keywords_are_refused(transform):
    with pytest.raises(
        TypeError, match=rf"{transform.__name__}\(\) takes `debug_nan` besides its own keywords. Got `foo`"
    ):
        transform(cube, foo=1)


class Methods:
    w = ParamState(torch.tensor(2.0))

    @T.grad(argnums=0)
    def slope(self, x):
        return self.w.value * x**2

    plain = T.grad(torch.square)
    bound = T.grad(functools.partial(torch.pow, exponent=2))


def test_a_decorated_method_is_bound_to_its_instance():
    assert Methods().slope(X) == 12.0
    assert Methods.slope is Methods.slope


@pytest.mark.parametrize("name", ["plain", "bound"])
def test_a_derivative_of_what_is_no_method_can_be_an_attribute_of_a_class(name):
    assert getattr(Methods(), name)(X) == 6.0


def test_one_transform_is_used_many_times_and_inside_itself():
    w, slope = ParamState(torch.tensor(2.0)), None

    def loss(depth):
        return w.value**3 if depth == 0 else slope(depth - 1)

    slope = T.grad(loss, w)
    assert [slope(d).item() for d in (0, 1, 2, 0)] == [12.0, 12.0, 6.0, 12.0]


def test_closures_are_seen_as_they_are_now(engine):
    scale = {"by": 2.0}
    gradient = T.grad(lambda x: x**2 * scale["by"], engine=engine)
    assert gradient(X) == 12.0
    scale["by"] = 3.0
    assert gradient(X) == 18.0


RESULTS = [
    (torch.ones(1), r"Got shape \(1,\)\. Reduce it"),
    (torch.ones(2, 3), r"Got shape \(2, 3\)"),
    (None, "Got None"),
    ((torch.tensor(1.0), 2), r"Got a tuple\. Return one number, or `\(loss, aux\)`"),
    ({"a": 1.0}, "Got a dict"),
    ("text", "Got a str"),
    (True, "Got a bool"),
    (3, r"real-valued result\. Got dtype int64"),
    (torch.tensor(3), r"real-valued result\. Got dtype int64"),
    (torch.tensor(True), r"Got dtype bool\. Use `\.float\(\)`"),
    (torch.tensor(1j), r"a real result\. Got dtype complex64\. Take the real part"),
    (torch.tensor(1.0) * u.mV, r"a scalar result without unit\. Got one in mV\. Pass `unit_aware=True`"),
]


@pytest.mark.parametrize(("result", "text"), RESULTS, ids=lambda x: repr(x)[:20])
def test_the_result_must_be_a_real_scalar(result, text, engine):
    state = State(0)
    with pytest.raises(TypeError, match=text):
        T.grad(lambda x: (setattr(state, "value", 1), result)[1], engine=engine)(X)
    assert state.value == 0


@pytest.mark.parametrize("result", [torch.ones(2) * u.mV, [torch.tensor(1.0) * u.mV]])
def test_with_units_the_result_is_a_scalar_too(result, engine):
    with pytest.raises(TypeError, match="the gradient is defined for a scalar result"):
        T.grad(lambda x: result, unit_aware=True, engine=engine)(X)


@pytest.mark.parametrize(
    ("z", "fun", "text"),
    [
        (X, lambda z: z, r"every input must be complex\. Got dtype float32 in argument 0"),
        (torch.tensor(1j), lambda z: z.real, r"the result must be complex\. Got dtype float32"),
    ],
)
def test_holomorphic_needs_complex_inputs_and_results(z, fun, text, engine):
    with pytest.raises(TypeError, match=f"with `holomorphic=True` {text}"):
        T.grad(fun, holomorphic=True, engine=engine)(z)


@pytest.mark.parametrize("bad", [torch.tensor(1), True, torch.ones(2, dtype=torch.bool)])
def test_integers_are_refused_without_allow_int(bad, engine):
    with pytest.raises(TypeError, match=r"must have a real or complex dtype\. Got .* in argument 0"):
        T.grad(lambda x: torch.tensor(1.0), engine=engine)(bad)


@pytest.mark.parametrize("result", [torch.tensor([1, 2]), "text", (torch.ones(1), None, torch.tensor(True))])
def test_vector_grad_needs_results_of_real_or_complex_dtype(result, engine):
    with pytest.raises(TypeError, match=r"vector_grad is defined for results of real or complex dtype. Got"):
        T.vector_grad(lambda x: result, engine=engine)(X)


def test_vector_grad_sums_the_gradients_of_all_results(engine):
    x = torch.tensor([1.0, 2.0])
    found = T.vector_grad(lambda x: {"a": x**2, "b": [x.sum(), 5.0]}, engine=engine)(x)
    assert torch.equal(found, 2 * x + 1)
    z = torch.tensor([1.0 + 1.0j])
    assert T.vector_grad(lambda z: z**2, engine=engine)(z) == 2 * z


UNIT_CASES = [
    (lambda v: v**2, 3.0 * u.mV, 6 * u.mV),
    (lambda v: (v / u.mV) ** 2, 3.0 * u.mV, 6 / u.mV),
    (lambda v: 2 * v, 3.0 * u.mV, 2.0),
    (lambda v: (2 * v).in_unit(u.volt), 3.0 * u.mV, 2.0),
    (lambda v: v**2 * u.mV, 3.0, 6 * u.mV),
    (lambda v: 1 / v, 2.0 * u.ms, -0.25 / u.ms**2),
    (lambda v: v**2 * (2 * u.kHz), 3.0 * u.ms, 12.0),
    (lambda v: v / (1 * u.volt), 3.0 * u.mV, 0.001 / u.mV),
    (lambda v: v**2, 3.0, 6.0),
]


@pytest.mark.parametrize(("fun", "v", "expected"), UNIT_CASES)
@pytest.mark.parametrize("transform", [T.grad, T.vector_grad, T.jacrev, T.jacfwd, T.fwd_grad])
def test_unit_aware_derivatives_have_the_ratio_of_units(transform, fun, v, expected):
    if transform is T.fwd_grad:
        torch.manual_seed(0)
        found, tolerance = T.fwd_grad(fun, unit_aware=True, tangent_size=4000, key=0)(v), 0.2
    else:
        found, tolerance = transform(fun, unit_aware=True)(v), 1e-5
    assert isinstance(found, u.Quantity) == isinstance(expected, u.Quantity)
    ratio = found / expected
    assert float(ratio) == pytest.approx(1.0, rel=tolerance)


def test_without_unit_aware_a_gradient_is_labelled_with_its_inputs_unit(engine):
    w = ParamState({"v": torch.tensor(3.0) * u.mV, "x": torch.tensor(2.0)})
    found = T.grad(lambda: (w.value["v"] / u.mV) ** 2 * w.value["x"], w, engine=engine)()
    assert (found["v"].to_decimal(u.mV), found["x"]) == (12.0, 9.0)
    assert T.vector_grad(lambda v: v / u.mV, engine=engine)(torch.ones(2) * u.mV).tolist() == [1.0, 1.0]


def test_vector_grad_with_units_needs_one_result(engine):
    with pytest.raises(ValueError, match=r"with `unit_aware=True` the function must return exactly one array\. Got 2"):
        T.vector_grad(lambda v: (v, v), unit_aware=True, engine=engine)(X)


def test_repr_names_the_function_and_the_options():
    text = repr(T.grad(cube, ParamState(1.0), argnums=0, has_aux=True))
    assert text.startswith(
        "GradientTransform(target=cube, grad_states=1 States, argnums=0, return_value=False, has_aux=True"
    )
    assert "transform=vector_grad" in repr(T.vector_grad(cube))


# A base transform of one's own


def scaled(fun, argnums, has_aux, factor=1.0):
    base = torch.func.grad(fun, argnums=argnums, has_aux=has_aux)

    def gradient(*args):
        grads, aux = base(*args)
        return [factor * g for g in grads], aux

    return gradient


def finite(fun, argnums, has_aux):
    def gradient(leaves, call):
        (value, aux), grads = fun(leaves, call), []
        for i, leaf in enumerate(leaves):
            shifted = [x + 1e-3 if i == j else x for j, x in enumerate(leaves)]
            grads.append((fun(shifted, call)[0] - value) / 1e-3 + 0 * leaf)
        return grads, aux

    return gradient


def test_a_base_transform_of_ones_own_gets_states_units_and_aux():
    w, n = ParamState(torch.tensor(2.0) * u.mV), State(0)

    def loss(x):
        n.value += 1
        return w.value * x**2 / u.mV, "aux"

    keywords = {"argnums": 0, "has_aux": True, "return_value": True, "transform_params": {"factor": 10.0}}
    found = T.GradientTransform(loss, scaled, w, **keywords)(X)
    assert found == ((90.0 * u.mV, 120.0), 18.0, "aux")
    assert n.value == 1


def test_a_base_transform_may_run_the_function_many_times():
    w, n = ParamState(torch.tensor(2.0)), State(0)

    def loss(x):
        n.value += 1
        return w.value * x**2

    of_w, of_x = T.GradientTransform(loss, finite, w, argnums=0)(X)
    assert of_w.item() == pytest.approx(9.0, rel=1e-2)
    assert of_x.item() == pytest.approx(12.0, rel=1e-2)
    assert n.value == 1


@pytest.mark.parametrize("result", [lambda x: (x.sum(), 1, 2), lambda x: [x.sum()], lambda x: x.sum()])
def test_has_aux_takes_two_results_and_no_other_number(result):
    with pytest.raises(TypeError, match=r"must return a pair \(loss, aux\)\. Got a .*\. Write `return loss, aux`"):
        T.grad(result, has_aux=True)(torch.ones(2))


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("arg_nums", "argnums"), ("argnum", "argnums"), ("hasaux", "has_aux"), ("unitaware", "unit_aware")],
)
def test_a_misspelled_keyword_is_told_the_right_one(wrong, right):
    with pytest.raises(TypeError, match=rf"Got `{wrong}`\. Write `{right}`"):
        T.grad(torch.sum, **{wrong: 0})


def test_a_value_in_the_place_of_its_state_is_told_so():
    w = ParamState(torch.ones(2))
    with pytest.raises(TypeError, match=r"Pass the State itself, not its `\.value`; name arguments in `argnums`"):
        T.grad(torch.sum, w.value)
    with pytest.raises(TypeError, match=r"Got a StateParameter in it. Parameters are for torch.optim: pass the States"):
        T.grad(torch.sum, w.parameters())


def test_the_gradient_of_a_state_that_holds_a_dict_has_sorted_keys():
    w = ParamState({"w": torch.ones(2), "b": torch.tensor(0.5)})
    for transform in (T.grad, T.jacrev):
        assert list(transform(lambda: w.value["w"].sum() * w.value["b"], w)()) == ["b", "w"]
