"""Operations that are recorded as others: draws, and what a graph cannot hold."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from .._host.dispatch import OpOverload, TorchDispatchMode
from .calls import CALL

__all__ = ["DrawRule", "Rewriting"]

#: (operation, positional and keyword arguments) -> its result.
DrawRule = Callable[[OpOverload, Any, Mapping[str, Any]], Any]


class Rewriting(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Within, while one graph is recorded: some operations are replaced.

    It sees the operations after derivatives and maps are applied, as the graph does.

    Parameters
    ----------
    is_recorded
        Whether the graph that this is for is the innermost one; the mode stays active while others are recorded.
    """

    def __init__(self, is_recorded: Callable[[], bool]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._is_recorded = is_recorded
        self._draw: DrawRule | None = None

    @contextmanager
    def drawing(self, rule: DrawRule) -> Iterator[None]:
        """Within: operations that draw from torch's generators are recorded in this way."""
        outer, self._draw = self._draw, rule
        try:
            yield
        finally:
            self._draw = outer

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is CALL or not self._is_recorded():
            return func(*args, **kwargs)
        if func is torch.ops.aten._efficientzerotensor.default:
            # A zero without memory, such as the second derivative of `abs`, claims to be on the device 'meta' where
            # numbers are fake: a view's backward pass then refuses it.
            return torch.zeros(*args, **kwargs)
        if self._draw is not None and torch.Tag.nondeterministic_seeded in func.tags:
            return self._draw(func, args, kwargs)
        return func(*args, **kwargs)
