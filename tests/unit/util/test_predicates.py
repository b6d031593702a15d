import pytest

from brainstate_torch.util import is_instance_eval, not_instance_eval


@pytest.mark.parametrize(
    "types, x, expected", [((int,), 1, True), ((int, str), "a", True), ((int,), 2.5, False), ((), 1, False)]
)
def test_instance_predicates_ask_for_the_type(types, x, expected):
    assert is_instance_eval(*types)(x) is expected
    assert not_instance_eval(*types)(x) is not expected
