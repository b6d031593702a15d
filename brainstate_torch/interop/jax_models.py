"""Models of flax.nnx, flax.linen and equinox here and back."""

from typing import Any

from ._extras import extra
from ._jax_walks import EXPORTERS, IMPORTERS, LinenNode, package_of
from ._torch_values import settled

__all__ = ["from_equinox", "from_linen", "from_nnx", "to_equinox", "to_linen", "to_nnx"]


def _into(framework: str, node: Any, sample_input: Any) -> Any:
    package_of(framework)
    return settled(IMPORTERS[framework](sample_input).convert(node))


def _out(framework: str, model: Any, value: Any = None) -> Any:
    package_of(framework)
    return EXPORTERS[framework](value).convert(model)


def from_nnx(model: Any, *, sample_input: Any = None) -> Any:
    """A model of flax.nnx here: one layer, or ``nnx.Sequential`` of layers and activations.

    Parameters
    ----------
    model
        A layer that brainstate.interop takes (:func:`supported_layers` lists them) or that has an entry in the
        registry, or a sequence of them.
    sample_input
        One example without the batch, or its shape; for convolutions and batch normalisation, whose size is fixed here.

    Returns
    -------
    Module
        A new model that gives the same while it is not fitted.

    Raises
    ------
    UnmappedLayerError
        A layer is not known.
    UnsupportedLayerError
        A layer is known to compute something else here, as nnx.GRUCell does.
    UnsupportedStructureError
        A module calls its layers in a way of its own.
    MissingShapeError
        `sample_input` is needed.
    ConversionError
        Values do not fit.
    MissingDependencyError
        flax or brainstate is not installed.

    Notes
    -----
    Source: brainstate.interop.from_nnx (0.5.4). Differs: functions of jax.nn in a sequence become layers here.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> from flax import nnx
    >>> model = nnx.Sequential(nnx.Linear(2, 3, rngs=nnx.Rngs(0)), nnx.relu)
    >>> [type(layer).__name__ for layer in brainstate.interop.from_nnx(model).layers]
    ['Linear', 'ReLU']
    """
    return _into("nnx", model, sample_input)


def to_nnx(model: Any, *, rngs: Any = None) -> Any:
    """A model of ours as one of flax.nnx; the inverse of :func:`from_nnx`.

    Parameters
    ----------
    model
        A layer or a Sequential.
    rngs
        ``nnx.Rngs`` that the layers are made with; their first values are replaced.

    Returns
    -------
    flax.nnx.Module
        A new model, in evaluation: its normalisation uses the running statistics, its dropout does nothing.

    Raises
    ------
    UnmappedLayerError, UnsupportedLayerError, UnsupportedStructureError, ConversionError, MissingDependencyError
        As :func:`from_nnx`.

    Notes
    -----
    Source: brainstate.interop.to_nnx (0.5.4). Differs: activations become functions of jax.nn.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> type(brainstate.interop.to_nnx(brainstate.nn.Linear(2, 3))).__name__
    'Linear'
    """
    return _out("nnx", model, rngs)


def from_linen(module: Any, params: Any, *, sample_input: Any = None) -> Any:
    """A model of flax.linen here: one layer, or ``linen.Sequential`` of layers and activations.

    Parameters
    ----------
    module
        The module, as for :func:`from_nnx`.
    params
        Its variables, as ``module.init`` gives them: ``{'params': ..., 'batch_stats': ...}``.
    sample_input
        As for :func:`from_nnx`.

    Returns
    -------
    Module
        A new model that gives the same while it is not fitted.

    Raises
    ------
    UnmappedLayerError, UnsupportedLayerError, UnsupportedStructureError, MissingShapeError, ConversionError
        As :func:`from_nnx`.
    MissingDependencyError
        flax or brainstate is not installed.

    Notes
    -----
    Source: brainstate.interop.from_linen (0.5.4). Differs: as :func:`from_nnx`.

    Examples
    --------
    >>> import jax, flax.linen as linen, brainstate_torch as brainstate
    >>> module = linen.Dense(3)
    >>> variables = module.init(jax.random.key(0), jax.numpy.ones(2))
    >>> brainstate.interop.from_linen(module, variables).weight.value['weight'].shape
    torch.Size([2, 3])
    """
    package_of("linen")
    return _into("linen", LinenNode(module, extra("flax.core", "interop").unfreeze(params)), sample_input)


def to_linen(model: Any) -> tuple[Any, Any]:
    """A model of ours as one of flax.linen, and its variables; the inverse of :func:`from_linen`.

    Parameters
    ----------
    model
        A layer or a Sequential.

    Returns
    -------
    tuple
        The module, and a FrozenDict for its ``apply``.

    Raises
    ------
    UnmappedLayerError, UnsupportedLayerError, UnsupportedStructureError, ConversionError, MissingDependencyError
        As :func:`from_nnx`.

    Notes
    -----
    Source: brainstate.interop.to_linen (0.5.4). Differs: as :func:`to_nnx`.

    Examples
    --------
    >>> import jax, brainstate_torch as brainstate
    >>> module, variables = brainstate.interop.to_linen(brainstate.nn.Linear(2, 3))
    >>> module.apply(variables, jax.numpy.ones(2)).shape
    (3,)
    """
    found = _out("linen", model)
    return found.module, extra("flax.core", "interop").freeze(found.variables)


def from_equinox(model: Any, *, sample_input: Any = None) -> Any:
    """A model of equinox here: one layer, or ``equinox.nn.Sequential`` of layers and activations.

    Parameters
    ----------
    model
        The model, as for :func:`from_nnx`. equinox has the channels first; here they are last, also in `sample_input`.
    sample_input
        As for :func:`from_nnx`.

    Returns
    -------
    Module
        A new model that gives the same while it is not fitted.

    Raises
    ------
    UnmappedLayerError, UnsupportedLayerError, UnsupportedStructureError, MissingShapeError, ConversionError
        As :func:`from_nnx`.
    MissingDependencyError
        equinox or brainstate is not installed.

    Notes
    -----
    Source: brainstate.interop.from_equinox (0.5.4). Differs: ``equinox.nn.Lambda`` becomes a layer or a function here.

    Examples
    --------
    >>> import jax, equinox, brainstate_torch as brainstate
    >>> model = equinox.nn.Linear(2, 3, key=jax.random.key(0))
    >>> brainstate.interop.from_equinox(model).weight.value['weight'].shape
    torch.Size([2, 3])
    """
    return _into("equinox", model, sample_input)


def to_equinox(model: Any, *, key: Any = None) -> Any:
    """A model of ours as one of equinox; the inverse of :func:`from_equinox`.

    Parameters
    ----------
    model
        A layer or a Sequential.
    key
        A key of JAX's that the layers are made with; their first values are replaced.

    Returns
    -------
    equinox.Module
        A new model.

    Raises
    ------
    UnmappedLayerError, UnsupportedLayerError, UnsupportedStructureError, ConversionError, MissingDependencyError
        As :func:`from_nnx`.

    Notes
    -----
    Source: brainstate.interop.to_equinox (0.5.4). Differs: activations become ``equinox.nn.Lambda``.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.interop.to_equinox(brainstate.nn.Linear(2, 3)).weight.shape
    (3, 2)
    """
    return _out("equinox", model, key)
