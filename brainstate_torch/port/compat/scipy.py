"""Special functions: ``jax.scipy.special``, and its module ``stats`` in part."""

from typing import Any

import torch

from ...nn import logsumexp
from ...units import math

__all__ = ["erf", "erfc", "erfinv", "expit", "gammaln", "i0", "i1", "logit", "logsumexp", "special", "xlogy"]


def _special(name: str) -> Any:
    function = getattr(torch.special, name)

    def special(*args: Any) -> Any:
        arrays = [math.asarray(x) for x in args]
        return function(*[x if x.is_floating_point() else x.float() for x in arrays])

    special.__name__, special.__doc__ = name, f"``torch.special.{name}`` of arrays and numbers."
    return special


erf, erfc, erfinv, expit, gammaln = (_special(name) for name in ("erf", "erfc", "erfinv", "expit", "gammaln"))
i0, i1, logit, xlogy, digamma, ndtr, ndtri = (
    _special(name) for name in ("i0", "i1", "logit", "xlogy", "digamma", "ndtr", "ndtri")
)


class special:
    """The same functions, by the longer way."""

    erf, erfc, erfinv, expit, gammaln = map(staticmethod, (erf, erfc, erfinv, expit, gammaln))
    i0, i1, logit, xlogy, logsumexp = map(staticmethod, (i0, i1, logit, xlogy, logsumexp))
    digamma, ndtr, ndtri = map(staticmethod, (digamma, ndtr, ndtri))
