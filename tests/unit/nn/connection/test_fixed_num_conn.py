"""Random connections against the matrix that they stand for."""

import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch.nn import EventFixedNumConn, EventFixedProb, FixedNumConn

X = torch.tensor([1.0, 0.0, 2.0, 0.0, -1.0, 0.5])


def matrix(layer):
    """The matrix ``[in, out]`` of a layer, entry by entry."""
    weight = u.get_mantissa(layer.weight.value)
    rows = layer.pre_selected.nonzero().view(-1).tolist()
    found = torch.zeros(layer.in_size[-1], layer.out_size[-1])
    shape = layer.indices.shape
    weights = weight.reshape(()).expand(shape) if weight.numel() == 1 else weight.reshape(shape)
    for row, targets, values in zip(rows, layer.indices.tolist(), weights, strict=True):
        for target, value in zip(targets, values, strict=True):
            found[row, target] += value
    return found


LAYERS = {
    "one weight": lambda kind: kind(6, 5, 3, 1.5, seed=1),
    "weights": lambda kind: kind(6, 5, 3, brainstate.nn.init.Normal(seed=2), seed=1),
    "array": lambda kind: kind(6, 5, 3, torch.arange(18.0).reshape(6, 3), seed=1),
    "number in an array": lambda kind: kind(6, 5, 3, torch.tensor([2.0]), seed=1),
    "fraction": lambda kind: kind(6, 5, 0.6, brainstate.nn.init.Normal(seed=2), seed=1),
    "without repetition": lambda kind: kind(6, 5, 3, brainstate.nn.init.Normal(seed=2), seed=1, allow_multi_conn=False),
    "some inputs": lambda kind: kind(6, 5, 3, brainstate.nn.init.Normal(seed=2), afferent_ratio=0.5, seed=4),
    "some inputs, one weight": lambda kind: kind(6, 5, 3, 2.0, afferent_ratio=0.5, seed=4),
    "no inputs": lambda kind: kind(6, 5, 3, 2.0, afferent_ratio=0.0, seed=4),
}


@pytest.fixture(params=LAYERS.values(), ids=LAYERS)
def make(request):
    return request.param


def test_fixed_num_conn_is_a_product_with_its_matrix(make):
    layer = make(FixedNumConn)
    for x in (X, torch.stack([X, -X]), X.expand(2, 3, 6)):
        torch.testing.assert_close(layer(x), x @ matrix(layer))


def test_event_fixed_num_conn_counts_what_is_above_zero(make):
    layer = make(EventFixedNumConn)
    for x in (X, X > 0, torch.stack([X, -X]), torch.tensor([3, 0, 1, -2, 0, 0])):
        torch.testing.assert_close(layer(x), (x > 0).float() @ matrix(layer))


@pytest.mark.parametrize("kind", [FixedNumConn, EventFixedNumConn])
def test_fixed_num_conn_gradients_are_those_of_the_product(make, kind):
    layer = make(kind)
    states = layer.states(brainstate.ParamState)
    strength = (X > 0).float() if kind is EventFixedNumConn else X
    found, by_x = brainstate.transform.grad(lambda x: (layer(x) ** 2).sum(), states, argnums=0)(X)
    up = 2 * strength @ matrix(layer)
    torch.testing.assert_close(by_x, matrix(layer) @ up)
    each = strength[layer.pre_selected, None] * up[layer.indices]
    weight = layer.weight.value
    expected = each.sum() if weight.numel() == 1 and weight.numel() != each.numel() else each
    torch.testing.assert_close(found[("weight",)], expected.reshape(weight.shape))


@pytest.mark.parametrize("kind", [FixedNumConn, EventFixedNumConn])
def test_fixed_num_conn_carries_units(kind):
    layer = kind(6, 5, 3, 1.5 * u.mS, seed=1)
    plain = kind(6, 5, 3, 1.5, seed=1)
    assert layer(X).unit == u.mS
    current = layer(X * u.mV)
    torch.testing.assert_close(current.to_decimal(u.uA), plain(X))


def test_fixed_num_conn_in_loops_and_maps():
    layer = EventFixedProb(6, 5, 3, brainstate.nn.init.Normal(seed=2), seed=1)
    xs = torch.stack([X, -X, 2 * X])
    expected = torch.stack([layer(x) for x in xs])
    assert torch.equal(brainstate.transform.for_loop(layer, xs), expected)
    assert torch.equal(brainstate.transform.vmap(layer)(xs), expected)
    assert torch.equal(torch.func.vmap(layer, in_dims=1)(xs.T), expected)


def test_fixed_num_conn_draws_without_repetition():
    layer = FixedNumConn(50, 8, 8, 1.0, allow_multi_conn=False)
    assert torch.equal(layer.indices.sort(1).values, torch.arange(8, dtype=torch.int32).expand(50, 8))


