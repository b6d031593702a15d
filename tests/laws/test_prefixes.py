"""The law of prefixes: one physical input, in volt, in millivolt or in both, gives one physical result.

Exempt are roundings, which count in the unit that the quantity has, as in brainunit: floor, ceil, round, trunc, fix,
frac, modf, rint, casts to integers, and what nan_to_num puts in place of infinities.
"""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import brainstate_torch.units as u
from brainstate_torch import metric, nn

torch.manual_seed(0)
X = torch.rand(3, 3, dtype=torch.float64) + 0.5
Y = torch.rand(3, 3, dtype=torch.float64) + 0.5
TINY = 1e-12 * X

CALLS = """
    F.normalize(q, p=0.)
    F.normalize(q)
    F.normalize(t)
    F.cosine_similarity(q, r)
    F.cosine_similarity(t, r)
    torch.pdist(q, 0)
    torch.pdist(q)
    torch.cdist(q, r, 0)
    torch.cdist(q, r)
    torch.dist(q, r, 0)
    torch.norm(q, p=0)
    torch.linalg.norm(q, 0, 1)
    torch.linalg.vector_norm(q, 0)
    torch.linalg.matrix_rank(q)
    torch.linalg.matrix_rank(q, a)
    torch.linalg.matrix_rank(q, atol=a)
    torch.linalg.matrix_rank(q, rtol=0.1)
    torch.linalg.pinv(q)
    torch.linalg.pinv(q, atol=a)
    torch.linalg.cond(q)
    torch.linalg.cholesky_ex(q)
    torch.linalg.cholesky_ex(q + q.mT, upper=True)
    torch.linalg.cholesky_ex(q @ q.mT)
    torch.isclose(t, 2 * t)
    torch.allclose(q, r)
    torch.histc(q, 3)
    u.math.histogram(q, 3)
    torch.quantile(q, 0.3)
    torch.clamp(q, min=a)
    torch.maximum(q, r)
    torch.maximum(q, a)
    torch.where(q > r, q, 0.)
    torch.where(q > a, q, r)
    q.masked_fill(q > a, 0.)
    q.masked_fill(q > a, float("-inf"))
    F.pad(q, (1, 1))
    F.pad(q, (1, 1), value=a)
    torch.remainder(q, r)
    q // r
    torch.floor_divide(q, r)
    torch.hypot(q, r)
    torch.atan2(q, r)
    torch.lerp(q, r, 0.3)
    torch.logical_and(q, r)
    torch.unique(q)
    torch.sort(q)[0]
    torch.argsort(q)
    torch.searchsorted(torch.sort(q[0])[0], r[0])
    torch.diff(q, prepend=r[:, :1])
    torch.cat([q, r])
    torch.stack([q, r])
    torch.std(q)
    torch.var(q)
    torch.cov(q)
    torch.corrcoef(q)
    torch.prod(q, 1)
    torch.linalg.det(q)
    torch.linalg.solve(q, r)
    torch.linalg.lstsq(q, r)[0]
    torch.linalg.lstsq(torch.cat([q, r]), torch.cat([r, q]))[1]
    torch.linalg.svdvals(q)
    torch.fft.fft(q)
    torch.cumsum(q, 0)
    torch.cumulative_trapezoid(q)
    torch.einsum("ij,jk->ik", q, r)
    q.at[0].set(r[0])
    q.at[[0, 0]].add(r[0])
    q.at[0].min(a)
    q @ r
    q + r
    q * r
    q / r
    q > r
    q == r
    sum([q, r])
    u.math.clip(q, 0, a)
    u.math.select([q > r], [q], 0)
    u.math.interp(q, torch.sort(r[0])[0], q[0])
    u.math.gradient(q, a)[0]
    u.math.trapezoid(q, dx=a)
    u.math.convolve(q[0], r[0])
    u.math.linalg.norm(q[0], 0)
    u.math.linalg.matrix_rank(q, 0.1)
    u.math.linalg.lstsq(q, r)[0]
    u.math.nanmax(q)
    u.math.average(q, weights=r)
    u.math.var(q, ddof=1)
    u.math.ptp(q)
    u.math.isclose(t, 2 * t)
    u.math.cross(q, r)
    u.math.unique(q, size=12, fill_value=a)
    nn.weight_standardization(q)
    nn.weight_standardization(t)
    nn.weight_standardization(0 * q)
    metric.cosine_similarity(q, r)
    metric.cosine_similarity(t, r)
    metric.cosine_distance(0 * q, r)
    metric.pairwise_cosine_similarity(q, r)
    metric.pairwise_cosine_distance(t)
    nn.clip_grad_norm({"w": q, "v": r}, a, return_norm=True)
    nn.clip_grad_norm([q, r], a, "inf")
"""


