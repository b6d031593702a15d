from brainstate_torch import graph


def test_every_public_name_exists_once_and_has_an_example():
    assert len(set(graph.__all__)) == len(graph.__all__)
    for name in graph.__all__:
        assert ">>>" in getattr(graph, name).__doc__, name
