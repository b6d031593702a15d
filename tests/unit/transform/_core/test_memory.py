"""brainstate_torch.transform._core.memory."""

import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import State
from brainstate_torch.transform._core.memory import apart, overlaps, own


def returned(fun):
    """What `own` makes of a result, and whether each tensor in it is the one that the function made."""
    result = fun()
    result = own(result)
    return result


FRESH = {
    "one tensor": lambda: torch.ones(3),
    "a list": lambda: [torch.ones(3)],
    "nested": lambda: {"a": [torch.ones(3)], "b": (1, "text", torch.ones(2))},
    "a view": lambda: torch.ones(3).view(3, 1),
    "a view in a dict": lambda: {"a": torch.ones(3)[1:]},
    "a quantity": lambda: [torch.ones(3) * u.mV],
}


def tensors(x):
    if isinstance(x, torch.Tensor):
        return [x]
    if isinstance(x, u.Quantity):
        return [x.mantissa]
    items = x.values() if isinstance(x, dict) else x if isinstance(x, (list, tuple)) else ()
    return [tensor for item in items for tensor in tensors(item)]


@pytest.mark.parametrize("name", FRESH)
def test_what_nothing_else_refers_to_is_not_copied(name):
    addresses = []

    def fun():
        result = FRESH[name]()
        addresses.extend(x.data_ptr() for x in tensors(result))
        return result

    for _ in range(20):  # Python specialises code that has run a few times
        addresses.clear()
        assert [x.data_ptr() for x in tensors(returned(fun))] == addresses


KEPT = torch.ones(4)
HELD = {"a": [torch.ones(3)], "b": torch.ones(2)}
BASE = torch.ones(6)
PARTS = BASE.split(3)
STATE = State(torch.ones(3))


@pytest.mark.parametrize(
    "fun",
    [
        lambda: KEPT,
        lambda: [KEPT],
        lambda: KEPT[1:],
        lambda: (KEPT.view(2, 2), 1),
        lambda: HELD,
        lambda: {"x": HELD},
        lambda: HELD["a"],
        lambda: PARTS[0],
        lambda: PARTS[0].view(3, 1),
        lambda: PARTS,
        lambda: STATE.value,
        lambda: [STATE.value],
        lambda: [KEPT * u.mV],
        lambda: [torch.ones(3)] * 2,
        lambda: (lambda x: (x, x[1:]))(torch.ones(3)),
    ],
)
def test_what_something_else_refers_to_is_copied(fun):
    held = [KEPT, *tensors(HELD), BASE, STATE.value]
    before = [x.clone() for x in held]
    results = tensors(returned(fun))
    for i, result in enumerate(results):
        others = [x.clone() for x in results]
        result.fill_(7.0)
        assert type(result) is torch.Tensor
        assert all(torch.equal(x, y) for j, (x, y) in enumerate(zip(results, others, strict=True)) if j != i)
    assert all(torch.equal(x, y) for x, y in zip(held, before, strict=True))


def test_what_is_no_tensor_stays_itself():
    for result in (None, 3, "text", [1, None], object()):
        assert own(result) is result


def test_apart_copies_shared_and_expanded_memory_alone():
    a, b, given = torch.ones(3), torch.ones(3), torch.ones(3)
    found = apart((a, [b, a], None, torch.ones(()).expand(3), given[1:]), [given])
    assert found[0] is a
    assert found[1][0] is b
    assert found[1][1] is not a
    assert found[2] is None
    for x in (found[1][1], found[3], found[4]):
        x.mul_(5.0)
    assert torch.equal(a, torch.ones(3))
    assert torch.equal(given, torch.ones(3))
    same = (a, b)
    assert apart(same) is same
    assert apart([torch.ones(3).to_sparse(), 1])[1] == 1


def test_overlaps_tells_expanded_memory():
    assert overlaps(torch.ones(()).expand(3))
    assert overlaps(torch.ones(2, 1).expand(2, 3))
    assert not overlaps(torch.ones(2, 1).expand(2, 1))
    assert not overlaps(torch.ones(2, 3).T)
    assert not overlaps(torch.ones(3).to_sparse())
