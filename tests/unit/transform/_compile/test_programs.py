"""brainstate_torch.transform._compile.programs: the programs of one compiled function."""

import pytest

from brainstate_torch.transform._compile.programs import Programs


class Fits:
    """A program for one number."""

    def __init__(self, number):
        self.number, self.looks = number, 0

    def inputs(self, tensors):
        self.looks += 1
        return list(tensors) if tensors == [self.number] else None


def filled(maxsize, numbers, key="k"):
    programs = Programs(maxsize, "f")
    made = [Fits(n) for n in numbers]
    for program in made:
        programs.add(key, program, set())
    return programs, made


def test_the_program_that_fits_is_found_and_comes_first():
    programs, made = filled(8, range(4))
    assert programs.find("k", [0]) == (made[0], [0])
    looks = [x.looks for x in made]
    assert programs.find("k", [0]) == (made[0], [0])
    assert [x.looks for x in made] == [looks[0] + 1, *looks[1:]]
    assert programs.find("k", [9]) is None
    assert programs.find("other", [0]) is None


def test_the_one_unused_for_longest_is_dropped():
    programs, made = filled(3, range(3))
    programs.find("k", [0])
    programs.add("other", Fits(3), set())
    assert len(programs) == 3
    assert programs.find("k", [1]) is None
    assert programs.find("k", [0]) is not None
    assert programs.last is not made[0]


def test_a_program_can_be_dropped_twice():
    programs, made = filled(3, range(2))
    for _ in range(2):
        programs.drop("k", made[1])
    assert (len(programs), programs.last, programs.find("k", [1])) == (1, None, None)
    programs.clear()
    assert (len(programs), programs.find("k", [0])) == (0, None)


@pytest.mark.parametrize(
    ("causes", "said"),
    [
        ([{"a"}, {"a"}, {"a"}], "a"),
        ([{"a", "b"}, {"b"}, {"b", "c"}], "b"),
        ([{"a"}, {"b"}, {"a"}, {"b"}], ""),
        ([{"a"}, {"a"}], ""),
        ([{"a"}, set(), {"a"}, {"a"}], ""),
        ([{"a"}, {"b"}, {"b"}, {"b"}], "b"),
    ],
)
def test_what_differs_four_times_in_a_row_is_named_once(causes, said, capsys):
    programs = Programs(99, "f")
    for i, cause in enumerate([set(), *causes]):
        programs.add(i, Fits(i), cause)
    text = f"jit: f was compiled 4 times in a row, for another value of {said} each time."
    assert capsys.readouterr().err.count("jit:") == bool(said)
    programs = Programs(99, "f")
    for i, cause in enumerate([set(), *causes, *causes]):
        programs.add(i, Fits(i), cause)
    assert not said or text in capsys.readouterr().err
