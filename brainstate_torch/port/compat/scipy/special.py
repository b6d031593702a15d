"""Special functions: ``jax.scipy.special``."""

from collections.abc import Callable
from typing import Any

import torch

from ....nn import log_softmax, logsumexp, softmax
from ....units import math

__all__ = ["log_softmax", "logsumexp", "softmax"]


def _floats(args: Any) -> list[torch.Tensor]:
    arrays = [math.asarray(x) for x in args]
    return [x if x.is_floating_point() else x.float() for x in arrays]


def _special(name: str, function: Callable[..., Any]) -> Any:
    def special(*args: Any) -> Any:
        return function(*_floats(args))

    special.__name__ = special.__qualname__ = name
    special.__doc__ = f"``jax.scipy.special.{name}`` of arrays and numbers."
    return special


def _betaln(a: torch.Tensor, b: torch.Tensor) -> Any:
    return torch.special.gammaln(a) + torch.special.gammaln(b) - torch.special.gammaln(a + b)


def _gamma(x: torch.Tensor) -> Any:
    # Negative between -1 and 0, -3 and -2, and so on.
    sign = torch.where((x < 0) & (torch.floor(x) % 2 != 0), -1.0, 1.0)
    return sign * torch.exp(torch.special.gammaln(x))


_OF_TORCH = (
    "erf", "erfc", "erfinv", "expit", "gammaln", "i0", "i0e", "i1", "i1e", "logit", "xlogy", "xlog1py", "digamma",
    "ndtr", "ndtri", "log_ndtr", "erfcx", "entr", "gammainc", "gammaincc", "zeta",
)  # fmt: skip
_OTHERS: dict[str, Callable[..., Any]] = {
    "betaln": _betaln,
    "beta": lambda a, b: torch.exp(_betaln(a, b)),
    "gamma": _gamma,
    "factorial": lambda n: torch.exp(torch.special.gammaln(n + 1)),
    "poch": lambda z, m: torch.exp(torch.special.gammaln(z + m) - torch.special.gammaln(z)),
    "rel_entr": lambda p, q: torch.where(
        (p > 0) & (q > 0), p * torch.log(p / q), torch.where((p == 0) & (q >= 0), 0.0, torch.inf)
    ),
    "kl_div": lambda p, q: torch.where(
        (p > 0) & (q > 0), p * torch.log(p / q) - p + q, torch.where((p == 0) & (q >= 0), q, torch.inf)
    ),
}
_FUNCTIONS = {
    name: _special(name, function)
    for name, function in {**{n: getattr(torch.special, n) for n in _OF_TORCH}, **_OTHERS}.items()
}
globals().update(_FUNCTIONS)
__all__ += list(_FUNCTIONS)


def multigammaln(a: Any, d: int) -> Any:
    """The logarithm of the gamma function of `d` dimensions."""
    return torch.special.multigammaln(_floats([a])[0], d)


def polygamma(n: Any, x: Any) -> Any:
    """The n-th derivative of the digamma function."""
    return torch.special.polygamma(int(n), _floats([x])[0])
