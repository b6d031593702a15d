"""The platform, the kind of device on which new tensors are made: torch's default device."""

import torch

from ._store import GLOBAL, HOST_DEVICE_COUNT, PLATFORM, notify

SUPPORTED_PLATFORMS = ("cpu", "gpu", "tpu")


def set_platform(platform: str) -> None:
    """Make new tensors of this thread on the 'cpu' or on the 'gpu', torch's 'cuda' device.

    Parameters
    ----------
    platform
        ``'cpu'`` or ``'gpu'``.

    Raises
    ------
    ValueError
        The platform is not 'cpu', 'gpu' or 'tpu'.
    RuntimeError
        torch finds no such device on this machine.
    NotImplementedError
        The platform is 'tpu'.

    Notes
    -----
    Source: brainstate.environ.set_platform (0.5.4). Differs: the platform is 'cpu' until it is set, and a
    missing device is an error here rather than at the next computation. On 'gpu' torch intercepts every
    call of this thread to place new tensors (1 µs each); ``module.to('cuda')`` and ``device='cuda'`` avoid
    that.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.environ.set_platform('cpu')
    >>> brainstate.environ.get_platform()
    'cpu'
    """
    if platform not in SUPPORTED_PLATFORMS:
        raise ValueError(f"`platform` must be 'cpu', 'gpu' or 'tpu'. Got {platform!r}.")
    if platform == "tpu":
        raise NotImplementedError("`platform` must be a device of torch itself. Got 'tpu'. Use 'gpu' or 'cpu'.")
    if platform == "gpu" and not torch.cuda.is_available():
        raise RuntimeError(
            "`platform` must be one that this machine has. Got 'gpu', and torch finds no CUDA device. "
            "Install a driver and a torch build with CUDA or ROCm, or use 'cpu'."
        )
    # None, not 'cpu': a default device costs a function mode that intercepts every call.
    torch.set_default_device("cuda" if platform == "gpu" else None)
    notify(GLOBAL, PLATFORM, platform)


def get_platform() -> str:
    """Return the platform on which torch makes new tensors.

    Returns
    -------
    str
        ``'cpu'`` or ``'gpu'``.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.environ.get_platform() in brainstate.environ.SUPPORTED_PLATFORMS
    True
    """
    return {"cpu": "cpu", "xla": "tpu"}.get(torch.get_default_device().type, "gpu")


def set_host_device_count(n: int) -> None:
    """Set into how many devices the CPU is divided: torch knows one CPU device, so `n` must be 1.

    Parameters
    ----------
    n
        1, the only number that torch knows.

    Raises
    ------
    ValueError
        `n` is not a positive int.
    NotImplementedError
        `n` is larger than 1.

    Notes
    -----
    Source: brainstate.environ.set_host_device_count (0.5.4). Differs: XLA can divide the CPU.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.environ.set_host_device_count(1)
    >>> brainstate.environ.get_host_device_count()
    1
    """
    if not isinstance(n, int) or n < 1:
        raise ValueError(f"`n` must be a positive int. Got {n!r}.")
    if n > 1:
        raise NotImplementedError(
            f"`n` must be 1: torch knows one CPU device. Got {n}. "
            "Use torch.set_num_threads(n) for threads, or torch.distributed for processes."
        )
    notify(GLOBAL, HOST_DEVICE_COUNT, n)


def get_host_device_count() -> int:
    """Return the number of CPU devices, which is 1 in torch.

    Returns
    -------
    int
        Always 1.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.environ.get_host_device_count()
    1
    """
    return 1
