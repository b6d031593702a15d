"""Many at once: gradients of each sample, an ensemble of networks, and one batch shared by several processes.

Alone: ``python examples/mapping.py``. Shared: ``torchrun --nproc-per-node 2 examples/mapping.py``.
"""

import os

import torch
import torch.distributed as dist

import brainstate_torch as brainstate

X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])


def squared_error(model):
    """The loss of a model on one sample, or the mean over several."""
    return lambda x, y: ((model(x) - y) ** 2).mean()


def network():
    """Two layers that can learn exclusive or."""
    return brainstate.nn.Sequential(brainstate.nn.Linear(2, 8), brainstate.nn.Tanh(), brainstate.nn.Linear(8, 1))


def per_sample_gradients(model):
    """The gradient of each sample by every parameter, and its norm, which tells how much the sample has to say."""
    weights = model.states(brainstate.ParamState)
    gradients = brainstate.transform.vmap2(brainstate.transform.grad(squared_error(model), weights))(X, Y)
    squares = [leaf.flatten(1).square().sum(1) for state in gradients.values() for leaf in state.values()]
    return gradients, sum(squares).sqrt()


def ensemble(size=5, steps=300, rate=0.3):
    """Networks that start from random weights of their own and learn side by side; the loss of each at every step."""
    models = []

    @brainstate.transform.vmap_new_states(axis_size=size)
    def build():
        models.append(network())

    build()
    (model,) = models
    weights = model.states(brainstate.ParamState)

    def step():
        slopes, loss = brainstate.transform.grad(squared_error(model), weights, return_value=True)(X, Y)
        for path, slope in slopes.items():
            weights[path].value = {key: w - rate * slope[key] for key, w in weights[path].value.items()}
        return loss

    # Each lane sees its own weights, and all see the same data.
    train = brainstate.transform.vmap2(step, state_in_axes=brainstate.ParamState)
    return brainstate.transform.for_loop(lambda: train(), length=steps)


def shared_gradient(model):
    """The gradient of the whole batch, of which every process has computed a part."""
    weights = model.states(brainstate.ParamState)
    gradient = brainstate.transform.grad(squared_error(model), weights)
    mean = brainstate.transform.pmap2(
        lambda x, y: brainstate.transform.pmean(gradient(x, y), "batch"), "batch", out_axes=None
    )
    return mean(X.unflatten(0, (2, 2)), Y.unflatten(0, (2, 2)))


if __name__ == "__main__":
    shared = "WORLD_SIZE" in os.environ
    if shared:
        dist.init_process_group("gloo")
    brainstate.random.seed(0)  # every process must hold the same weights
    model = network()
    print("norm of the gradient of each sample:", per_sample_gradients(model)[1].tolist())
    print("loss of each network after learning:", ensemble()[-1].tolist())
    slopes = shared_gradient(model)
    print("gradient of the last bias over all processes:", [s["bias"].tolist() for s in slopes.values()][-1])
    if shared:
        dist.destroy_process_group()
