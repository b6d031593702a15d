"""States: values that functions read and write and that transforms see."""

from .base import State, maybe_state
from .catcher import NewStateCatcher, catch_new_states
from .context import check_state_jax_tracer, check_state_value_tree
from .frame import Frame
from .groups import HiddenGroupState, HiddenTreeState
from .kinds import BatchState, DelayState, HiddenState, LongTermState, NonBatchState, ParamState, ShortTermState
from .manager import FakeState, StateDictManager
from .source import SourceInfo
from .tape import taped
from .trace import StateTraceStack
from .treefy import TreefyState

__all__ = [
    "BatchState",
    "DelayState",
    "FakeState",
    "Frame",
    "HiddenGroupState",
    "HiddenState",
    "HiddenTreeState",
    "LongTermState",
    "NewStateCatcher",
    "NonBatchState",
    "ParamState",
    "ShortTermState",
    "SourceInfo",
    "State",
    "StateDictManager",
    "StateTraceStack",
    "TreefyState",
    "catch_new_states",
    "check_state_jax_tracer",
    "check_state_value_tree",
    "maybe_state",
    "taped",
]
