"""Models of brainstate here, and ours there."""

from typing import Any

from .._state import State
from ._brain_layers import Exporting, Importing
from ._extras import extra
from .values import array_tree, is_foreign_state, tensor_tree

__all__ = ["from_brainstate", "to_brainstate"]


def from_brainstate(model: Any) -> Any:
    """The model of brainstate's here: the same layers, with the values of all States.

    Layers, cells, transforms of parameters and penalties are found by the name of their class; others by what
    :func:`register_layer_mapping` was told. States keep their path, kind, name and tags, also those that ``init_state``
    made, and one that is shared stays shared. Functions such as activations become those of the same name, and those of
    the user :func:`from_jax`.

    Parameters
    ----------
    model
        A layer, a ``Sequential`` of them, or a State.

    Returns
    -------
    Module
        A new model; it shares no memory with the old one.

    Raises
    ------
    UnmappedLayerError
        A layer has no counterpart; names its path.
    ConversionError
        A layer cannot be made with the States that it has.
    MissingDependencyError
        brainstate is not installed.

    Notes
    -----
    Source: brainstate.interop (0.5.4), which does this between JAX's frameworks.

    Examples
    --------
    >>> import brainstate as theirs, brainstate_torch as brainstate
    >>> model = brainstate.interop.from_brainstate(theirs.nn.Sequential(theirs.nn.Linear(2, 3), theirs.nn.ReLU()))
    >>> model.layers[0].weight.value['weight'].shape
    torch.Size([2, 3])
    """
    extra("brainstate", "jax")
    return tensor_tree(model, True, "`model`") if is_foreign_state(model) else Importing().convert(model)


def to_brainstate(model: Any) -> Any:
    """The model as brainstate's; the way back of :func:`from_brainstate`.

    Parameters
    ----------
    model
        A layer, a ``Sequential`` of them, or a State.

    Returns
    -------
    brainstate.nn.Module
        A new model.

    Raises
    ------
    UnmappedLayerError, ConversionError, MissingDependencyError
        As :func:`from_brainstate`.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> model = brainstate.interop.to_brainstate(brainstate.nn.Linear(2, 3))
    >>> type(model).__module__, model.weight.value['weight'].shape
    ('brainstate.nn', (2, 3))
    """
    extra("brainstate", "jax")
    return array_tree(model, False, "`model`") if isinstance(model, State) else Exporting().convert(model)
