"""Seeds and keys of the RandomState that the functions of this package draw from."""

import contextlib
from collections.abc import Iterator

import numpy as np
import torch

from ..typing import SeedOrKey
from ._default import DEFAULT
from ._keys import as_key, entropy
from ._state import RandomState

__all__ = [
    "clone_rng",
    "default_rng",
    "get_key",
    "get_key_data",
    "restore_key",
    "seed",
    "seed_context",
    "self_assign_multi_keys",
    "set_key",
    "split_key",
    "split_keys",
]


def seed(seed_or_key: SeedOrKey | None = None, impl: str | None = None) -> None:
    """Start a new stream of random numbers, and seed numpy's too.

    Parameters
    ----------
    seed_or_key
        An integer, a key, or the value of a :class:`RandomState`. None: chosen at random; numpy is then left alone.
    impl
        The generator, see :class:`RandomState`. None: the one that `environ` names, else the present one.

    Raises
    ------
    TypeError
        The seed is something else, such as a float.

    Notes
    -----
    Source: brainstate.random.seed (0.5.4). Differs: `impl`. Until it is called, the stream follows torch's generator:
    it starts anew from that whenever that has moved, so that ``torch.manual_seed`` is enough. It does not seed torch's
    global generators, which layers of torch.nn draw from.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.random.seed(0)
    >>> x = brainstate.random.rand(3)
    >>> brainstate.random.seed(0)
    >>> (brainstate.random.rand(3) == x).all()
    tensor(True)
    """
    DEFAULT.seed(entropy() if seed_or_key is None else seed_or_key, impl=impl)
    if seed_or_key is None:
        return
    if isinstance(seed_or_key, (int, np.integer)):
        np.random.seed(int(seed_or_key) % 2**32)
        return
    key = as_key(seed_or_key)
    with contextlib.suppress(RuntimeError):
        # A key that is mapped or traced has no number for numpy.
        np.random.seed(int.from_bytes(bytes(key.view(torch.uint8)[:4].tolist()), "little"))


@contextlib.contextmanager
def seed_context(seed_or_key: SeedOrKey | None) -> Iterator[None]:
    """Use a seed for the duration of a block; afterwards the streams, numpy's too, continue where they were.

    Parameters
    ----------
    seed_or_key
        An integer, a key, or the value of a :class:`RandomState`. None: chosen at random.

    Yields
    ------
    None

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> with brainstate.random.seed_context(42):
    ...     x = brainstate.random.rand(3)
    >>> with brainstate.random.seed_context(42):
    ...     (brainstate.random.rand(3) == x).all()
    tensor(True)
    """
    before, numpy_before = DEFAULT.value, np.random.get_state()
    followed = DEFAULT._followed
    try:
        seed(entropy() if seed_or_key is None else seed_or_key)
        yield
    finally:
        DEFAULT._followed = followed
        DEFAULT.value = before
        np.random.set_state(numpy_before)


def get_key() -> torch.Tensor:
    """The position of the common stream: the value of `DEFAULT`, for :func:`set_key`.

    Returns
    -------
    Tensor
        A key ``uint32[2]``, or the state of torch's generators ``uint8[bytes]``.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> key = brainstate.random.get_key()
    >>> x = brainstate.random.rand(3)
    >>> brainstate.random.set_key(key)
    >>> (brainstate.random.rand(3) == x).all()
    tensor(True)
    """
    return DEFAULT.value


def get_key_data() -> torch.Tensor:
    """An alias of :func:`get_key`: keys are plain tensors here.

    Returns
    -------
    Tensor
        A key ``uint32[2]``, or the state of torch's generators ``uint8[bytes]``.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> with brainstate.environ.context(random_impl='threefry2x32'), brainstate.random.seed_context(7):
    ...     brainstate.random.get_key_data()
    tensor([0, 7], dtype=torch.uint32)
    """
    return DEFAULT.value


