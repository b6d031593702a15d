"""Parts of a whole number."""

__all__ = ["split_total"]


def split_total(total: int, fraction: int | float) -> int:
    """How many of `total` elements a fraction stands for.

    Parameters
    ----------
    total
        A positive number of elements.
    fraction
        A float from 0 to 1, the share to take, rounded down; or an int from 0 to `total`, the number itself.

    Returns
    -------
    int
        The number of elements.

    Raises
    ------
    TypeError
        `total` is not an int, or `fraction` neither an int nor a float.
    ValueError
        `total` is not positive, or `fraction` is out of its range.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.util.split_total(10, 0.25), brainstate.util.split_total(10, 3)
    (2, 3)
    """
    if isinstance(total, bool) or not isinstance(total, int):
        raise TypeError(f"`total` must be an integer. Got {type(total).__name__}.")
    if total <= 0:
        raise ValueError(f"`total` must be a positive integer. Got {total}.")
    if isinstance(fraction, bool) or not isinstance(fraction, (int, float)):
        raise TypeError(f"`fraction` must be an integer or float. Got {type(fraction).__name__}.")
    if fraction < 0:
        raise ValueError(f"`fraction` cannot be negative. Got {fraction}.")
    if isinstance(fraction, int):
        if fraction > total:
            raise ValueError(f"`fraction` cannot be greater than total, {total}. Got {fraction}.")
        return fraction
    if not fraction <= 1:
        raise ValueError(f"`fraction` cannot be greater than 1 as a float. Got {fraction}.")
    return int(total * fraction)
