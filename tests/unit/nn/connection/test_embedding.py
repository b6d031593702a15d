"""Embedding: rows, their gradients, norms, units, errors."""

import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import LongTermState, nn

TABLE = torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.3, 0.4]])
PLACES = torch.tensor([1, 2, 1])


def slopes(layer):
    return brainstate.transform.grad(lambda: layer(PLACES).sum(), layer.weight)()


def test_rows_are_those_of_the_table():
    layer = nn.Embedding.from_pretrained(TABLE)
    for places in (PLACES, PLACES.int(), PLACES.to(torch.uint8), [1, 2, 1]):
        assert torch.equal(layer(places), TABLE[PLACES])
    assert layer(PLACES.reshape(3, 1)).shape == (3, 1, 2)
    deep = nn.Embedding(2, (3, 2), embedding_init=torch.arange(12.0).reshape(2, 3, 2))
    assert deep(1).tolist() == [[6, 7], [8, 9], [10, 11]] and deep.out_size == (3, 2)


def test_gradients_count_each_look_up():
    assert slopes(nn.Embedding(3, 2)).tolist() == [[0, 0], [2, 2], [1, 1]]
    assert slopes(nn.Embedding(3, 2, scale_grad_by_freq=True)).tolist() == [[0, 0], [1, 1], [1, 1]]
    assert slopes(nn.Embedding(3, 2, padding_idx=1)).tolist() == [[0, 0], [0, 0], [1, 1]]
    assert slopes(nn.Embedding(3, 2, freeze=True)).tolist() == [[0, 0]] * 3
    assert slopes(nn.Embedding(3, 2, max_norm=0.01)).tolist() == [[0, 0], [2, 2], [1, 1]]


def test_the_row_for_padding_starts_at_zero_unless_given():
    assert nn.Embedding(3, 2, padding_idx=2).weight.value[2].tolist() == [0, 0]
    assert nn.Embedding.from_pretrained(TABLE, padding_idx=2).weight.value[1].tolist() == [3, 4]
    assert torch.equal(nn.Embedding.from_pretrained(TABLE, padding_idx=1).weight.value, TABLE)


def test_long_rows_are_scaled_and_kept_so():
    layer = nn.Embedding.from_pretrained(TABLE, max_norm=1.0)
    scaled = torch.tensor([[0.0, 0.0], [0.6, 0.8], [0.3, 0.4]])
    assert torch.allclose(layer(PLACES), scaled[PLACES])
    assert torch.allclose(layer.weight.value, scaled)
    spared = nn.Embedding.from_pretrained(TABLE, max_norm=1.0, padding_idx=1)
    assert torch.allclose(spared(PLACES), TABLE[PLACES]) and torch.equal(spared.weight.value, TABLE)


def test_in_transforms_rows_are_scaled_and_not_kept():
    layer = nn.Embedding.from_pretrained(TABLE, max_norm=1.0)
    expected = torch.tensor([[0.6, 0.8], [0.3, 0.4], [0.6, 0.8]])
    assert torch.allclose(brainstate.transform.vmap(layer)(PLACES), expected)
    assert torch.allclose(torch.func.vmap(layer)(PLACES), expected)
    assert torch.allclose(brainstate.transform.for_loop(layer, PLACES), expected)
    slopes(layer)
    assert torch.equal(layer.weight.value, TABLE)


def test_the_table_may_have_a_unit():
    layer = nn.Embedding.from_pretrained(TABLE * u.mV, max_norm=0.001 * u.volt, padding_idx=0)
    assert torch.allclose(layer(PLACES).to_decimal(u.mV)[0], torch.tensor([0.6, 0.8]))
    assert layer.weight.value.unit == u.mV
    assert nn.Embedding(3, 2, embedding_init=TABLE * u.mV, padding_idx=1)(1).to_decimal(u.mV).tolist() == [0, 0]


@pytest.mark.slow
def test_vmap_of_the_gradient_is_a_loop():
    layer = nn.Embedding(3, 2, scale_grad_by_freq=True, padding_idx=0)
    many = torch.tensor([[1, 1], [0, 2]])
    slope = brainstate.transform.grad(lambda places: layer(places).sum(), layer.weight)
    expected = torch.stack([slope(places) for places in many])
    assert torch.equal(brainstate.transform.vmap(slope)(many), expected)


def test_arguments_and_kinds():
    layer = nn.Embedding(3, 2, embedding_init=0.5, name="words", param_type=LongTermState)
    assert layer.weight.value.tolist() == [[0.5, 0.5]] * 3
    assert type(layer.weight) is LongTermState and layer.name == "words"


def test_wrong_arguments_are_refused():
    for error, message, args, kwargs in [
        (ValueError, "`num_embeddings` must not be negative. Got -1", (-1, 2), {}),
        (ValueError, r"`embedding_size` must be one length or more, none negative. Got \(\)", (3, ()), {}),
        (ValueError, "`embedding_size` must be .* Got -2", (3, -2), {}),
        (ValueError, "`padding_idx` must be a row, from 0 to 2. Got 3", (3, 2), {"padding_idx": 3}),
        (ValueError, "`max_norm` must be positive. Got 0.0", (3, 2), {"max_norm": 0.0}),
        (TypeError, "cannot be interpreted as an integer", (3, 2.5), {}),
    ]:
        with pytest.raises(error, match=message):
            nn.Embedding(*args, **kwargs)
    with pytest.raises(ValueError, match=r"`embeddings` must have at least two axes. Got shape \(2,\)"):
        nn.Embedding.from_pretrained(torch.zeros(2))


def test_wrong_indices_are_refused():
    layer = nn.Embedding.from_pretrained(TABLE)
    for wrong in (1.0, True, [1.0]):
        with pytest.raises(TypeError, match="`indices` must be integers. Got torch"):
            layer(wrong)
    for wrong in (-1, 3):
        with pytest.raises(IndexError):
            layer(wrong)