def set_key(seed_or_key: SeedOrKey) -> None:
    """Let `DEFAULT` continue from a seed, a key, or a value that :func:`get_key` returned.

    Parameters
    ----------
    seed_or_key
        An integer, a key, or the value of a :class:`RandomState`.

    Raises
    ------
    TypeError
        It is something else.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.random.set_key(1)
    >>> x = brainstate.random.rand(3)
    >>> brainstate.random.set_key(1)
    >>> (brainstate.random.rand(3) == x).all()
    tensor(True)
    """
    DEFAULT.set_key(seed_or_key)


def split_key(n: int | None = None, backup: bool = False) -> torch.Tensor:
    """Take one or more new keys from `DEFAULT`.

    Parameters
    ----------
    n
        How many keys. None: one, without a leading axis.
    backup
        Whether to remember the position of the stream first, for :func:`restore_key`.

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
    >>> brainstate.random.split_key().shape, brainstate.random.split_key(3).shape
    (torch.Size([2]), torch.Size([3, 2]))
    """
    return DEFAULT.split_key(n, backup=backup)


def split_keys(n: int, backup: bool = False) -> torch.Tensor:
    """Take `n` new keys from `DEFAULT`.

    Parameters
    ----------
    n
        How many keys.
    backup
        Whether to remember the position of the stream first, for :func:`restore_key`.

    Returns
    -------
    Tensor
        Keys ``uint32[n, 2]``.

    Raises
    ------
    ValueError
        `n` is not a positive integer.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.random.split_keys(3).shape
    torch.Size([3, 2])
    """
    _check_count(n)
    return DEFAULT.split_key(n, backup=backup)


def self_assign_multi_keys(n: int, backup: bool = True) -> None:
    """Make `n` keys ``uint32[n, 2]`` the value of `DEFAULT`, one for each lane of a map over it.

    Parameters
    ----------
    n
        How many keys.
    backup
        Whether to remember the position of the stream first, for :func:`restore_key`.

    Raises
    ------
    ValueError
        `n` is not a positive integer.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.random.self_assign_multi_keys(3)
    >>> brainstate.random.get_key().shape
    torch.Size([3, 2])
    >>> brainstate.random.restore_key()
    """
    _check_count(n)
    DEFAULT.self_assign_multi_keys(n, backup=backup)


def restore_key() -> None:
    """Return `DEFAULT` to the position that was backed up.

    Raises
    ------
    ValueError
        It was not.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> x = brainstate.random.split_key(backup=True)
    >>> brainstate.random.restore_key()
    >>> (brainstate.random.split_key() == x).all()
    tensor(True)
    """
    DEFAULT.restore_key()


def clone_rng(seed_or_key: SeedOrKey | None = None, clone: bool = True) -> RandomState:
    """A RandomState with its own stream: that of a seed, or one split from `DEFAULT`.

    Parameters
    ----------
    seed_or_key
        An integer, a key, or the value of a :class:`RandomState`.
    clone
        False: return `DEFAULT` itself where no seed is given.

    Returns
    -------
    RandomState
        The new stream.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.random.clone_rng() is brainstate.random.DEFAULT
    False
    >>> brainstate.random.clone_rng(clone=False) is brainstate.random.DEFAULT
    True
    """
    if seed_or_key is not None:
        return RandomState(seed_or_key)
    return DEFAULT.clone() if clone else DEFAULT


def default_rng(seed_or_key: SeedOrKey | None = None) -> RandomState:
    """`DEFAULT`, or a new RandomState with a seed.

    Parameters
    ----------
    seed_or_key
        An integer, a key, or the value of a :class:`RandomState`. None: `DEFAULT`.

    Returns
    -------
    RandomState
        `DEFAULT` or the new stream.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.random.default_rng() is brainstate.random.DEFAULT
    True
    """
    return DEFAULT if seed_or_key is None else RandomState(seed_or_key)


def _check_count(n: int) -> None:
    if not isinstance(n, int) or n < 1:
        raise ValueError(f"`n` must be a positive integer. Got {n!r}.")
