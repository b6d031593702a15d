"""What stands for an argument that is left out, and the order of arguments, of every function and class in both."""

import inspect

import brainstate
import braintools
import brainunit
import pytest

import brainstate_torch as bst

ROOMS = {
    "environ": (bst.environ, brainstate.environ),
    "graph": (bst.graph, brainstate.graph),
    "init": (bst.init, braintools.init),
    "input": (bst.input, braintools.input),
    "metric": (bst.metric, braintools.metric),
    "nn": (bst.nn, brainstate.nn),
    "optim": (bst.optim, braintools.optim),
    "random": (bst.random, brainstate.random),
    "surrogate": (bst.spiking.surrogate, braintools.surrogate),
    "transform": (bst.transform, brainstate.transform),
    "u.math": (bst.units.math, brainunit.math),
    "util": (bst.util, brainstate.util),
}
#: Arguments with another value where they are left out, and why.
KNOWN = {
    "graph.iter_leaf(allowed_hierarchy)": "without a bound: there it is the greatest integer of 32 bits",
    "graph.iter_node(allowed_hierarchy)": "likewise",
    "graph.nodes(allowed_hierarchy)": "likewise",
    "graph.states(allowed_hierarchy)": "likewise",
    "init.BimodalProfile(center1)": "zero in the unit of the distances, not in micrometres",
    "init.BimodalProfile(center2)": "likewise",
    "init.LinearProfile(max_distance)": "the least that the profile takes without it",
    "nn.one_hot(dtype)": "the default dtype",
    "transform.jit(in_shardings)": "without effect: jax has a mark of its own for nothing",
    "transform.jit(out_shardings)": "likewise",
    "u.math.clip(a_max)": "without a bound, as in numpy",
    "u.math.clip(a_min)": "likewise",
    "u.math.compress(fill_value)": "zero, as in jax",
    "u.math.extract(fill_value)": "likewise",
    "u.math.diag(unit)": "the unit of what is given",
    "u.math.empty_like(unit)": "likewise",
    "u.math.ones_like(unit)": "likewise",
    "u.math.tril(unit)": "likewise",
    "u.math.triu(unit)": "likewise",
    "u.math.vander(unit)": "likewise",
    "u.math.zeros_like(unit)": "likewise",
    "util.flat_mapping(is_leaf)": "the function that is the default there",
}


def _parameters(x):
    try:
        return inspect.signature(x).parameters if callable(x) else {}
    except (TypeError, ValueError):
        return {}


def _is_plain(value):
    return value is None or isinstance(value, bool | int | float | str | tuple)


def _differ(ours, theirs):
    """Objects of each library, such as a unit, are not compared."""
    if _is_plain(ours) and _is_plain(theirs):
        return ours != theirs
    return _is_plain(ours) != _is_plain(theirs) or (ours is inspect.Parameter.empty) != (
        theirs is inspect.Parameter.empty
    )


@pytest.mark.parametrize("room", ROOMS)
def test_what_is_left_out_is_the_same(room):
    ours, theirs = ROOMS[room]
    found, compared = set(), 0
    for name in set(dir(ours)) & set(dir(theirs)):
        if not name.startswith("_"):
            one, other = _parameters(getattr(ours, name)), _parameters(getattr(theirs, name))
            common = [x for x in one if x in other]
            compared += len(common)
            assert common == [x for x in other if x in one], name
            found |= {f"{room}.{name}({x})" for x in common if _differ(one[x].default, other[x].default)}
    assert compared
    assert found == {x for x in KNOWN if x.startswith(f"{room}.")}
