"""A common stream of random numbers without a seed of its own, whatever ran before."""

import pytest

import brainstate_torch as bst


@pytest.fixture(autouse=True)
def _following(monkeypatch):
    monkeypatch.setattr(bst.random.DEFAULT, "_followed", b"")
    monkeypatch.setattr(bst.random.DEFAULT, "_worker", None)
