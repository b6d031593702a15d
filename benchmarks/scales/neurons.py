"""The gradient of W10 over more and more neurons."""

import numpy as np

from .steps import hand, ours, theirs

__all__ = ["CASES", "MOST", "QUICK_CASES", "TITLE", "hand", "inputs", "ours", "theirs"]

TITLE = "gradient through a loop of 20 steps over leaky neurons, by their number"
CASES = ("100", "1000", "10000", "100000", "1000000")
QUICK_CASES = ("10", "100")
MOST = {"time": 1.1, "making": 0.1, "memory": 1.1}


def inputs(case, quick):
    return {"current": np.random.default_rng(0).uniform(0.5, 2.0, size=(20, int(case))), "gain": np.array(1.1)}
