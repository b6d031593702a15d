"""The numbers of a window: forms that are taken, and what 'SAME' adds."""

import pytest

from brainstate_torch.nn.window import as_padding, each, same_padding, span


def test_each_gives_one_for_each_axis():
    assert each(3, 2, "n") == each((3,), 2, "n") == each([3, 3], 2, "n") == (3, 3)
    for wrong in ((1, 2, 3), 1.5, (1, 2.0)):
        with pytest.raises(TypeError, match="`n` must be an integer, or a sequence of 1 or 2 integers. Got"):
            each(wrong, 2, "n")
    with pytest.raises(ValueError, match="`n` must be positive. Got 0"):
        each(0, 2, "n")


@pytest.mark.parametrize(
    "padding, axes, pairs",
    [
        (1, 2, ((1, 1), (1, 1))),
        ((1, 2), 2, ((1, 1), (2, 2))),
        ((1, 2), 1, ((1, 2),)),
        ([(1, 2)], 2, ((1, 2), (1, 2))),
        ([[1, 2], [3, 4]], 2, ((1, 2), (3, 4))),
        ("SAME", 3, "SAME"),
    ],
)
def test_padding_is_taken_in_many_forms(padding, axes, pairs):
    assert as_padding(padding, axes) == pairs


@pytest.mark.parametrize("padding", ["FULL", 1.5, [], (1, 2, 3), [(1, 2, 3)], [(1, 2), 3], [(1.0, 2)], None])
def test_padding_of_other_forms_is_refused(padding):
    with pytest.raises(ValueError, match="`padding` must be 'SAME', 'VALID', an int, 2 ints"):
        as_padding(padding, 2)


def test_same_padding_rounds_the_size_up():
    for size in range(1, 9):
        for window in range(1, 6):
            for stride in range(1, 5):
                before, after = same_padding(size, window, stride)
                assert (size + before + after - window) // stride + 1 == -(-size // stride)
                assert after - before in (0, 1)
    assert span(3, 2) == 5
