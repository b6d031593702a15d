"""The gradient of W10 over more and more steps: a program is made once, however long its loop is."""

import numpy as np

from ..workloads import leaky_neurons

TITLE = "gradient through a loop over 100 leaky neurons, by the number of steps"
CASES = ("100", "1000", "10000", "100000")
QUICK_CASES = ("10", "100")
MOST = {"time": 1.1, "making": 0.1, "memory": 1.1}


def inputs(case, quick):
    return {"current": np.random.default_rng(0).uniform(0.5, 2.0, size=(int(case), 100)), "gain": np.array(1.1)}


def hand(case, data):
    return leaky_neurons.hand("gradient", data)


def ours(case, data):
    return {"ours, jit": leaky_neurons.ours("gradient", data)["ours, jit"]}


def theirs(case, data):
    return {"brainstate jit": leaky_neurons.theirs("gradient", data)["brainstate jit"]}
