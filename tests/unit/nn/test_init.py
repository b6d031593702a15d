import inspect

from brainstate_torch import nn


def test_every_public_name_exists_once_and_has_an_example():
    for space in (nn, nn.init):
        assert len(set(space.__all__)) == len(space.__all__)
        for name in space.__all__:
            item = getattr(space, name)
            assert inspect.ismodule(item) or ">>>" in item.__doc__, name


def test_every_module_can_be_described():
    layers = [item for item in vars(nn).values() if isinstance(item, type) and issubclass(item, nn.Module)]
    assert len(layers) > 40 and all(isinstance(layer.desc().cls, type) for layer in layers)
