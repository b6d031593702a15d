"""Steps of an optimizer beside a rule that is written out in numpy, tensor by tensor."""

import numpy as np
import torch

from brainstate_torch import ParamState

SHAPES = {"matrix": (3, 2), "vector": (4,), "cube": (2, 1, 3), "number": ()}


def follows(make, rule, shapes=SHAPES, steps=6):
    """Fail where a step differs from ``rule(x, gradient, memory, number of the step)``, whose memory begins empty."""
    rng = np.random.default_rng(0)
    values = {key: np.asarray(rng.normal(size=shape)) for key, shape in shapes.items()}
    memory = {key: {} for key in shapes}
    states = {key: ParamState(torch.tensor(x)) for key, x in values.items()}
    optimizer = make().register_trainable_weights(states)
    for step in range(1, steps + 1):
        grads = {key: np.asarray(rng.normal(size=shape)) for key, shape in shapes.items()}
        optimizer.update({key: torch.tensor(x) for key, x in grads.items()})
        for key, grad in grads.items():
            values[key] = rule(values[key], grad, memory[key], step)
            np.testing.assert_allclose(states[key].value.numpy(), values[key], rtol=1e-11, atol=1e-12, err_msg=key)


def mean_of(memory, name, new, beta, first=0.0):
    """A running mean, remembered by name."""
    memory[name] = beta * memory.get(name, first) + (1 - beta) * new
    return memory[name]
