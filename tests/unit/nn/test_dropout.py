import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import environ, nn

ONES = torch.ones(8, 9, 10, 11)


@pytest.fixture(autouse=True)
def seeded():
    with brainstate.random.seed_context(0):
        yield


LAYERS = [
    (nn.Dropout, ONES),
    (nn.Dropout1d, ONES[0, 0]),
    (nn.Dropout2d, ONES[0]),
    (nn.Dropout3d, ONES),
    (nn.AlphaDropout, ONES),
    (nn.FeatureAlphaDropout, ONES),
]


@pytest.mark.parametrize("kind, x", LAYERS)
def test_the_setting_fit_decides(kind, x):
    with environ.context(fit=False):
        assert kind(0.5)(x) is x
    with environ.context(fit=True):
        assert not torch.equal(kind(0.5)(x), x)
        assert kind(1.0)(x) is x
        assert kind(0.0)(x).unique().numel() == 1


@pytest.mark.parametrize("kind, x", [*LAYERS, (lambda p: nn.DropoutFixed((4, 6), p), torch.ones(4, 6))][:4])
def test_without_the_setting_train_and_eval_decide(kind, x):
    model = torch.nn.Sequential(kind(0.5))
    assert not torch.equal(model(x), x)
    assert model.eval()(x) is x
    assert not torch.equal(model.train()(x), x)


@pytest.mark.parametrize("kind, x", [*LAYERS, (lambda p: nn.DropoutFixed(3, p), ONES)])
@pytest.mark.parametrize("prob", [-0.1, 1.1])
def test_a_number_that_is_no_probability_is_refused(kind, x, prob):
    with pytest.raises(ValueError, match=r"`prob` must be a probability, in the range \[0, 1\]"):
        kind(prob)


def test_the_mean_stays():
    with environ.context(fit=True):
        y = nn.Dropout(0.8)(torch.ones(100_000))
    assert set(y.unique().tolist()) == {0.0, 1.25} and abs(y.mean() - 1) < 0.01


def test_the_gradient_is_the_mask():
    layer = nn.Dropout(0.5)
    with environ.context(fit=True):
        grads, y = brainstate.transform.grad(lambda x: layer(x).sum(), return_value=True)(torch.ones(100))
    assert set(grads.tolist()) == {0.0, 2.0} and grads.sum() == y


def test_units_and_integers_are_kept():
    with environ.context(fit=True):
        assert set(nn.Dropout(0.5)(torch.ones(100) * u.mV).to_decimal(u.mV).tolist()) == {0.0, 2.0}
        assert nn.Dropout(0.5)(torch.ones(10, dtype=torch.int32)).dtype == torch.int32


def test_broadcast_axes_fall_together():
    with environ.context(fit=True):
        y = nn.Dropout(0.5, broadcast_dims=(1,))(torch.ones(50, 3))
    assert (y == y[:, :1]).all() and y.unique().numel() == 2


@pytest.mark.parametrize(
    "kind, shape, together",
    [
        (nn.Dropout1d(), (20, 30), (0,)),
        (nn.Dropout1d(channel_axis=0), (30, 20), (1,)),
        (nn.Dropout1d(), (4, 20, 30), (1,)),
        (nn.Dropout1d(channel_axis=0), (4, 30, 20), (2,)),
        (nn.Dropout2d(), (4, 5, 30), (0, 1)),
        (nn.Dropout3d(), (2, 4, 5, 6, 30), (1, 2, 3)),
        (nn.FeatureAlphaDropout(), (2, 4, 5, 30), (1, 2)),
    ],
)
def test_channels_fall_together(kind, shape, together):
    with environ.context(fit=True):
        y = kind(torch.ones(shape))
    assert (y.amax(together) == y.amin(together)).all() and y.unique().numel() == 2


@pytest.mark.parametrize("kind, axes", [(nn.Dropout1d, 2), (nn.Dropout2d, 3), (nn.Dropout3d, 4)])
def test_the_number_of_axes_is_checked(kind, axes):
    for ndim in (axes - 1, axes + 2):
        with environ.context(fit=True), pytest.raises(RuntimeError, match=f"Expected {axes}D or {axes + 1}D input"):
            kind()(torch.ones([2] * ndim))
    with (
        environ.context(fit=True),
        pytest.raises(ValueError, match=r"`channel_axis` must not be the batch axis. Got -"),
    ):
        kind(channel_axis=-axes - 1)(torch.ones([2] * (axes + 1)))


@pytest.mark.parametrize("kind", [nn.AlphaDropout, nn.FeatureAlphaDropout])
def test_alpha_dropout_keeps_mean_and_variance(kind):
    with environ.context(fit=True):
        y = kind(0.8)(brainstate.random.randn(400, 1, 400))
    assert abs(y.mean()) < 0.02 and abs(y.std() - 1) < 0.02


def test_the_fixed_mask_stays_until_it_is_made_again():
    layer = nn.DropoutFixed((20, 5), 0.5)
    with environ.context(fit=True):
        with pytest.raises(AttributeError, match="mask"):
            layer(torch.ones(20, 5))
        nn.init_all_states(layer, batch_size=2)
        first = layer(torch.ones(2, 20, 5))
        assert torch.equal(first, layer(torch.ones(2, 20, 5))) and set(first.unique().tolist()) == {0.0, 2.0}
        with pytest.raises(ValueError, match=r"`x` must have the shape \(2, 20, 5\) of the mask. Got \(20, 5\)"):
            layer(torch.ones(20, 5))
        layer.init_state(2)
        assert not torch.equal(first, layer(torch.ones(2, 20, 5)))
