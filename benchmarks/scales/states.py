"""The gradient of W8 with respect to more and more States."""

from ..workloads import many_states
from ..workloads.many_states import hand, inputs

__all__ = ["CASES", "MOST", "QUICK_CASES", "TITLE", "hand", "inputs", "ours", "theirs"]

TITLE = "gradient with respect to States of one number each, by their number"
CASES = ("10", "100", "1000", "10000")
QUICK_CASES = ("3", "10")
MOST = {"time": 1.1, "making": 1.1}
#: A program for each more takes minutes.
MOST_FOR_COMPILING = 1000


def ours(case, data):
    import brainstate_torch as brainstate

    (gradient,) = many_states.ours(case, data).values()
    if int(case) > MOST_FOR_COMPILING:
        return {"ours": gradient}
    return {"ours": gradient, "ours, jit": brainstate.transform.jit(gradient)}


def theirs(case, data):
    if int(case) > MOST_FOR_COMPILING:
        return {}
    return {"brainstate jit": many_states.theirs(case, data)["brainstate jit"]}