def values(units):
    first, second, third, fourth = units
    give = lambda x, unit: u.Quantity(x.clone(), u.volt).in_unit(unit)
    return {
        "q": give(X, first),
        "r": give(Y, second),
        "t": give(TINY, third),
        "a": give(torch.tensor(0.7).double(), fourth),
    }


def physical(value):
    if isinstance(value, dict):
        return {name: physical(each) for name, each in value.items()}
    if isinstance(value, (tuple, list)):
        return [physical(each) for each in value]
    number = u.get_mantissa(value)
    number = torch.as_tensor(number, dtype=torch.float64 if isinstance(number, float) else None)
    return number if number.dtype in (torch.bool, torch.int64) else number * u.get_unit(value).magnitude


def dimension(value):
    if isinstance(value, dict):
        return {name: dimension(each) for name, each in value.items()}
    return [dimension(each) for each in value] if isinstance(value, (tuple, list)) else u.get_dim(value)


@pytest.mark.parametrize("text", [line.strip() for line in CALLS.strip().splitlines()])
def test_result_does_not_depend_on_prefixes(text):
    names = {"torch": torch, "F": F, "u": u, "nn": nn, "metric": metric}
    plain = eval(text, {**names, **values([u.volt] * 4)})
    for units in ([u.mV] * 4, [u.mV, u.volt, u.uV, u.kvolt], [u.kvolt, u.uV, u.volt, u.mV]):
        found = eval(text, {**names, **values(units)})
        assert dimension(found) == dimension(plain)
        torch.testing.assert_close(physical(found), physical(plain), rtol=1e-9, atol=1e-14, equal_nan=True)


@pytest.mark.parametrize("name", ["floor", "ceil", "round", "trunc", "frac", "fix"])
def test_rounding_counts_in_the_unit_of_the_quantity(name):
    q = torch.tensor([1.3, -2.6]) * u.mV
    assert torch.equal(getattr(torch, name)(q).mantissa, getattr(torch, name)(q.mantissa))
    assert getattr(torch, name)(q).unit is u.mV


def test_a_factor_that_does_not_exist_is_nan():
    indefinite = torch.tensor([[1.0, 2.0], [2.0, 1.0]])
    found, info = torch.linalg.cholesky_ex(torch.stack([indefinite, torch.eye(2)]) * u.mV)
    assert info.tolist() == [2, 0] and found[0].mantissa.tril().isnan().sum() == 3
    assert torch.equal(found[1].mantissa, torch.eye(2))


def test_matrix_rank_needs_its_tolerance_in_the_unit():
    with pytest.raises(u.UnitMismatchError, match=r"`linalg_matrix_rank` must get one common dimension"):
        torch.linalg.matrix_rank(X * u.mV, 2.0)


@pytest.mark.parametrize("name", ["frexp", "renorm"])
def test_functions_that_would_depend_on_the_prefix_are_refused(name):
    with pytest.raises(u.UnitMismatchError, match=f"`{name}` must get a plain number"):
        getattr(torch, name)(X * u.mV, *([2, 0, 1.0] if name == "renorm" else []))


#: Not of physics: what rounds, what looks at bits, memory or names, and what makes arrays like others.
_NOT_PHYSICAL = """
    floor ceil round around trunc fix rint nan_to_num modf astype array_repr array_str get_mantissa get_magnitude
    get_unit split_mantissa_unit spacing nextafter frexp view tolist empty_like ones_like tree_ones_like
    has_same_unit
"""
_ARGUMENTS = {
    "one": lambda v: (v["q"],),
    "one row": lambda v: (v["q"][0],),
    "two": lambda v: (v["q"], v["r"]),
    "two rows": lambda v: (v["q"][0], v["r"][0]),
    "one and a number": lambda v: (v["q"], v["a"]),
    "one and an axis": lambda v: (v["q"], 1),
    "three": lambda v: (v["q"], v["r"], v["q"]),
}


def _arrays_in(found):
    if isinstance(found, (tuple, list)):
        return [x for each in found for x in _arrays_in(each)]
    return [found] if isinstance(u.get_mantissa(found), (torch.Tensor, float, int, complex)) else []


