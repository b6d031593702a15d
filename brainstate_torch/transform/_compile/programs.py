"""The programs of one compiled function, in a bounded cache; it reports what causes many of them."""

import sys
from collections.abc import Sequence
from typing import Any

import torch

from ...util import BoundedCache
from .cost import Costs
from .program import Program

__all__ = ["Programs"]

#: If this many programs in a row differ in one thing, a message names it.
_MANY = 4


class Programs:
    """The programs of a function by the kind of its arguments.

    Parameters
    ----------
    maxsize
        How many to keep. The one that was not used for longest is dropped.
    label
        The name of the function.
    """

    def __reduce__(self) -> Any:
        return Programs, (self._maxsize, self._label)  # a copy reads and writes other States

    def __init__(self, maxsize: int, label: str) -> None:
        self._recent, self._label, self._maxsize = BoundedCache(maxsize), label, maxsize
        self._by_key: dict[Any, list[Program]] = {}
        #: The program used last.
        self._last: Program | None = None
        #: The program made last.
        self.last: Program | None = None
        #: In what each of the last programs differs from the one before, and how many programs that is true of.
        self._causes: set[str] = set()
        self._row, self._told = 1, False

    def __len__(self) -> int:
        return len(self._recent)

    def find(self, key: Any, tensors: Sequence[torch.Tensor]) -> tuple[Program, list[torch.Tensor]] | None:
        """The program for a call, and its inputs; None if there is none."""
        found = self._by_key.get(key, ())
        for place, program in enumerate(found):
            inputs = program.inputs(tensors)
            if inputs is None:
                continue
            if program is not self._last:
                self._recent.get(program)
                self._last = program
                if place and isinstance(found, list):
                    found.insert(0, found.pop(place))
            return program, inputs
        return None

    def add(self, key: Any, program: Program, causes: set[str]) -> None:
        """A new program, and in what its call differs from the one that the last program was made for."""
        while len(self._recent) >= self._recent.maxsize > 0:
            oldest = self._recent.keys()[0]
            self.drop(self._recent.get(oldest), oldest)
        self._recent.set(program, key)
        self._by_key.setdefault(key, []).insert(0, program)
        self._last = self.last = program
        self._count(causes)

    def _count(self, causes: set[str]) -> None:
        self._row = self._row + 1 if self._causes & causes else 1 + bool(causes)
        self._causes = self._causes & causes or causes
        if self._row < _MANY or self._told:
            return
        self._told = True
        print(
            f"jit: {self._label} was compiled {self._row} times in a row, for another value of "
            f"{' and of '.join(sorted(self._causes))} each time. What changes from call to call should be a tensor: "
            "an argument or the value of a State.",
            file=sys.stderr,
        )

    def costs(self) -> Costs:
        """What each costs, the one used last first."""
        return Costs(program.cost() for program in reversed(self._recent.keys()))

    def drop(self, key: Any, program: Program) -> None:
        """Forget a program."""
        self._recent.pop(program)
        programs = self._by_key.get(key, [])
        if program in programs:
            programs.remove(program)
        if not programs:
            self._by_key.pop(key, None)
        self._last = None if self._last is program else self._last
        self.last = None if self.last is program else self.last

    def clear(self) -> None:
        """Forget all."""
        self._recent.clear()
        self._by_key.clear()
        self._last = self.last = None
