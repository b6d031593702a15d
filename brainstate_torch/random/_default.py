"""DEFAULT: the stream that the functions of this package draw from, which follows torch's seed until it has its own."""

import hashlib
from collections.abc import Callable
from typing import Any

import torch
from torch.utils.data import get_worker_info

from .._host.functorch import outside_of_graphs
from .._program.recording import is_recording, with_numbers
from .._state.context import CONTEXT
from .._state.value import owned
from ..typing import SeedOrKey
from ._keys import initial_value
from ._state import LOCK, RandomState

__all__ = ["DEFAULT"]


class DefaultStream(RandomState):
    """A RandomState that starts anew from torch's CPU generator whenever that has moved, until it is seeded itself.

    So ``torch.manual_seed`` makes a run reproducible, and each worker of a DataLoader, which torch seeds differently,
    draws numbers of its own. A stream with a seed of its own becomes a different one in each worker.
    """

    #: The bytes of torch's generator when this stream was last set; None if it has a seed of its own.
    _followed: bytes | None
    #: The worker of a DataLoader whose stream this is.
    _worker: Any
    #: Whether a draw is under way.
    _drawing = False

    def __init__(self) -> None:
        super().__init__()
        self._followed, self._worker = b"", None
        # Not None, so that a read of the value calls `_show`.
        self._parameters = []

    @property
    def impl(self) -> str:
        """The generator: ``'torch'`` or ``'threefry2x32'``."""
        return self._impl_of(self._get() if CONTEXT.frames else self._value)

    def __repr__(self) -> str:
        return f"RandomState(impl={self.impl!r})"

    def seed(self, seed_or_key: SeedOrKey | None = None, impl: str | None = None) -> None:
        """As :meth:`RandomState.seed`; from now on torch's seed does not matter."""
        self._followed, self._worker = None, get_worker_info()
        super().seed(seed_or_key, impl)

    def set_key(self, key: SeedOrKey) -> None:
        """As :meth:`RandomState.set_key`; from now on torch's seed does not matter."""
        self._followed, self._worker = None, get_worker_info()
        super().set_key(key)

    def clone(self) -> Any:
        """A new RandomState with the same generator and its own stream."""
        return RandomState(self.split_key(), impl=self.impl)

    def _twin(self, changes: dict[str, Any]) -> Any:
        twin = object.__new__(RandomState)
        vars(twin).update({**_plain(vars(self)), "_value": self._get(), **changes})
        twin._begin()
        twin._end()
        return twin

    def __reduce_ex__(self, protocol: Any) -> Any:
        return object.__new__, (RandomState,), {**_plain(self.__getstate__()), "_parameters": None}

    def _mirrored(self) -> Any:
        if is_recording():
            with with_numbers():
                return self._current()
        return self._current()

    def _show(self) -> Any:
        self._mirrored()
        return super()._show()

    def _current(self) -> Any:
        with LOCK:
            if self._drawing:
                return self._value
            if self._followed is None:
                if get_worker_info() is not self._worker:
                    self._enter_worker()
            elif _position() != self._followed:
                self._start_from_torch()
            return self._value

    def _enter_worker(self) -> None:
        self._worker = info = get_worker_info()
        if info is not None:
            own = bytes(self._value.view(torch.uint8).tolist()) + info.seed.to_bytes(8, "little", signed=True)
            self._start(int.from_bytes(hashlib.blake2b(own, digest_size=8).digest(), "little") >> 1)

    def _start_from_torch(self) -> None:
        with outside_of_graphs():
            # A draw, so that the same seed given a second time is seen.
            seed = int(torch.randint(2**62, (), device="cpu", generator=torch.default_generator))
            self._start(seed)
        self._followed = _position()

    def _start(self, seed: int) -> None:
        self._hold(owned(initial_value(seed, self._impl_of(self._value)), 0, False))

    def _sampled(
        self, device: torch.device, sampler: Callable[..., torch.Tensor], *tensors: torch.Tensor
    ) -> torch.Tensor:
        with LOCK:
            if not CONTEXT.frames:
                # Once per draw; torch's generator does not advance during it.
                self._mirrored()
                self._drawing = True
            try:
                return super()._sampled(device, sampler, *tensors)
            finally:
                self._drawing = False

    def _commit(self, value: Any) -> None:
        self._hold(value)
        self._been_writen = True
        if self._followed is not None and not self._drawing:
            self._followed = _position()

    def _restore(self, value: Any, been_writen: bool) -> None:
        self._hold(value)
        self._been_writen = been_writen

    def _with_parameters(self) -> Any:
        return self._mirrored()


def _plain(attributes: dict[str, Any]) -> dict[str, Any]:
    """What a RandomState has too."""
    return {name: x for name, x in attributes.items() if name not in ("_followed", "_worker", "_drawing")}


def _position() -> bytes:
    return torch.default_generator.get_state().numpy().tobytes()


DEFAULT = DefaultStream()
