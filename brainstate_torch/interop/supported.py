"""supported_layers: what goes over to another framework."""

from ._brain_layers import shared_names
from .registry import FRAMEWORKS, known_names

__all__ = ["supported_layers"]


def supported_layers(framework: str | None = None) -> dict[str, list[str]]:
    """The layers that go over, by the names of their classes here.

    Parameters
    ----------
    framework
        ``'brainstate'`` or ``'torch'``; None: both.

    Returns
    -------
    dict
        The names for each framework.

    Raises
    ------
    ValueError
        There is no such framework.

    Notes
    -----
    Source: brainstate.interop.supported_layers (0.5.4).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> 'GRUCell' in brainstate.interop.supported_layers('brainstate')['brainstate']
    True
    """
    if framework is not None and framework not in FRAMEWORKS:
        raise ValueError(f"`framework` must be one of {', '.join(FRAMEWORKS)}. Got {framework!r}.")
    found = {}
    for each in FRAMEWORKS if framework is None else (framework,):
        found[each] = sorted(known_names(each) | (shared_names() if each == "brainstate" else set()))
    return found
