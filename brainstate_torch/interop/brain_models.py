"""Models of brainstate here, and ours there."""

from typing import Any

from .._state import State
from ._brain_layers import Exporting, Importing
from ._extras import extra
from ._optimizers import exported_optimizer, imported_optimizer, is_optimizer
from ._torch_values import settled
from .values import is_foreign_state

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
        A layer, a ``Sequential`` of them, a State such as ``brainstate.random.DEFAULT``, or an optimizer of braintools;
        or a dictionary, list or tuple of these, such as ``(model, optimizer)``, whose States stay shared.

    Returns
    -------
    Module
        A new model, State or optimizer, or a container of them; it shares no memory with the old one.

    Raises
    ------
    UnmappedLayerError
        A layer has no counterpart; names its path.
    ConversionError
        A layer cannot be made with the States that it has.
    UnsupportedLayerError
        An optimizer whose numbers are others here, or with a schedule of its learning rate.
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
    return settled(_each(model, Importing(), is_foreign_state, imported_optimizer, "model"))


def to_brainstate(model: Any) -> Any:
    """The model as brainstate's; the inverse of :func:`from_brainstate`.

    Parameters
    ----------
    model
        A layer, a ``Sequential`` of them, a State, an optimizer, or a container of them.

    Returns
    -------
    brainstate.nn.Module
        A new model, State or optimizer, or a container of them.

    Raises
    ------
    UnmappedLayerError, ConversionError, UnsupportedLayerError, MissingDependencyError
        As :func:`from_brainstate`.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> model = brainstate.interop.to_brainstate(brainstate.nn.Linear(2, 3))
    >>> type(model).__module__, model.weight.value['weight'].shape
    ('brainstate.nn', (2, 3))
    """
    extra("brainstate", "jax")
    return _each(model, Exporting(), lambda x: isinstance(x, State), exported_optimizer, "model")


def _each(x: Any, converter: Any, is_state: Any, optimizer_of: Any, path: str) -> Any:
    """The counterpart of a model, State or optimizer, or of each in a container."""
    if isinstance(x, dict):
        return {key: _each(part, converter, is_state, optimizer_of, f"{path}[{key!r}]") for key, part in x.items()}
    if type(x) in (list, tuple):
        return type(x)(_each(part, converter, is_state, optimizer_of, f"{path}[{i}]") for i, part in enumerate(x))
    if is_state(x):
        return converter.twin(x, path)
    return optimizer_of(x, converter, path) if is_optimizer(x) else converter.convert(x, path)
