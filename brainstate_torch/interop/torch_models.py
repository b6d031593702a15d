"""Models of torch.nn as ours, and back."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn as tnn

from .. import nn
from . import _torch_layers  # noqa: F401  registers the layers
from ._torch_recurrent import as_cells, as_sequence
from ._walk import Exporter, Importer
from .errors import ConversionError, UnmappedLayerError, UnsupportedStructureError
from .registry import exported, imported

__all__ = ["from_torch_nn", "to_torch_nn"]


def from_torch_nn(model: torch.nn.Module, *, sample_input: Any = None) -> Any:
    """A model of torch.nn as layers of this package, with its values.

    Weights get our layout, gates our order. The input stays as it is: channels are first where torch has them first.
    LSTM, GRU and RNN become a Sequential of cells, one for each layer, which makes one step at a call: give it to
    ``for_loop``.

    Parameters
    ----------
    model
        A layer of :func:`supported_layers` ``('torch')``, or a ``torch.nn.Sequential`` of them, also a nested one.
    sample_input
        One example without the batch, or its shape; for convolutions, batch and group normalisation, whose size is
        fixed here.

    Returns
    -------
    Module
        A new model; it shares no memory with the old one. What was frozen or in evaluation is so here.

    Raises
    ------
    UnmappedLayerError
        A layer is not known, or has a ``forward`` of its own.
    UnsupportedLayerError
        A layer is known, and has an option that ours lacks.
    UnsupportedStructureError
        A module calls its layers in a way of its own.
    MissingShapeError
        `sample_input` is needed.
    ConversionError
        Values do not fit.

    Notes
    -----
    Source: brainstate.interop (0.5.4), which does this between JAX's frameworks. The name is that of the namespace, as
    in ``from_nnx``; ``to_torch`` is for values.

    While they are fitted, batch normalisations differ: torch divides the variance that it keeps by N - 1, ours by N.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> theirs = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU())
    >>> ours = brainstate.interop.from_torch_nn(theirs)
    >>> bool((ours(torch.ones(2)) == theirs(torch.ones(2))).all())
    True
    """
    return _TorchImporter(sample_input).convert(model)


def to_torch_nn(model: Any) -> torch.nn.Module:
    """A model of ours as layers of torch.nn; the inverse of :func:`from_torch_nn`.

    A cell becomes torch's cell, and a Sequential of cells of one size torch's LSTM, GRU or RNN.

    Parameters
    ----------
    model
        A layer or a Sequential.

    Returns
    -------
    torch.nn.Module
        A new model for the same inputs; layers with the channels last have their axes moved.

    Raises
    ------
    UnmappedLayerError, UnsupportedLayerError, UnsupportedStructureError, ConversionError
        As :func:`from_torch_nn`; also for units, which torch.nn has not.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.interop.to_torch_nn(brainstate.nn.Linear(2, 3))
    Linear(in_features=2, out_features=3, bias=True)
    """
    return _TorchExporter().convert(model)  # type: ignore[no-any-return]


def _as_before(old: Any, new: Any) -> Any:
    """The new layer, frozen and in evaluation if the old one is."""
    parameters = list(old.parameters())
    if parameters and not any(x.requires_grad for x in parameters):
        for x in new.parameters():
            x.requires_grad_(False)
    return new.train(old.training)


def _calls_alike(kind: type, known: type, method: str) -> bool:
    """Whether a class computes what the base that is known does."""
    return getattr(kind, method, None) is getattr(known, method, None)


class _TorchImporter(Importer):
    framework = "torch"

    def _converted(self, node: Any) -> Any:
        if not isinstance(node, torch.nn.Module):
            raise TypeError(f"`model` must be a module of torch. Got {type(node).__name__}.")
        mapping = imported("torch", type(node))
        if mapping is not None and not _calls_alike(type(node), mapping.foreign_type, "forward"):
            raise UnmappedLayerError(
                f"a layer must be known. Got {type(node).__name__}, which has a `forward` of its own. Write its "
                "counterpart and add it with `register_layer_mapping`."
            )
        try:
            made = super()._converted(node)
        except (ValueError, TypeError) as error:
            raise ConversionError(f"{type(node).__name__} must fit into its counterpart. Got: {error}") from error
        return _as_before(node, made)

    def parts(self, node: Any) -> Sequence[Any] | None:
        if isinstance(node, tnn.Sequential) and type(node).forward is tnn.Sequential.forward:
            return list(node)
        return as_cells(node)

    def leaf(self, node: Any) -> Any:
        if isinstance(node, nn.Module):
            return node
        if any(True for _ in node.children()):
            raise UnsupportedStructureError(
                f"`model` must be a layer, or a Sequential of layers. Got {type(node).__name__}, whose `forward` no "
                "converter can read. Convert its layers, or use the module as it is inside a Module."
            )
        raise UnmappedLayerError(
            f"a layer must be known. Got torch.nn's {type(node).__name__}. Write its counterpart and add it with "
            "`register_layer_mapping`."
        )


class _TorchExporter(Exporter):
    framework = "torch"

    def _converted(self, node: Any) -> Any:
        mapping = exported("torch", type(node))
        if mapping is not None and not _calls_alike(type(node), mapping.bst_type, "update"):
            raise UnmappedLayerError(
                f"a layer must be known. Got {type(node).__name__}, which has an `update` of its own. Write its "
                "counterpart and add it with `register_layer_mapping`."
            )
        return _as_before(node, super()._converted(node)) if isinstance(node, nn.Module) else self.leaf(node)

    def sequence(self, parts: list[Any]) -> Any:
        if not any(isinstance(part, (tnn.RNNCellBase, tnn.RNNBase)) for part in parts):
            return tnn.Sequential(*parts)
        if not any(isinstance(part, tnn.RNNBase) for part in parts):
            found = as_sequence(parts)
            if found is not None:
                return found
        raise UnsupportedStructureError(
            "a Sequential with cells must have cells of one kind and size alone, which become torch's LSTM, GRU or "
            f"RNN. Got {', '.join(type(part).__name__ for part in parts)}; torch's Sequential hands on no state. "
            "Convert the parts, and call them in a module of your own."
        )

    def leaf(self, node: Any) -> Any:
        if isinstance(node, torch.nn.Module) and not isinstance(node, nn.Module):
            return node
        if isinstance(node, nn.Module) and any(isinstance(child, nn.Module) for child in node.children()):
            raise UnsupportedStructureError(
                f"`model` must be a layer, or a Sequential of layers. Got {type(node).__name__}, whose `update` no "
                "converter can read. Add an entry with `register_layer_mapping`, or convert its layers."
            )
        raise UnmappedLayerError(
            f"a layer must be one that torch.nn has. Got {type(node).__name__}. Write its counterpart and add it with "
            "`register_layer_mapping`."
        )
