"""BatchNorm against torch's own; the running statistics inside transforms."""

import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch import environ, nn
from brainstate_torch.transform import checkpoint, for_loop, grad

X = torch.randn(5, 3, 4, 6, generator=torch.Generator().manual_seed(0))


def torchs(layer):
    """torch's layer with our momentum, and the biased variance in its running statistic."""
    theirs = torch.nn.BatchNorm1d(6, momentum=1 - layer.momentum, eps=layer.epsilon)
    return lambda x: theirs(x.reshape(-1, 6)).reshape(x.shape), theirs


def test_fitting_and_evaluation_are_torchs_up_to_the_biased_variance():
    layer = nn.BatchNorm2d((3, 4, 6), momentum=0.8)
    call, theirs = torchs(layer)
    with environ.context(fit=True):
        for step in range(3):
            x = X * (step + 1) + step
            assert torch.allclose(layer(x), call(x), atol=1e-5)
    n = X.numel() // 6
    assert torch.allclose(layer.running_mean.value.flatten(), theirs.running_mean)
    biased = 0.8**3 + (theirs.running_var - 0.8**3) * (n - 1) / n
    assert torch.allclose(layer.running_var.value.flatten(), biased, rtol=1e-4)
    with environ.context(fit=False):
        mean, variance = layer.running_mean.value, layer.running_var.value
        assert torch.allclose(layer(X), (X - mean) / torch.sqrt(variance + 1e-5), atol=1e-6)
        assert torch.equal(layer.running_mean.value, mean) and torch.equal(layer.running_var.value, variance)


@pytest.mark.parametrize("axis, size", [(-1, (1, 4)), (0, (3, 1)), ((0, 1), (3, 4)), ((1, 0), (3, 4))])
def test_statistics_have_one_number_for_each_feature(axis, size):
    layer = nn.BatchNorm1d((3, 4), axis, momentum=0.0)
    x = X[..., 0]
    with environ.context(fit=True):
        fitted = layer(x)
    assert tuple(layer.running_mean.value.shape) == size == tuple(layer.running_var.value.shape)
    assert {tuple(p.shape) for p in layer.weight.value.values()} == {size}
    with environ.context(fit=False):
        assert torch.allclose(layer(x), fitted, atol=1e-6)
        assert torch.allclose(layer(x[0]), fitted[0], atol=1e-6)


def test_without_tracking_the_batch_is_used_in_evaluation_too():
    layer = nn.BatchNorm0d(2, track_running_stats=False, affine=False, epsilon=0.0)
    assert not layer.states()
    for fit in (True, False):
        with environ.context(fit=fit):
            assert layer(torch.tensor([[1.0, 5.0], [3.0, 5.5]])).tolist() == [[-1.0, -1.0], [1.0, 1.0]]
    with pytest.raises(ValueError, match="`affine` must be False where `track_running_stats` is. Got True"):
        nn.BatchNorm0d(2, track_running_stats=False)


def test_without_the_setting_train_and_eval_decide():
    layer, theirs = nn.BatchNorm0d(3, momentum=0.9), torch.nn.BatchNorm1d(3, momentum=0.1)
    x = torch.randn(8, 3) * 2 + 1
    torch.testing.assert_close(layer(x), theirs(x))
    torch.testing.assert_close(layer.running_mean.value, theirs.running_mean)
    mean, variance = layer.running_mean.value, layer.running_var.value
    torch.testing.assert_close(layer.eval()(x), (x - mean) / (variance + 1e-5).sqrt())
    assert layer.running_mean.value is mean
    torch.testing.assert_close(layer.train()(x), theirs(x))


def test_a_failing_call_changes_nothing():
    layer = nn.BatchNorm1d((3, 4))
    before = layer.running_mean.value, layer.running_var.value
    with environ.context(fit=True):
        with pytest.raises(ValueError, match=r"`x` must have 2 axes, or 3 with a batch axis. Got 4"):
            layer(torch.ones(1, 2, 3, 4))
        with pytest.raises(ValueError, match=r"the size \(3, 4\) after a batch axis. Got shape \(2, 4, 3\)"):
            layer(torch.ones(2, 4, 3))
        with pytest.raises(ValueError, match=r"`x` must not be empty while the model is fitted. Got shape \(0, 3, 4\)"):
            layer(torch.ones(0, 3, 4))
        with pytest.raises(ValueError, match="`mask` must broadcast"):
            layer(torch.ones(2, 3, 4), torch.ones(2, dtype=torch.bool))
    assert before == (layer.running_mean.value, layer.running_var.value)
    with environ.context(fit=False):
        assert layer(torch.ones(0, 3, 4)).shape == (0, 3, 4)


