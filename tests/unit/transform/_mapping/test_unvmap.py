"""brainstate_torch.transform._mapping.unvmap: one value out of all lanes."""

import pytest
import torch

from brainstate_torch import transform as T

XS = torch.tensor([[1.0, -1.0], [-2.0, -3.0]])


@pytest.mark.parametrize(
    ("op", "x", "expected"),
    [
        ("any", torch.tensor([False, True]), True),
        ("any", torch.tensor([0.0, 0.0]), False),
        ("all", torch.tensor([False, True]), False),
        ("max", torch.tensor([1, 5, 3]), 5),
        ("any", True, True),
        ("none", 3.0, 3.0),
    ],
)
def test_outside_vmap_it_reduces(op, x, expected):
    assert T.unvmap(x, op) == expected


@pytest.mark.parametrize(("op", "expected"), [("any", True), ("all", False), ("max", 1.0)])
def test_inside_vmap_all_lanes_share_the_result(op, expected):
    for dims in (0, 1):
        found = torch.func.vmap(lambda row: T.unvmap(row if op == "max" else row > 0, op), in_dims=dims)(XS)
        assert found.tolist() == [expected, expected]


def test_a_program_may_branch_on_it():
    seen = []

    def f(x):
        if T.unvmap(x > 0):
            seen.append(True)
        return x

    torch.func.vmap(torch.func.grad(f))(XS[0])
    assert seen == [True]


def test_none_gives_the_numbers_of_all_lanes():
    assert torch.equal(torch.func.vmap(lambda row: T.unvmap(row, "none"))(XS), torch.stack([XS, XS]))
    assert torch.equal(T.unvmap(XS, "none"), XS)


def test_it_has_no_derivative():
    gradient = torch.func.vmap(torch.func.grad(lambda x: x * T.unvmap(x, "max")))
    assert torch.equal(gradient(XS[0]), torch.ones(2))


def test_the_operation_must_be_known():
    with pytest.raises(ValueError, match=r"`op` must be one of 'any', 'all', 'max', 'none'. Got 'min'"):
        T.unvmap(XS, "min")


@pytest.mark.parametrize(("x", "seen"), [(None, "NoneType"), ([1], "list")])
def test_the_value_must_be_an_array(x, seen):
    with pytest.raises(TypeError, match=f"`x` must be a number or a tensor. Got a {seen}"):
        T.unvmap(x)
