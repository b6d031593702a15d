"""The numerical precision, and the dtypes that follow from it."""

from typing import NamedTuple

import torch

from ._store import DEFAULT_PRECISION, GLOBAL, PRECISION, EnvironmentState, store

SUPPORTED_PRECISIONS = (8, 16, 32, 64, "bf16")


class _Dtypes(NamedTuple):
    float: torch.dtype
    int: torch.dtype
    uint: torch.dtype
    complex: torch.dtype


_DTYPES: dict[int | str, _Dtypes] = {
    8: _Dtypes(torch.float8_e5m2, torch.int8, torch.uint8, torch.complex64),
    16: _Dtypes(torch.float16, torch.int16, torch.uint16, torch.complex64),
    "bf16": _Dtypes(torch.bfloat16, torch.int16, torch.uint16, torch.complex64),
    32: _Dtypes(torch.float32, torch.int32, torch.uint32, torch.complex64),
    64: _Dtypes(torch.float64, torch.int64, torch.uint64, torch.complex128),
}
_BY_NAME = {str(precision): precision for precision in SUPPORTED_PRECISIONS}


def as_precision(precision: int | str) -> int | str:
    """The supported precision with this name: 64 for 64 and '64'."""
    try:
        return _BY_NAME[str(precision)]
    except KeyError:
        raise ValueError(f"`precision` must be one of 8, 16, 32, 64, 'bf16'. Got {precision!r}.") from None


def _precision(env: EnvironmentState | None) -> int | str:
    env = GLOBAL if env is None else env
    stack = env.contexts.get(PRECISION)
    precision: int | str = stack[-1] if stack else env.settings.get(PRECISION, DEFAULT_PRECISION)
    return precision


def set_precision(precision: int | str, *, env: EnvironmentState | None = None) -> None:
    """Set the precision of this thread: 8, 16, 32, 64 or 'bf16'.

    Parameters
    ----------
    precision
        8, 16, 32, 64 or ``'bf16'``.
    env
        The store; None: the default one of this thread.

    Raises
    ------
    ValueError
        The precision is another one.

    Notes
    -----
    Source: brainstate.environ.set_precision (0.5.4). Differs: drives what this package creates, and never
    ``torch.get_default_dtype()``: ``torch.ones(3)`` stays float32 at precision 64.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> mine = brainstate.environ.EnvironmentState()
    >>> brainstate.environ.set_precision('bf16', env=mine)
    >>> brainstate.environ.dftype(env=mine)
    torch.bfloat16
    """
    store(env, {PRECISION: as_precision(precision)})


def get_precision(*, env: EnvironmentState | None = None) -> int:
    """Return the number of bits of the precision, 16 for 'bf16'.

    Parameters
    ----------
    env
        The store; None: the default one of this thread.

    Returns
    -------
    int
        8, 16, 32 or 64.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> with brainstate.environ.context(precision='bf16'):
    ...     brainstate.environ.get_precision(), brainstate.environ.get('precision')
    (16, 'bf16')
    """
    precision = _precision(env)
    return precision if isinstance(precision, int) else 16


def dftype(*, env: EnvironmentState | None = None) -> torch.dtype:
    """Return the default floating dtype: float8_e5m2, float16, bfloat16, float32 or float64.

    Parameters
    ----------
    env
        The store; None: the default one of this thread.

    Returns
    -------
    torch.dtype
        The dtype of new floating tensors.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> with brainstate.environ.context(precision=64):
    ...     brainstate.environ.dftype()
    torch.float64
    """
    return _DTYPES[_precision(env)].float


def ditype(*, env: EnvironmentState | None = None) -> torch.dtype:
    """Return the default integer dtype: int8, int16, int32 or int64.

    Parameters
    ----------
    env
        The store; None: the default one of this thread.

    Returns
    -------
    torch.dtype
        The dtype of new integer tensors.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> with brainstate.environ.context(precision=16):
    ...     brainstate.environ.ditype()
    torch.int16
    """
    return _DTYPES[_precision(env)].int


def dutype(*, env: EnvironmentState | None = None) -> torch.dtype:
    """Return the default unsigned integer dtype: uint8, uint16, uint32 or uint64.

    Parameters
    ----------
    env
        The store; None: the default one of this thread.

    Returns
    -------
    torch.dtype
        The dtype of new unsigned integer tensors.

    Notes
    -----
    Source: brainstate.environ.dutype (0.5.4). torch has most arithmetic for uint8 only:
    convert the others first.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> with brainstate.environ.context(precision=8):
    ...     brainstate.environ.dutype()
    torch.uint8
    """
    return _DTYPES[_precision(env)].uint


def dctype(*, env: EnvironmentState | None = None) -> torch.dtype:
    """Return the default complex dtype: complex128 at precision 64, otherwise complex64.

    Parameters
    ----------
    env
        The store; None: the default one of this thread.

    Returns
    -------
    torch.dtype
        complex64 or complex128.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> with brainstate.environ.context(precision=16):
    ...     brainstate.environ.dctype()
    torch.complex64
    """
    return _DTYPES[_precision(env)].complex


def tolerance(*, env: EnvironmentState | None = None) -> torch.Tensor:
    """Return the tolerance that suits comparisons: 1e-12 at 64 bits, 1e-5 at 32, 1e-2 below.

    Parameters
    ----------
    env
        The store; None: the default one of this thread.

    Returns
    -------
    torch.Tensor
        Shape ``[]``, dtype float64, float32 or float16.

    Notes
    -----
    Source: brainstate.environ.tolerance (0.5.4). Differs: a tensor, not a numpy array.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> with brainstate.environ.context(precision=64):
    ...     brainstate.environ.tolerance().item()
    1e-12
    """
    precision = get_precision(env=env)
    if precision == 64:
        return torch.tensor(1e-12, dtype=torch.float64)
    if precision == 32:
        return torch.tensor(1e-5, dtype=torch.float32)
    return torch.tensor(1e-2, dtype=torch.float16)
