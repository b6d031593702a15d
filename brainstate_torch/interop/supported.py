"""supported_layers: the layers that can be converted."""

from .. import nn
from ._brain_layers import shared_names, shared_neurons
from ._extras import extra
from ._jax_walks import package_of
from ._nir_nodes import register
from .registry import FRAMEWORKS, known_names

__all__ = ["supported_layers"]


def supported_layers(framework: str | None = None) -> dict[str, list[str]]:
    """The layers that go over, by the names of their classes here.

    Parameters
    ----------
    framework
        ``'brainstate'``, ``'torch'``, ``'nnx'``, ``'linen'``, ``'equinox'`` or ``'nir'``; None: all of
        them.

    Returns
    -------
    dict
        The names for each framework.

    Raises
    ------
    ValueError
        There is no such framework.
    MissingDependencyError
        The framework is not installed.

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
    frameworks = FRAMEWORKS if framework is None else (framework,)
    if "nir" in frameworks:
        register()
    return {each: sorted(known_names(each) | _by_brainstate(each)) for each in frameworks}


def _by_brainstate(framework: str) -> set[str]:
    """The classes here that go over without an entry of our registry."""
    if framework in ("torch", "nir"):
        return set()
    if framework == "brainstate":
        return shared_names() | shared_neurons()
    package_of(framework)
    names = extra("brainstate", "jax").interop.supported_layers(framework)[framework]
    return {name for name in names if hasattr(nn, name)}
