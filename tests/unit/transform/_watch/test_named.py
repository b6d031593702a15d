"""brainstate_torch.transform._watch.named: labels in the profiler, and nothing else."""

import pytest
import torch

from brainstate_torch import State
from brainstate_torch import transform as T


def labels(call):
    with torch.profiler.profile() as profile:
        call()
    return {event.name for event in profile.events()}


@pytest.mark.parametrize(
    ("label", "name"),
    [
        (T.named_scope("block"), "block"),
        (T.named_scope("block", static_argnums=1, static_argnames="n"), "block"),
        (T.named_call(name="block"), "block"),
        (T.named_call, "double"),
        (T.named_call(), "double"),
    ],
)
def test_calls_carry_the_label(label, name):
    counter = State(0)

    def double(x, n=2):
        """Twice."""
        counter.value += 1
        return n * x

    labelled = label(double)
    assert (labelled.__name__, labelled.__doc__, labelled.fn) == ("double", "Twice.", double)
    assert torch.equal(labelled(torch.ones(2), n=3), torch.full((2,), 3.0))
    assert name in labels(lambda: labelled(torch.ones(2)))
    assert counter.value == 2
    assert T.grad(labelled)(torch.tensor(1.0)) == 2.0


def test_there_is_no_label_without_a_profiler(monkeypatch):
    monkeypatch.setattr(torch.profiler, "record_function", None)
    assert T.named_call(lambda x: x)(3) == 3


@pytest.mark.parametrize("label", [lambda f: T.named_call(f, name="a"), T.named_scope("a")])
def test_only_functions_are_labelled(label):
    with pytest.raises(TypeError, match=r"what is labelled must be callable. Got an int"):
        label(3)


@pytest.mark.parametrize("label", [T.named_call(name=3), T.named_scope(3)])
def test_a_label_is_a_text(label):
    with pytest.raises(TypeError, match=r"`name` must be a string. Got an int"):
        label(abs)
