import pytest

from brainstate_torch import nn


class Add(nn.Dynamics):
    def update(self, x, by=1):
        return x + by


def test_hooks_are_called_in_order_around_the_update():
    log = []
    dynamics = Add(1)
    dynamics.add_before_update("plain", lambda: log.append("before"))
    dynamics.add_before_update("input", nn.receive_update_input(lambda x, by: log.append(("input", x, by))))
    dynamics.add_after_update("output", lambda y: log.append(("output", y)))
    dynamics.add_after_update("plain", nn.not_receive_update_output(lambda: log.append("after")))
    assert dynamics(2, by=3) == 5
    assert log == ["before", ("input", 2, 3), ("output", 5), "after"]


def test_update_alone_calls_no_hooks():
    dynamics = Add(1)
    dynamics.add_before_update("raise", lambda: 1 / 0)
    dynamics.add_after_update("raise", lambda y: 1 / 0)
    assert dynamics.update(2) == 3


def test_hooks_are_none_until_one_is_added():
    dynamics = Add(1)
    assert dynamics.before_updates is None
    assert dynamics.after_updates is None
    assert not dynamics.has_before_update("k")
    assert not dynamics.has_after_update("k")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_hook_is_found_by_its_key(when):
    dynamics, hook = Add(1), lambda *args: None
    getattr(dynamics, f"add_{when}_update")("k", hook)
    assert getattr(dynamics, f"get_{when}_update")("k") is hook
    assert getattr(dynamics, f"has_{when}_update")("k")
    assert not getattr(dynamics, f"has_{when}_update")("other")
    assert getattr(dynamics, f"{when}_updates") == {"k": hook}


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_key_that_is_taken_is_refused(when):
    dynamics, hook = Add(1), lambda *args: None
    getattr(dynamics, f"add_{when}_update")("k", hook)
    with pytest.raises(KeyError, match=rf"must not be registered in the {when}-updates of Add. Got 'k'"):
        getattr(dynamics, f"add_{when}_update")("k", print)
    assert getattr(dynamics, f"get_{when}_update")("k") is hook


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_missing_key_is_named_with_the_others(when):
    dynamics = Add(1)
    with pytest.raises(KeyError, match=rf"registered in the {when}-updates of Add. Got 'k'; registered are \[\]"):
        getattr(dynamics, f"get_{when}_update")("k")
    getattr(dynamics, f"add_{when}_update")("other", print)
    with pytest.raises(KeyError, match=r"registered are \['other'\]"):
        getattr(dynamics, f"get_{when}_update")("k")


@pytest.mark.parametrize(
    ("mark", "unmark", "attribute"),
    [
        (nn.receive_update_input, nn.not_receive_update_input, "_receive_update_input"),
        (nn.not_receive_update_output, nn.receive_update_output, "_not_receive_update_output"),
    ],
)
def test_marks_are_put_and_taken_away(mark, unmark, attribute):
    class Hook:
        pass

    assert unmark(Hook) is Hook
    assert not hasattr(Hook, attribute)
    assert mark(Hook) is Hook
    single = Hook()
    assert getattr(single, attribute)
    assert unmark(single) is single  # The class is marked, this object is not.
    assert not getattr(single, attribute)
    assert getattr(Hook(), attribute)
    unmark(Hook)
    assert not hasattr(Hook, attribute)
