"""Names that count up."""

import threading
from collections import Counter

__all__ = ["get_unique_name"]


class _Counts(threading.local):
    """How many names of each type this thread has handed out."""

    def __init__(self) -> None:
        self.by_type: Counter[str] = Counter()


_COUNTS = _Counts()


def get_unique_name(type_: str, prefix: str = "") -> str:
    """The next name of a type in this thread: the prefix, the type, and a number that counts per type.

    Parameters
    ----------
    type_
        The name of the type.
    prefix
        What stands before it.

    Returns
    -------
    str
        The name.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> [brainstate.util.get_unique_name('cell', 'my_') for _ in range(2)]
    ['my_cell0', 'my_cell1']
    """
    number = _COUNTS.by_type[type_]
    _COUNTS.by_type[type_] += 1
    return f"{prefix}{type_}{number}"
