"""Names that are not here, and where to look for them."""

import pytest

import brainstate_torch as brainstate


@pytest.mark.parametrize(
    ("name", "place"),
    [("augment", "transform"), ("compile", "transform"), ("functional", "nn"), ("surrogate", "spiking.surrogate")],
)
def test_modules_of_older_releases_of_brainstate_warn_and_forward(name, place):
    with pytest.warns(DeprecationWarning, match=f"`brainstate_torch.{name}` is that of older releases: use .*{place}"):
        found = getattr(brainstate, name)
    assert found.__name__ == f"brainstate_torch.{place}"


@pytest.mark.parametrize("name", ["CrossEntropyLoss", "functional", "TransformerEncoderLayer"])
def test_what_torch_has_is_told_of(name):
    with pytest.raises(AttributeError, match=f"no attribute '{name}', and torch has one: `torch.nn.{name}`"):
        getattr(brainstate.nn, name)


def test_a_list_is_a_module_list():
    with pytest.raises(AttributeError, match="can be used in a model, as can a list"):
        _ = brainstate.nn.ModuleList


@pytest.mark.parametrize("module", [brainstate, brainstate.nn])
def test_other_names_are_missing_without_advice(module):
    with pytest.raises(AttributeError, match="has no attribute 'nothing'$"):
        _ = module.nothing
    assert not hasattr(module, "__wrapped__")
