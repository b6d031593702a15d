"""The numbers in `environ` as inputs of a program."""

from collections.abc import Callable, Container
from typing import Any, TypeVar

import torch

from ... import _tree
from ..._arrays import is_arraylike
from ..._host.functorch import as_number
from ..._program.recording import Recorded, recording, with_numbers
from ...environ._store import (
    DT,
    FIT,
    HOST_DEVICE_COUNT,
    JIT_ERROR_CHECK,
    MISSING,
    PLATFORM,
    PRECISION,
    Observed,
    is_same,
    observed,
    peek,
)
from .._core.carry import protected
from .._core.functional import combine, partition
from .intake import Intake, placed

__all__ = ["FirstSteps", "SettingInputs", "recorded_with_inputs"]

T = TypeVar("T")
#: Settings that code branches on.
_SWITCHES = (PRECISION, PLATFORM, HOST_DEVICE_COUNT, JIT_ERROR_CHECK, FIT)


class SettingInputs:
    """What one recording reads from `environ`: numbers are inputs of its program, anything else must not change.

    Parameters
    ----------
    fixed
        The names of numbers that are no inputs, because Python needs them.
    """

    def __init__(self, fixed: Container[str] = ()) -> None:
        self._fixed = fixed
        #: The device on which numbers become tensors; None for the default one.
        self.home: torch.device | None = None
        #: For each setting that is an input, its value, and the proxies for its tensors.
        self.given: dict[str, tuple[Any, list[torch.Tensor]]] = {}
        self._observed: Observed | None = None
        self._intakes: dict[str, Intake] = {}

    def observed(self) -> Any:
        """Within the context that this returns, what is read is noted."""
        return observed(self._replaced)

    def _replaced(self, key: str, value: Any) -> Any:
        if key in _SWITCHES or key in self._fixed or not _is_numeric(value):
            return value
        # The outermost recording: inputs belong to the program, even if a loop or branch reads the setting first.
        outer = recording().outermost()
        number = type(value) in (int, float)
        with with_numbers():
            value = _tree.map(lambda x: placed(x, self.home) if is_arraylike(x) else x, value)
        tensors, static = partition(value)
        with outer.resumed():
            stand_ins = [outer.stand_in(x) for x in tensors]
            shown = as_number(stand_ins[0]) if number else protected(combine(stand_ins, static))
        self.given[key] = value, stand_ins
        return shown

    def place(self, noted: Observed, recorded: Recorded, start: int) -> list[int]:
        """Tell where the graph takes the numbers, the first of its captured tensors being input `start`; all places."""
        self._observed = noted
        index = {id(x): start + i for i, x in enumerate(recorded.stand_ins)}
        for key, (value, stand_ins) in self.given.items():
            self._intakes[key] = Intake(value, [index.get(id(x)) for x in stand_ins], self.home)
        self.given = {}
        return [place for intake in self._intakes.values() for _, place in intake.used]

    def fetch(self, inputs: list[Any], read: Callable[[str], Any] = peek) -> bool:
        """Put the numbers into the inputs of the graph; False if another setting has changed."""
        assert self._observed is not None
        for key, intake in self._intakes.items():
            value = read(key)
            if value is MISSING or not intake.fetch(value, inputs):
                return False
        return self._observed.holds()

    def changed(self, inputs: list[Any]) -> list[str]:
        """The settings that are not what they were."""
        assert self._observed is not None
        other = [key for key, intake in self._intakes.items() if not intake.fetch(peek(key), inputs)]
        return [*self._observed.changed(), *other]


def _is_numeric(value: Any) -> bool:
    leaves = _tree.leaves(value)
    return bool(leaves) and all(_is_number(leaf) for leaf in leaves)


def _is_number(leaf: Any) -> bool:
    if isinstance(leaf, bool) or not is_arraylike(leaf):
        return False
    return isinstance(leaf, torch.Tensor) or getattr(getattr(leaf, "dtype", None), "kind", "f") in "biufc"


class FirstSteps:
    """Whether `dt` has had more than one value at the recordings of a function.

    A `dt` with one value only is no input, so that results such as ``exp(-dt / tau)`` are computed once, by Python, and
    rounded as without compilation.
    """

    def __init__(self) -> None:
        self._first: Any = MISSING
        self._others = False

    def fixed(self) -> set[str]:
        """The names of settings that are no inputs for this reason."""
        now = peek(DT)
        if self._first is MISSING:
            self._first = now
        self._others = self._others or not is_same(now, self._first)
        return set() if self._others else {DT}


def recorded_with_inputs(make: Callable[[SettingInputs], T], fixed: set[str], steps: FirstSteps) -> T:
    """A program whose inputs are the numbers in `environ`, except those that Python code needs.

    A setting that Python needs makes the recording raise. Its name is added to `fixed`, and the recording is repeated.
    """
    constant = steps.fixed()
    settings = SettingInputs(fixed | constant)
    try:
        return make(settings)
    except Exception:
        tried = list(settings.given)
        if not tried:
            raise
    for names in (*[{name} for name in tried if len(tried) > 1], set(tried)):
        try:
            program = make(SettingInputs(fixed | constant | names))
        except Exception:
            if len(names) == len(tried):
                raise
        else:
            fixed |= names
            return program
    raise AssertionError("the last attempt returns or raises")
