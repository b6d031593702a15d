import pytest

from brainstate_torch.nn import Linear, Sequential
from brainstate_torch.nn.module.count_parameters import _short, count_parameters


def test_the_table_has_a_row_for_each_state(capsys):
    table, total = count_parameters(Sequential(Linear(3, 4), Linear(4, 500)), return_table=True)
    assert total == 16 + 2500 and capsys.readouterr().out == table + "\n"
    assert [line.split()[-1] for line in table.splitlines()] == ["Parameters", "16", "2.50K", "2.52K"]


@pytest.mark.parametrize(
    "count, precision, text",
    [(999, 2, "999"), (1000, 2, "1.00K"), (999_994, 2, "999.99K"), (999_996, 2, "1.00M"), (1_600_000, 0, "2M")],
)
def test_counts_are_short(count, precision, text):
    assert _short(count, precision) == text


def test_what_is_no_module_is_refused():
    with pytest.raises(TypeError, match=r"`module` must be a neural network module, a Module. Got int"):
        count_parameters(3)