def test_a_mask_leaves_out_elements():
    layer = nn.BatchNorm0d(1, momentum=0.0)
    with environ.context(fit=True):
        layer(torch.tensor([[1.0], [3.0], [torch.inf]]), torch.tensor([[True], [True], [False]]))
    assert (layer.running_mean.value.item(), layer.running_var.value.item()) == (2.0, 1.0)


def test_statistics_written_in_a_gradient_are_committed_once_and_carry_no_tape(engine):
    layer = nn.BatchNorm0d(6, momentum=0.5)
    x = X.reshape(-1, 6)
    with environ.context(fit=True):
        grad(lambda x: (layer(x) ** 3).sum(), layer.states(brainstate.ParamState), argnums=0, engine=engine)(x)
    for state, new, old in ((layer.running_mean, x.mean(0), 0.0), (layer.running_var, x.var(0, correction=0), 1.0)):
        assert torch.allclose(state.value, 0.5 * old + 0.5 * new, atol=1e-6)
        assert not state.value.requires_grad and state.value.grad_fn is None


def test_a_recomputed_layer_is_counted_once():
    layer, plain = nn.BatchNorm0d(6), nn.BatchNorm0d(6)
    x = X.reshape(-1, 6)
    with environ.context(fit=True):
        found = grad(lambda x: (checkpoint(lambda x: layer(x))(x) ** 3).sum())(x)
        expected = grad(lambda x: (plain(x) ** 3).sum())(x)
    assert torch.allclose(found, expected)
    assert torch.allclose(layer.running_mean.value, plain.running_mean.value, rtol=1e-6)
    assert torch.allclose(layer.running_var.value, plain.running_var.value, rtol=1e-6)


def test_a_gradient_that_raises_leaves_the_statistics():
    layer = nn.BatchNorm0d(6)
    before = layer.running_mean.value

    def loss(x):
        layer(x)
        raise RuntimeError("stop")

    with environ.context(fit=True), pytest.raises(RuntimeError, match="stop"):
        grad(loss)(X.reshape(-1, 6))
    assert layer.running_mean.value is before


def test_a_loop_is_the_calls_one_after_another():
    looped, called = nn.BatchNorm1d((4, 6)), nn.BatchNorm1d((4, 6))
    with environ.context(fit=True):
        ys = for_loop(looped, X)
        assert torch.allclose(ys, torch.stack([called(x) for x in X]))
    assert torch.equal(looped.running_mean.value, called.running_mean.value)


def test_loss_backward_reaches_the_parameters_and_not_the_statistics():
    layer = nn.BatchNorm0d(6)
    with brainstate.taped(), environ.context(fit=True):
        (layer(X.reshape(-1, 6)) ** 3).sum().backward()
    assert all(p.grad is not None for p in layer.parameters())
    assert not layer.running_var.value.requires_grad
    assert sorted(name for name, _ in layer.named_buffers()) == ["running_mean", "running_var"]


def test_kinds_and_dtypes_of_the_states():
    layer = nn.BatchNorm0d(2, dtype="float16", mean_type=brainstate.LongTermState, param_type=brainstate.ParamState)
    assert type(layer.running_mean) is brainstate.LongTermState and type(layer.weight) is brainstate.ParamState
    with environ.context(fit=True):
        layer(torch.ones(3, 2).half())
    assert layer.running_mean.value.dtype is layer.running_var.value.dtype is torch.float32


def test_lanes_of_vmap_have_statistics_of_their_own():
    layer = nn.BatchNorm1d((4, 6), momentum=0.0)
    states = dict(enumerate([layer.running_mean, layer.running_var]))
    with environ.context(fit=True):
        brainstate.transform.vmap(lambda x: layer(x), out_states=states)(X)
    assert torch.allclose(layer.running_mean.value, X.mean((1, 2), keepdim=True)[:, 0], atol=1e-6)