def test_fixed_num_conn_without_repetition_has_every_target_alike():
    layer = FixedNumConn(4000, 10, 3, 1.0, allow_multi_conn=False, seed=0)
    counts = torch.bincount(layer.indices.flatten(), minlength=10)
    assert (counts - 1200).abs().max() < 5 * (4000 * 0.3 * 0.7) ** 0.5


def test_fixed_num_conn_in_blocks_is_without_repetition(monkeypatch):
    monkeypatch.setattr("brainstate_torch.nn.connection.fixed_num_conn._BLOCK", 20)
    layer = FixedNumConn(7, 9, 4, 1.0, allow_multi_conn=False, seed=0)
    assert layer.indices.shape == (7, 4)
    assert all(len(set(row)) == 4 for row in layer.indices.tolist())


def test_fixed_num_conn_is_the_same_for_the_same_seed():
    assert torch.equal(FixedNumConn(9, 9, 4, 1.0, seed=3).indices, FixedNumConn(9, 9, 4, 1.0, seed=3).indices)
    first, second = (FixedNumConn(9, 9, 4, 1.0, afferent_ratio=0.5, seed=3) for _ in range(2))
    assert torch.equal(first.pre_selected, second.pre_selected)
    brainstate.random.seed(5)
    drawn = FixedNumConn(9, 9, 4, 1.0).indices
    assert not torch.equal(drawn, FixedNumConn(9, 9, 4, 1.0).indices)
    brainstate.random.seed(5)
    assert torch.equal(drawn, FixedNumConn(9, 9, 4, 1.0).indices)


def test_fixed_num_conn_selects_about_the_given_part():
    layer = FixedNumConn(2000, 4, 2, 1.0, afferent_ratio=0.3, seed=0)
    assert abs(layer.pre_selected.float().mean().item() - 0.3) < 0.05
    assert layer.weight.value.shape == ()
    assert FixedNumConn(2000, 4, 2, torch.zeros, afferent_ratio=0.3, seed=0).weight.value.ndim == 1


def test_fixed_num_conn_without_connections_gives_zeros():
    layer = FixedNumConn(6, 5, 0, 2.0 * u.mS)
    assert isinstance(layer.weight, brainstate.FakeState)
    assert not u.get_mantissa(layer(torch.ones(2, 6))).any()
    assert layer(torch.ones(2, 6)).shape == (2, 5)
    assert layer(torch.ones(6)).unit == u.mS


def test_fixed_num_conn_takes_axes_in_front():
    layer = FixedNumConn((2, 6), (2, 5), 3, 1.5, seed=1)
    assert layer(X.expand(2, 6)).shape == (2, 5)
    assert layer.conn.shape == (6, 5)
    assert layer.conn.indices is layer.indices


def test_fixed_num_conn_saves_its_targets():
    layer, other = (FixedNumConn(6, 5, 3, brainstate.nn.init.Normal(), seed=seed) for seed in (1, 2))
    other.load_state_dict(layer.state_dict())
    assert torch.equal(other(X), layer(X))


def test_event_fixed_prob_is_another_name():
    assert EventFixedProb is EventFixedNumConn


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"efferent_target": "pre"}, NotImplementedError, "`efferent_target` must be 'post'. Got 'pre'"),
        ({"efferent_target": "x"}, ValueError, "`efferent_target` must be 'post'. Got 'x'"),
        ({"afferent_ratio": 1.5}, ValueError, r"`afferent_ratio` must be in the range \[0, 1\]. Got 1.5"),
        ({"conn_init": "x"}, ValueError, "`conn_init` must be 'vmap' or 'for_loop'. Got 'x'"),
        ({"conn_num": 1.5}, ValueError, r"`conn_num` must be in the range \[0, 1\] if it is a probability. Got 1.5"),
        ({"conn_num": "x"}, TypeError, "`conn_num` must be an integer or a float. Got str"),
        ({"conn_num": -1}, ValueError, "`conn_num` must be in the range .* Got -1"),
        ({"conn_num": 6, "allow_multi_conn": False}, ValueError, r"`conn_num` must be in the range \[0, 5\] .* Got 6"),
        ({"conn_weight": torch.ones(3)}, ValueError, r"`conn_weight` must be one number.*\(6, 3\).*Got shape \(3,\)"),
        ({"conn_weight": None}, ValueError, "Got None"),
        ({"out_size": (2, 5)}, ValueError, "`in_size` and `out_size` must agree"),
    ],
    ids=str,
)
def test_fixed_num_conn_refuses(change, error, text):
    arguments = {"in_size": 6, "out_size": 5, "conn_num": 3, "conn_weight": 1.0, "seed": 1} | change
    with pytest.raises(error, match=text):
        FixedNumConn(**arguments)


@pytest.mark.parametrize("kind", [FixedNumConn, EventFixedNumConn])
def test_fixed_num_conn_refuses_an_input_of_another_length(kind):
    with pytest.raises(ValueError, match=r"`x` must have 6 elements in its last axis.*Got shape \(2, 5\)"):
        kind(6, 5, 3, 1.0)(torch.ones(2, 5))
