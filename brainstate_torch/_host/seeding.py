"""torch's default generator, as functions that seed it find it."""

from collections.abc import Callable
from typing import Any

import torch

__all__ = ["seeds_noticed"]


_random: Any = torch.random


class _Generator:
    """The generator, and a function that is called before it is set."""

    def __init__(self, generator: Any, before: Callable[[], None]) -> None:
        self._generator, self._before = generator, before

    def __getattr__(self, name: str) -> Any:
        if name in ("manual_seed", "seed", "set_state"):
            self._before()
        return getattr(self._generator, name)


class seeds_noticed:
    """Within: what seeds torch or sets the state of its generator calls a function first, in every thread."""

    __slots__ = ("_before", "_generator")

    def __init__(self, before: Callable[[], None]) -> None:
        self._before = before

    def __enter__(self) -> None:
        self._generator = _random.default_generator
        _random.default_generator = _Generator(self._generator, self._before)

    def __exit__(self, *error: object) -> None:
        _random.default_generator = self._generator
