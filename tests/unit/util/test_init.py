from brainstate_torch import util


def test_every_public_name_exists_once_and_has_an_example():
    assert len(set(util.__all__)) == len(util.__all__)
    for name in util.__all__:
        assert ">>>" in getattr(util, name).__doc__, name
