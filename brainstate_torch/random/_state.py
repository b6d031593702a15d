"""RandomState: the State that random numbers come from."""

import threading
from collections.abc import Callable
from operator import index
from typing import Any, Self, SupportsIndex

import torch

from .._program.recording import is_recording
from .._state import State
from ..typing import SeedOrKey
from . import _threefry
from ._circular import CircularFamily
from ._counts import Counts
from ._draw_operation import Draw, advanced
from ._draws import Draws
from ._gamma import GammaFamily
from ._generators import WORKSPACE, is_generator_state
from ._half_line import HalfLineFamily
from ._keys import as_key, checked_impl, drawn_key, initial_value
from ._normal import NormalFamily
from ._quantiles import QuantileFamily
from ._rearrange import Rearrangements
from ._threefry_draws import ThreefryDraws
from ._torch_draws import TorchDraws
from ._uniform import UniformFamily

__all__ = ["LOCK", "RandomState"]

#: Reading, drawing and writing back is one step, also for threads that share a RandomState.
LOCK = threading.RLock()


class RandomState(
    UniformFamily,
    Rearrangements,
    NormalFamily,
    QuantileFamily,
    HalfLineFamily,
    CircularFamily,
    GammaFamily,
    Counts,
    State[torch.Tensor],
):
    """A State that holds the position in a stream of random numbers; its methods draw the next ones.

    Like every State it is rolled back when a transform fails, and its value can be read, kept and assigned.
    There are two generators:

    ``'torch'``
        torch's own samplers, the fastest. The value is the state of torch's generators, ``uint8[bytes]``.
    ``'threefry2x32'``
        JAX's. The value is a key, ``uint32[2]``, that every draw splits as brainstate does, so that after the same seed
        the numbers are brainstate's: bits, uniform numbers, integers and permutations exactly, others up to rounding.

    Parameters
    ----------
    seed_or_key
        An integer, a key from :meth:`split_key`, or the value of a RandomState. None: drawn
        from numpy's generator, which :func:`seed` seeds, too.
    impl
        The generator, by the name that ``jax.random.key`` gives it. None: the setting ``random_impl`` of `environ`
        (``environ.set(random_impl='threefry2x32')``), else ``'torch'``.

    Raises
    ------
    TypeError
        The seed is something else.
    ValueError
        There is no such generator.

    Notes
    -----
    Source: brainstate.random.RandomState (0.5.4). Differs: the default generator is torch's.

    All distributions share these arguments. `size` is the shape of the result, by default the one that the parameters
    broadcast to. `dtype` is by default that of `environ`. `key`, a seed or a key, is used in place of the RandomState,
    which then does not advance; the numbers are those of ``'threefry2x32'``, as JAX gives them. Parameters may
    be quantities where a unit makes sense: the result has the unit of the first, and a plain number counts as given in
    it. New numbers are made on the device of the parameters, else on torch's default device. torch does not compute
    in 8 bits: at precision 8 only numbers without parameters are drawn.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> rng = brainstate.random.RandomState(42)
    >>> start = rng.value
    >>> x = rng.normal(size=3)
    >>> rng.value = start
    >>> (rng.normal(size=3) == x).all()
    tensor(True)
    """

    _backup: torch.Tensor | None

    def __init__(self, seed_or_key: SeedOrKey | None = None, impl: str | None = None) -> None:
        seed = drawn_key() if seed_or_key is None else seed_or_key
        impl = checked_impl(impl)
        super().__init__(initial_value(seed, impl or "torch"))
        self._backup = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(impl={self.impl!r})"

    @property
    def impl(self) -> str:
        """The generator: ``'torch'`` or ``'threefry2x32'``."""
        return self._impl_of(self._get())

    @staticmethod
    def _impl_of(value: Any) -> str:
        return "threefry2x32" if isinstance(value, torch.Tensor) and not is_generator_state(value) else "torch"

    def seed(self, seed_or_key: SeedOrKey | None = None, impl: str | None = None) -> None:
        """Start a new stream.

        Parameters
        ----------
        seed_or_key
            As for the class.
        impl
            The generator. None: the one that `environ` names, else the present one.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> rng = brainstate.random.RandomState(0)
        >>> rng.seed(42, impl='threefry2x32')
        >>> rng.value
        tensor([ 0, 42], dtype=torch.uint32)
        """
        seed = drawn_key() if seed_or_key is None else seed_or_key
        self.value = initial_value(seed, checked_impl(impl) or self.impl)

    def set_key(self, key: SeedOrKey) -> None:
        """Start the stream of a seed or key, with the present generator.

        Parameters
        ----------
        key
            An integer, a key, or the value of a RandomState.
        """
        self.value = initial_value(key, self.impl)

    def clone(self) -> Self:
        """A new RandomState with the same generator and its own stream.

        Returns
        -------
        RandomState
            Its stream starts from a key that is split from this one.
        """
        return type(self)(self.split_key(), impl=self.impl)

    def backup_key(self) -> None:
        """Remember the position of the stream, for :meth:`restore_key`.

        Raises
        ------
        ValueError
            It is remembered already.
        """
        if self._backup is not None:
            raise ValueError(
                "the random key must be backed up once at a time. Got a second backup: it has been backed up, "
                "and has not been restored. Call `restore_key` first."
            )
        self._backup = self.value

    def restore_key(self) -> None:
        """Return to the position where :meth:`backup_key` was called.

        Raises
        ------
        ValueError
            It was not called.
        """
        if self._backup is None:
            raise ValueError("the random key has not been backed up. Call `backup_key` first.")
        self.value, self._backup = self._backup, None

    def split_key(self, n: SupportsIndex | None = None, backup: bool = False) -> torch.Tensor:
        """Take one or more new keys from the stream.

        Parameters
        ----------
        n
            How many keys. None: one, without a leading axis.
        backup
            Whether to call :meth:`backup_key` first.

        Returns
        -------
        Tensor
            A key ``uint32[2]``, or keys ``uint32[n, 2]``.

        Raises
        ------
        TypeError, ValueError
            `n` is not an integer, or less than 1.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> key = brainstate.random.RandomState(0).split_key()
        >>> a = brainstate.random.normal(size=2, key=key)
        >>> b = brainstate.random.normal(size=2, key=key)
        >>> (a == b).all()
        tensor(True)
        """
        count = None if n is None else _count(n)
        with LOCK:
            if backup:
                self.backup_key()
            keys = self._keys(1 if count is None else count)
        return keys[0] if count is None else keys

    def _keys(self, n: int) -> torch.Tensor:
        if self.impl == "torch":
            drawn = self._sampled(
                torch.device("cpu"), lambda g: torch.randint(2**32, (n, 2), device="cpu", generator=g)
            )
            return drawn.to(torch.uint32)
        keys = _threefry.split(self._key(), n + 1)
        self.value = keys[0]
        return keys[1:]

    def _key(self) -> torch.Tensor:
        key = self.value
        if key.ndim != 1:
            raise ValueError(
                f"a draw must have one key. Got {len(key)} that `self_assign_multi_keys` made. "
                "Draw in a map over them, or call `restore_key` first."
            )
        return key

    def self_assign_multi_keys(self, n: SupportsIndex, backup: bool = True) -> None:
        """Make `n` keys ``uint32[n, 2]`` the value, one for each lane of a map over it.

        Parameters
        ----------
        n
            How many keys.
        backup
            Whether to call :meth:`backup_key` first.

        Raises
        ------
        TypeError, ValueError
            `n` is not an integer, or less than 1.
        """
        count = _count(n)
        with LOCK:
            if backup:
                self.backup_key()
            is_torch = self.impl == "torch"
            self.value = self._keys(count) if is_torch else _threefry.split(self._key(), count)

    def __getstate__(self) -> dict[str, Any]:
        # torch 2.13 cannot unpickle uint32; a State takes numpy arrays.
        kept = super().__getstate__()
        return {name: _packed(x) if name in ("_value", "_backup") else x for name, x in kept.items()}

    def _draws(self, key: SeedOrKey | None) -> Draws:
        if key is None:
            return TorchDraws(self._sampled) if self.impl == "torch" else ThreefryDraws(self.split_key())
        found = as_key(key)
        return TorchDraws(_Stream(found).sampled) if is_generator_state(found) else ThreefryDraws(found)

    def _split_draws(self, key: SeedOrKey | None, num: int) -> list[Draws]:
        if key is None and self.impl != "torch":
            return [ThreefryDraws(one) for one in self.split_key(num)]
        return [*self._draws(key).split(num)]

    def _sampled(
        self, device: torch.device, sampler: Callable[..., torch.Tensor], *tensors: torch.Tensor
    ) -> torch.Tensor:
        """Call a sampler of torch at the position of the stream, and advance it."""
        if is_recording():
            drawn, self.value = Draw(device, sampler).apply([self.value, *tensors])
            return drawn
        self.check_untraced()
        with LOCK:
            drawn, self.value = advanced(self.value, device, sampler, *tensors)
            # Parameters of a State change in place, when a checkpoint is loaded, unseen by the workspace.
            WORKSPACE.state = None if self._parameters else self._get()
        return drawn


class _Stream:
    """A stream that starts from a generator state and belongs to no RandomState."""

    def __init__(self, state: torch.Tensor) -> None:
        self.state = state

    def sampled(
        self, device: torch.device, sampler: Callable[..., torch.Tensor], *tensors: torch.Tensor
    ) -> torch.Tensor:
        if is_recording():
            drawn, self.state = Draw(device, sampler).apply([self.state, *tensors])
        else:
            drawn, self.state = advanced(self.state, device, sampler, *tensors)
        return drawn


def _packed(value: Any) -> Any:
    is_key = isinstance(value, torch.Tensor) and value.dtype == torch.uint32
    return value.numpy(force=True) if is_key else value


def _count(n: SupportsIndex) -> int:
    try:
        count = index(n)
    except TypeError:
        raise TypeError(f"`n` must be an integer. Got {n!r}. Pass how many keys to make.") from None
    if count < 1:
        raise ValueError(f"`n` must be a positive integer. Got {count}.")
    return count
