"""Gamma, Poisson and binomial numbers from Threefry bits by JAX's rejection loops, all elements at once.

A loop ends when every element is accepted. While a graph is traced that is unknown: the number of rounds is fixed, so
large that an element is left over with a probability below 1e-10.
"""

import math
from itertools import count

import torch

from .._host.dispatch import standard_gamma_grad
from .._host.functorch import forward_levels
from . import _threefry
from ._continuous import normal, uniform
from ._draws import finished

__all__ = ["binomial", "gamma", "implicit", "log_gamma", "poisson"]


def gamma(key: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
    """Gamma with scale 1, as ``jax.random.gamma``; the gradient is the implicit one."""
    shape = a.detach().reshape(-1)
    subkey, core = _marsaglia_tsang(key, shape)
    unit = 1 - uniform(subkey, (), a.dtype)
    boost = torch.where(shape >= 1, 1.0, unit ** (1 / shape))
    return implicit((core * boost).reshape(a.shape), a)


def log_gamma(key: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
    """The logarithm of a gamma number, as ``jax.random.loggamma``."""
    shape = a.detach().reshape(-1)
    subkey, core = _marsaglia_tsang(key, shape)
    log_unit = torch.log1p(-uniform(subkey, (), a.dtype))
    boost = torch.where((shape >= 1) | (log_unit == 0), 0.0, log_unit * (1 / shape))
    log_sample = (core.log() + boost).reshape(a.shape)
    if not (a.requires_grad or forward_levels()):
        return log_sample
    sample = log_sample.exp().clamp(min=torch.finfo(a.dtype).tiny)
    return log_sample + (implicit(sample, a) - sample) / sample


def implicit(sample: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
    """The sample, with its derivative with respect to `a` at a fixed value of the distribution function."""
    if not (a.requires_grad or forward_levels()):
        return sample
    return sample + (a - a.detach()) * standard_gamma_grad(a.detach(), sample)


def _marsaglia_tsang(key: torch.Tensor, a: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """A key for the boost, and gamma numbers for `a`, or for `a + 1` where `a < 1`; one key per element."""
    boosted = torch.where(a >= 1, a, a + 1)
    d = boosted - 1 / 3
    c = (1 / 3) / d.sqrt()
    keys, subkeys = _threefry.split(_threefry.split(key, a.numel()), 2).unbind(-2)
    cube, accepted = torch.ones_like(a), torch.isnan(a)
    for rounds in count(1):
        keys, x_keys, unit_keys = _threefry.split(keys, 3).unbind(-2)
        x, v = _positive(x_keys, c, accepted)
        square, tried = x * x, v * v * v
        unit = uniform(unit_keys, (), a.dtype)
        beyond = (unit >= 1 - 0.0331 * (square * square)) & (
            unit.log() >= square * 0.5 + d * ((1 - tried) + tried.log())
        )
        cube = torch.where(accepted, cube, tried)
        accepted = accepted | ~(beyond | (v <= 0))
        if finished(accepted, rounds, 10):
            break
    return subkeys, d * cube


def _positive(keys: torch.Tensor, c: torch.Tensor, known: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Normal numbers x, redrawn until 1 + c x is positive, and 1 + c x."""
    x, v, done = torch.zeros_like(c), -torch.ones_like(c), known
    for rounds in count(1):
        keys, subkeys = _threefry.split(keys, 2).unbind(-2)
        drawn = normal(subkeys, (), c.dtype)
        x, v = torch.where(done, x, drawn), torch.where(done, v, 1 + drawn * c)
        done = done | ~(v <= 0)
        if finished(done, rounds, 2):
            break
    return x, v


def poisson(key: torch.Tensor, lam: torch.Tensor) -> torch.Tensor:
    """Poisson counts, as ``jax.random.poisson``: in single precision."""
    rate = lam.detach().to(torch.float32)
    is_small = torch.isnan(rate) | (rate < 10)
    small = _poisson_by_product(key, torch.where(is_small, rate, 0.0))
    large = _poisson_by_rejection(key, torch.where(is_small, 1e5, rate))
    return torch.where(rate == 0, 0.0, torch.where(is_small, small, large)).to(lam.dtype)


def _poisson_by_product(key: torch.Tensor, lam: torch.Tensor) -> torch.Tensor:
    """Knuth's method: the number of uniform numbers whose product falls below exp(-lam)."""
    number, log_product = torch.zeros_like(lam), torch.zeros_like(lam)
    for rounds in count():
        going = log_product > -lam
        if finished(~going, rounds, 45):
            break
        key, subkey = _threefry.split(key, 2).unbind(-2)
        number = torch.where(going, number + 1, number)
        log_product = log_product + uniform(subkey, lam.shape, lam.dtype).log()
    return number - 1


def _poisson_by_rejection(key: torch.Tensor, lam: torch.Tensor) -> torch.Tensor:
    """Hörmann's transformed rejection (PTRS)."""
    log_lam = lam.log()
    b = 0.931 + 2.53 * lam.sqrt()
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    v_r = 0.9277 - 3.6224 / (b - 2)
    number, accepted = torch.full_like(lam, -1.0), torch.zeros_like(lam, dtype=torch.bool)
    for rounds in count(1):
        key, u_key, v_key = _threefry.split(key, 3).unbind(-2)
        u = uniform(u_key, lam.shape, lam.dtype) - 0.5
        v = uniform(v_key, lam.shape, lam.dtype)
        us = 0.5 - u.abs()
        k = ((2 * a / us + b) * u + lam + 0.43).floor()
        s = (v * inverse_alpha / (a / (us * us) + b)).log()
        t = -lam + k * log_lam - torch.lgamma(k + 1)
        rejected = (k < 0) | ((us < 0.013) & (v > us))
        accept = ((us >= 0.07) & (v <= v_r)) | (~rejected & (s <= t))
        # As JAX, which overwrites accepted elements too while any element is still rejected.
        number = torch.where(accept & ~accepted.all(), k, number)
        accepted = accepted | accept
        if finished(accepted, rounds, 24):
            break
    return number


def binomial(key: torch.Tensor, n: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
    """Binomial counts, as ``jax.random.binomial``: NaN where `n` or `p` is out of range."""
    flipped = p >= 0.5
    q = torch.where(flipped, 1.0 - p, p)
    is_invalid = torch.isnan(n) | (n < 0) | torch.isnan(q) | (q < 0)
    q = torch.where(torch.isnan(q) | (q < 0), 0.01, q)
    by_inversion = torch.isnan(n) | (n < 0) | (n * q <= 10)
    trials = n.floor()
    few = _binomial_by_inversion(key, torch.where(by_inversion, trials, 0.0), q)
    by_rejection = ~by_inversion & ~torch.isinf(n)
    many = _binomial_by_rejection(key, torch.where(by_rejection, trials, 1e4), torch.where(by_rejection, q, 0.5))
    drawn = torch.where(by_inversion, few, many)
    drawn = torch.where(is_invalid, torch.nan, torch.where(torch.isinf(n), torch.inf, drawn))
    return torch.where(flipped & ~torch.isinf(n), trials - drawn, drawn)


def _binomial_by_inversion(key: torch.Tensor, n: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
    """The number of geometric waiting times that fit into n trials."""
    log_failure = torch.log1p(-p)
    number, waited = torch.zeros_like(p), torch.zeros_like(p)
    for rounds in count():
        going = waited <= n
        if finished(~going, rounds, 50):
            break
        subkey, key = _threefry.split(key, 2).unbind(-2)
        number = torch.where(going, number + 1, number)
        waited = waited + (uniform(subkey, p.shape, p.dtype).log() / log_failure).ceil()
    return number - 1


def _binomial_by_rejection(key: torch.Tensor, n: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
    """Hörmann's transformed rejection (BTRS)."""
    deviation = (n * p * (1 - p)).sqrt()
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * p
    c = n * p + 0.5
    v_r = 0.92 - 4.2 / b
    r = p / (1 - p)
    alpha = (2.83 + 5.1 / b) * deviation
    m = ((n + 1) * p).floor()
    at_mode = (m + 0.5) * ((m + 1) / (r * (n - m + 1))).log() + _stirling(m) + _stirling(n - m)
    number, accepted = torch.full_like(p, -1.0), torch.zeros_like(p, dtype=torch.bool)
    for rounds in count(1):
        key, u_key, v_key = _threefry.split(key, 3).unbind(-2)
        u = uniform(u_key, p.shape, p.dtype) - 0.5
        v = uniform(v_key, p.shape, p.dtype)
        us = 0.5 - u.abs()
        k = ((2 * a / us + b) * u + c).floor()
        bound = (
            at_mode
            + (n + 1) * ((n - m + 1) / (n - k + 1)).log()
            + (k + 0.5) * (r * (n - k + 1) / (k + 1)).log()
            - _stirling(k)
            - _stirling(n - k)
        )
        rejected = (k < 0) | (k > n)
        within = (v * alpha / (a / (us * us) + b)).log() <= bound
        accept = ((us >= 0.07) & (v <= v_r)) | (~rejected & within)
        # As JAX, which overwrites accepted elements too while any element is still rejected.
        number = torch.where(accept & ~accepted.all(), k, number)
        accepted = accepted | accept
        if finished(accepted, rounds, 24):
            break
    return number


_STIRLING = tuple(
    math.lgamma(k + 1) - ((k + 0.5) * math.log(k + 1) - (k + 1) + 0.5 * math.log(2 * math.pi)) for k in range(10)
)


def _stirling(k: torch.Tensor) -> torch.Tensor:
    """The remainder of Stirling's formula for log k!."""
    table = torch.tensor(_STIRLING, dtype=k.dtype, device=k.device)
    square = (k + 1) * (k + 1)
    series = (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1)
    return torch.where(k <= 9, table[k.clamp(0, 9).floor().to(torch.int64)], series)
