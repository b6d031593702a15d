"""The registry of corresponding layers, beyond those of equal names."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["FRAMEWORKS", "LayerMapping", "exported", "imported", "known_names", "register_layer_mapping"]

#: torch is torch.nn; nnx, linen and equinox go by way of brainstate.interop.
FRAMEWORKS = ("brainstate", "torch", "nnx", "linen", "equinox", "nir")


@dataclass(frozen=True)
class LayerMapping:
    """The conversion of a layer, in both directions.

    Parameters
    ----------
    bst_type
        The class here.
    framework
        ``'brainstate'``, ``'torch'``, ``'nnx'``, ``'linen'``, ``'equinox'`` or ``'nir'``.
    foreign_type
        The class there.
    to_bst
        ``(foreign layer, context)`` gives the layer here; ``context.convert(child)`` converts a part, and
        ``context.require_size(name)`` is the size of the input without the batch. A layer of linen is an object with
        `module` and `variables`.
    to_foreign
        The inverse.

    Notes
    -----
    Source: brainstate.interop.LayerMapping (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.interop.register_layer_mapping(brainstate.interop.LayerMapping(
    ...     brainstate.nn.Flatten, 'torch', torch.nn.Flatten,
    ...     lambda layer, context: brainstate.nn.Flatten(layer.start_dim, layer.end_dim),
    ...     lambda layer, context: torch.nn.Flatten(layer.start_axis, layer.end_axis)))
    """

    bst_type: type
    framework: str
    foreign_type: type
    to_bst: Callable[..., Any]
    to_foreign: Callable[..., Any]


_IMPORT: dict[tuple[str, type], LayerMapping] = {}
_EXPORT: dict[tuple[str, type], LayerMapping] = {}


def register_layer_mapping(mapping: LayerMapping) -> None:
    """Let a layer go over; an earlier entry for the same classes is replaced.

    Parameters
    ----------
    mapping
        The entry.

    Raises
    ------
    ValueError
        There is no such framework.

    Notes
    -----
    Source: brainstate.interop.register_layer_mapping (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.interop.register_layer_mapping(brainstate.interop.LayerMapping(
    ...     brainstate.nn.Tanh, 'torch', torch.nn.Tanh, lambda *_: brainstate.nn.Tanh(), lambda *_: torch.nn.Tanh()))
    >>> 'Tanh' in brainstate.interop.supported_layers('torch')['torch']
    True
    """
    if mapping.framework not in FRAMEWORKS:
        raise ValueError(f"`framework` must be one of {', '.join(FRAMEWORKS)}. Got {mapping.framework!r}.")
    _IMPORT[mapping.framework, mapping.foreign_type] = mapping
    _EXPORT[mapping.framework, mapping.bst_type] = mapping


def imported(framework: str, kind: type) -> LayerMapping | None:
    """The entry for a class of another framework, or for the nearest of its bases."""
    return next((_IMPORT[framework, base] for base in kind.__mro__ if (framework, base) in _IMPORT), None)


def exported(framework: str, kind: type) -> LayerMapping | None:
    """The entry for a class of ours, or for the nearest of its bases."""
    return next((_EXPORT[framework, base] for base in kind.__mro__ if (framework, base) in _EXPORT), None)


def known_names(framework: str) -> set[str]:
    """The classes here that have an entry for a framework."""
    return {kind.__name__ for known, kind in _EXPORT if known == framework}
