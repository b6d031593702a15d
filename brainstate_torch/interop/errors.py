"""The errors of conversions between frameworks, with brainstate's names."""

from .._errors import BrainStateError

__all__ = [
    "ConversionError",
    "InteropError",
    "MissingDependencyError",
    "MissingShapeError",
    "UnmappedLayerError",
    "UnsupportedLayerError",
    "UnsupportedStructureError",
]


class InteropError(BrainStateError):
    """Something cannot go from one framework to the other.

    Notes
    -----
    Source: brainstate.interop.InteropError (0.5.4).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> issubclass(brainstate.interop.UnmappedLayerError, brainstate.interop.InteropError)
    True
    """


class MissingDependencyError(InteropError, ImportError):
    """A package of the other side is not installed.

    Notes
    -----
    Source: brainstate.interop.MissingDependencyError (0.5.4). Differs: an ImportError too.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> issubclass(brainstate.interop.MissingDependencyError, ImportError)
    True
    """


class UnmappedLayerError(InteropError):
    """A layer has no entry in the registry; :func:`register_layer_mapping` adds one.

    Notes
    -----
    Source: brainstate.interop.UnmappedLayerError (0.5.4).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> issubclass(brainstate.interop.UnmappedLayerError, brainstate.BrainStateError)
    True
    """


class UnsupportedLayerError(InteropError):
    """A layer is known, and cannot be expressed on the other side.

    Notes
    -----
    Source: brainstate.interop.UnsupportedLayerError (0.5.4).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> issubclass(brainstate.interop.UnsupportedLayerError, brainstate.interop.InteropError)
    True
    """


class UnsupportedStructureError(InteropError):
    """Layers are put together in a way that no entry of the registry describes.

    Notes
    -----
    Source: brainstate.interop.UnsupportedStructureError (0.5.4).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> issubclass(brainstate.interop.UnsupportedStructureError, brainstate.interop.InteropError)
    True
    """


class MissingShapeError(InteropError):
    """A layer needs the shape of its input, which its counterpart does not know.

    Notes
    -----
    Source: brainstate.interop.MissingShapeError (0.5.4).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> issubclass(brainstate.interop.MissingShapeError, brainstate.interop.InteropError)
    True
    """


class ConversionError(InteropError):
    """The values of a layer do not fit into its counterpart.

    Notes
    -----
    Source: brainstate.interop.ConversionError (0.5.4).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> issubclass(brainstate.interop.ConversionError, brainstate.interop.InteropError)
    True
    """
