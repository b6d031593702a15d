"""numpy's functions on tensors and quantities: ``u.math.sum(q, axis=0)``.

Names, arguments and results are those of jax.numpy and brainunit.math, on torch's tensors. Numbers, lists and numpy
arrays are taken where an array is wanted; torch's names of arguments (``dim``, ``keepdim``) are taken, too. Indices and
counts are integers of `environ`, 32 bits wide unless it says 64. What happens to units stands in `units.rules`, for all
functions. A function that needs plain numbers takes ``unit_to_scale=u.mV``: the unit in which to count a quantity.
"""

from math import e, inf, nan, pi
from typing import Any

import numpy as np

from .. import absent, creation, decorators, dtypes, einops, elementwise, fft, functions, linalg
from ..array_questions import get_dtype, is_float, is_int, isscalar, ndim, shape, size
from ..creation import *
from ..decorators import *
from ..dtypes import *
from ..einops import *
from ..elementwise import *
from ..exprel import exprel, set_exprel_order
from ..functions import *
from . import arrays, numbers, products, reductions, selection
from .arrays import *
from .numbers import *
from .products import *
from .reductions import *
from .selection import *

__all__ = ["bool", "e", "euler_gamma", "exprel", "fft", "inf", "linalg", "nan", "newaxis", "pi", "set_exprel_order"]
__all__ += ["get_dtype", "is_float", "is_int", "isscalar", "ndim", "shape", "size"]
__all__ += arrays.__all__
__all__ += numbers.__all__
__all__ += products.__all__
__all__ += reductions.__all__
__all__ += selection.__all__
__all__ += creation.__all__
__all__ += decorators.__all__
__all__ += dtypes.__all__
__all__ += einops.__all__
__all__ += elementwise.__all__
__all__ += functions.__all__

newaxis = None
bool = dtypes.bool_
euler_gamma = float(np.euler_gamma)


def __getattr__(name: str) -> Any:
    absent.refuse(__name__, name)
