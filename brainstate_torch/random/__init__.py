"""Random numbers: RandomState, the State that they are drawn from, and functions that draw from a common one.

The functions are those of numpy.random, with units. :func:`seed` starts the common stream, which transforms see as a
State: a draw in a mapped function differs from lane to lane, and a function that raises leaves the stream where it was.
"""

from ._default import DEFAULT
from ._functions import *  # noqa: F403
from ._functions import _NAMES as _distributions
from ._seeding import *  # noqa: F403
from ._seeding import __all__ as _seeding_names
from ._state import RandomState

__all__ = ["DEFAULT", "RandomState", *_distributions, *_seeding_names]
