import time
import weakref

import pytest

from brainstate_torch._state.hooks import (
    HookContext,
    InitHookContext,
    MutableWriteHookContext,
    ReadHookContext,
    RestoreHookContext,
    WriteHookContext,
)


class Named:
    name = "v"


def test_context_follows_its_state_until_it_is_gone():
    state = Named()
    context = HookContext("read", weakref.ref(state))
    assert context.state is state
    assert context.state_name == "v"
    del state
    assert context.state is None
    assert context.state_name is None


def test_context_has_own_metadata_and_the_time():
    before = time.time()
    first, second = (HookContext("read", weakref.ref(Named)) for _ in range(2))
    first.metadata["k"] = 1
    assert second.metadata == {}
    assert before <= first.timestamp <= time.time()


@pytest.mark.parametrize(
    ("kind", "extra"),
    [
        (ReadHookContext, {"value": None}),
        (WriteHookContext, {"value": None, "old_value": None}),
        (RestoreHookContext, {"value": None, "old_value": None}),
        (InitHookContext, {"value": None, "init_metadata": {}}),
        (
            MutableWriteHookContext,
            {
                "value": None,
                "old_value": None,
                "transformed_value": None,
                "cancel": False,
                "cancel_reason": None,
            },
        ),
    ],
)
def test_context_kinds_have_their_fields_in_order(kind, extra):
    names = ("operation", "state_ref", "timestamp", "metadata", *extra)
    given = range(len(names))
    assert tuple(getattr(kind(*given), name) for name in names) == tuple(given)
    context = kind("read", weakref.ref(Named))
    assert {name: getattr(context, name) for name in extra} == extra


def test_write_contexts_are_write_contexts():
    assert issubclass(MutableWriteHookContext, WriteHookContext)
    assert issubclass(RestoreHookContext, WriteHookContext)


def test_context_refuses_other_attributes():
    with pytest.raises(AttributeError, match="transfomed"):
        MutableWriteHookContext("write_before", weakref.ref(Named)).transfomed_value = 1
