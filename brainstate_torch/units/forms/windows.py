"""Windows for spectra."""

import torch

from ... import environ
from ..descriptions import described

__all__ = ["bartlett", "blackman", "hamming", "hanning", "kaiser"]


@described
def bartlett(M: int) -> torch.Tensor:
    """The triangular window.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.bartlett(3)
    tensor([0., 1., 0.])
    """
    return torch.bartlett_window(M, periodic=False, dtype=environ.dftype())


@described
def blackman(M: int) -> torch.Tensor:
    """The Blackman window.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.blackman(3)[1]
    tensor(1.)
    """
    return torch.blackman_window(M, periodic=False, dtype=environ.dftype())


@described
def hamming(M: int) -> torch.Tensor:
    """The Hamming window.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.hamming(3)
    tensor([0.0800, 1.0000, 0.0800])
    """
    return torch.hamming_window(M, periodic=False, dtype=environ.dftype())


@described
def hanning(M: int) -> torch.Tensor:
    """The Hann window.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.hanning(3)
    tensor([0., 1., 0.])
    """
    return torch.hann_window(M, periodic=False, dtype=environ.dftype())


@described
def kaiser(M: int, beta: float) -> torch.Tensor:
    """The Kaiser window.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.kaiser(3, 0.0)
    tensor([1., 1., 1.])
    """
    return torch.kaiser_window(M, periodic=False, beta=beta, dtype=environ.dftype())
