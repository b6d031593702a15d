"""brainstate_torch.transform._compile.kept: what a Python object was."""

import gc
import weakref

import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch.transform._compile.kept import LONGEST, agrees, kept


class Thing:
    pass


@pytest.mark.parametrize(
    "make",
    [
        lambda: 3,
        lambda: 2.5,
        lambda: "text" * 2,
        lambda: None,
        lambda: (1, [2.0, {"a": "b"}]),
        lambda: {1, 2, 3},
        lambda: {"a": 1},
        lambda: torch.float32,
        lambda: torch.Size([1, 2]),
        list,
        lambda: 3.0 * u.mV,
    ],
)
def test_equal_values_agree(make):
    assert agrees(kept(make()), make())


@pytest.mark.parametrize(
    ("then", "now"),
    [
        (3, 4),
        (1, 1.0),
        (1, True),
        ("a", "b"),
        ([1], [2]),
        ([1], (1,)),
        ([], [1]),
        ([1, 2], [1]),
        ({"a": 1}, {"b": 1}),
        ({"a": [1]}, {"a": [2]}),
        ({1, 2}, {1, 3}),
        (None, 0),
        (torch.ones(2), torch.ones(2)),
        (Thing(), Thing()),
        (3.0 * u.mV, 3.0 * u.volt),
        (3.0 * u.mV, 4.0 * u.mV),
        (list(range(LONGEST + 1)), list(range(LONGEST + 2))),
    ],
)
def test_other_values_do_not_agree(then, now):
    assert agrees(kept(then), then)
    assert not agrees(kept(then), now)


def test_of_long_containers_the_length_counts():
    long = list(range(LONGEST + 1))
    note = kept(long)
    long[0] = 5
    assert agrees(note, long)


def test_objects_are_not_kept_alive():
    thing = Thing()
    gone, note = weakref.ref(thing), kept([thing, {"key": thing}])
    assert agrees(note, [thing, {"key": thing}])
    del thing
    gc.collect()
    assert gone() is None
    assert not agrees(note, [Thing(), {"key": Thing()}])
