"""Dimensions: powers of length, mass, time and so on."""

from pint.util import UnitsContainer

__all__ = ["DIMENSIONLESS", "Dimension"]


class Dimension(UnitsContainer):
    """A physical dimension: powers of length, mass, time and so on. It is pint's dict with brainunit's
    `is_dimensionless`.

    Parameters
    ----------
    *args, **kwargs
        The exponents by the names of base dimensions, as for ``dict``.
    non_int_type
        The type of exponents that are not integers; see pint.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.mV.dim == u.volt.dim, u.mV.dim.is_dimensionless, dict(u.cm2.dim)
    (True, False, {'[length]': 2})
    """

    __slots__ = ()

    @property
    def is_dimensionless(self) -> bool:
        """Whether it is the dimension of numbers."""
        return not self


DIMENSIONLESS = Dimension()