_SPACES = {
    "torch": torch,
    "torch.nn.functional": F,
    "torch.linalg": torch.linalg,
    "torch.fft": torch.fft,
    "numpy": np,
    "methods": u.Quantity,
    "nn": nn,
    "metric": metric,
    "u.math": u.math,
    "u.math.linalg": u.math.linalg,
}
_GIVEN = {
    **_ARGUMENTS,
    "signed": lambda v: (v["q"] - v["r"],),
    "images": lambda v: (v["q"].reshape(1, 1, 3, 3), 2),
    "tiny": lambda v: (v["t"],),
    "tiny ones": lambda v: (v["t"], 2 * v["t"]),
    "a list": lambda v: ([v["q"], v["r"]],),
    "a mask": lambda v: (v["q"], X > 1),
    "a mask and a number": lambda v: (v["q"], X > 1, v["a"]),
    "a choice": lambda v: (X > 1, v["q"], v["r"]),
    "a plain one": lambda v: (v["q"], X.clone()),
    "an index": lambda v: (v["q"], 0, torch.tensor([0, 2, 1]), v["r"]),
}
#: Besides _NOT_PHYSICAL: what counts in the unit by its documentation, what rounds to another type, parts of a
#: quantity, and factors that are free up to a sign or that LAPACK leaves unfinished.
_OF_THE_UNIT = """
    double float half bfloat16 int long short char byte to type copy resize dequantize mantissa magnitude to_tuple
    tree_flatten pca_lowrank svd_lowrank lobpcg lstsq svd qr eig eigh geqrf indices empty empty_strided
    rand_like randn_like randint_like dropout alpha_dropout feature_alpha_dropout dropout1d dropout2d dropout3d rrelu
    fractional_max_pool2d gumbel_softmax bernoulli multinomial poisson binomial normal save clip_grad_norm
    van_rossum_distance victor_purpura_distance frac
"""


def _callables(space):
    # Settings of the process, and of numpy its own test runner, are no functions of numbers.
    settings = ("_", "set_", "use_", "seed", "manual_seed", "test", "compile", "show", "info")
    names = [name for name in dir(space) if not name.startswith(settings)]
    names = [name for name in names if name.rstrip("_") not in {*_NOT_PHYSICAL.split(), *_OF_THE_UNIT.split()}]
    return [name for name in names if callable(getattr(space, name)) and not isinstance(getattr(space, name), type)]


@pytest.mark.parametrize("space", _SPACES)
def test_nothing_that_takes_quantities_depends_on_prefixes(space):
    compared, wrong = 0, []
    for name in _callables(_SPACES[space]):
        for given in _GIVEN.values():

            def call(units, name=name, given=given):
                first, *others = given(values(units))
                fun = getattr(first if space == "methods" else _SPACES[space], name)
                return _arrays_in(fun(*others) if space == "methods" else fun(first, *others))

            try:
                plain = call([u.volt] * 4)
            except Exception:  # it does not take such arguments, or it refuses the unit
                continue
            for units in ([u.mV] * 4, [u.mV, u.volt, u.uV, u.kvolt], [u.kvolt, u.uV, u.volt, u.mV]):
                for x, y in zip(call(units), plain, strict=True):
                    try:
                        assert u.get_dim(x) == u.get_dim(y)
                        torch.testing.assert_close(physical(x), physical(y), rtol=1e-9, atol=1e-14, equal_nan=True)
                        compared += 1
                    except AssertionError:
                        wrong.append((name, units, x, y))
    assert sorted({name for name, *_ in wrong}) == [] and compared > 50, wrong


INTEGERS = {
    "masked_fill": lambda q, x: q.masked_fill(torch.tensor([True, False]), x),
    "fill": lambda q, x: torch.fill(q, x),
    "full_like": lambda q, x: torch.full_like(q, x),
    "index_fill": lambda q, x: q.index_fill(0, torch.tensor([0]), x),
    "index_put": lambda q, x: q.index_put((torch.tensor([0]),), x),
    "pad": lambda q, x: torch.nn.functional.pad(q, (1, 0), value=x),
    "an item": lambda q, x: (q.__setitem__(0, x), q)[1],
    "fill_": lambda q, x: q.fill_(x),
}


@pytest.mark.parametrize("name", INTEGERS)
def test_integers_take_what_they_can_hold_in_their_unit(name):
    write = INTEGERS[name]
    write(
        torch.tensor([1.0, 2.0]) * u.V, torch.tensor(1500.0) * u.mV
    )  # what is known of floats is not used for integers
    with pytest.raises(TypeError, match="must keep all digits. Got a value in mV for integers in V"):
        write(torch.tensor([1, 2]) * u.V, 1500 * u.mV if name != "index_put" else torch.tensor(1500) * u.mV)
    if name != "index_put":
        assert (write(torch.tensor([1, 2]) * u.V, 3000 * u.mV).mantissa == 3).any()
        assert (write(torch.tensor([1, 2]) * u.mV, 3 * u.V).mantissa == 3000).any()
