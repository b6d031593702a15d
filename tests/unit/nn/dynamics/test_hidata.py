import copy
import pickle

import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch import _tree, nn


def data():
    return nn.HiData(name="cell", v=torch.ones(2), gate=nn.HiData(m=0.5, none=None))


class Cell(nn.HiData):
    v: torch.Tensor


def test_values_by_name():
    x = data()
    assert x.v is x["v"] and "v" in x and "w" not in x and len(x) == 2 and x.gate.m == 0.5
    assert list(x.keys()) == ["v", "gate"] and dict(x.items())["v"] is next(iter(x.values()))
    assert nn.HiData({"a": 1, "b": 2}, a=3).to_dict() == {"a": 3, "b": 2}
    with pytest.raises(AttributeError, match="'HiData' object has no attribute 'w'"):
        x.w  # noqa: B018


def test_nothing_is_changed_in_place():
    x = data()
    assert x.replace(v=1, w=2).to_dict() == {"v": 1, "gate": {"m": 0.5, "none": None}, "w": 2}
    assert x.add({"v": 1}, nn.HiData(w=2), z=3).name == "cell" and list(x.pop("v").keys()) == ["gate"]
    assert torch.equal(x.v, torch.ones(2)) and list(x.keys()) == ["v", "gate"]
    with pytest.raises(AttributeError):
        x.name = "other"
    with pytest.raises(TypeError, match="`args` must be HiData or dictionaries. Got int"):
        x.add(3)
    with pytest.raises(KeyError, match="w"):
        x.pop("w")


def test_sizes_and_dtypes():
    assert data().state_size == 2 and data().dtype == torch.float32
    assert nn.HiData(a=None, b=nn.HiData(c="x"), d=nn.HiData(e=torch.ones(1, dtype=torch.int32))).dtype == torch.int32
    with pytest.raises(ValueError, match=r"a child must be an array to give a dtype. Got \['a'\]"):
        nn.HiData(a=nn.HiData()).dtype  # noqa: B018


@pytest.mark.parametrize("kind", [nn.HiData, Cell])
def test_transforms_look_into_it(kind):
    x = kind(name="cell", v=torch.tensor([1.0, 2.0]))
    slope = brainstate.transform.grad(lambda x: (x.v**2).sum())(x)
    assert type(slope) is kind and slope.name == "cell" and slope.v.tolist() == [2.0, 4.0]
    assert [leaf.tolist() for leaf in _tree.leaves(x)] == [[1.0, 2.0]]


def test_copies():
    x = data()
    for other in (copy.deepcopy(x), x.clone()):
        assert other.v is not x.v and other.to_dict()["gate"] == {"m": 0.5, "none": None} and other.name == "cell"
    assert pickle.loads(pickle.dumps(x)).gate.m == 0.5
    assert nn.HiData.from_dict(x.to_dict()).gate.m == 0.5 and x != copy.copy(x)


def test_the_representation():
    text = repr(data().add(long="x" * 99))
    assert text.splitlines()[:3] == ["HiData(", "  name='cell',", "  v=Array(shape=(2,), dtype=float32),"]
    assert "  gate=HiData(\n    name=None,\n    m=0.5,\n    none=None\n  )," in text
    assert f"  long='{'x' * 56}...\n)" in text and repr(nn.HiData(name="x")) == "HiData(name='x')"
