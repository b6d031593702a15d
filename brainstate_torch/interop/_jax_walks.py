"""Layers of flax.nnx, flax.linen and equinox: containers and functions here, layers by brainstate.interop."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

from .. import nn
from . import errors
from ._brain_layers import Exporting, Importing
from ._extras import extra, jax
from ._walk import Exporter, Importer

__all__ = ["EXPORTERS", "IMPORTERS", "LinenNode", "package_of"]

#: Activations: the layer here, the function of jax.nn, and the arguments that both have.
_ACTIVATIONS: tuple[tuple[type, str, tuple[str, ...]], ...] = (
    (nn.ReLU, "relu", ()),
    (nn.ReLU6, "relu6", ()),
    (nn.Sigmoid, "sigmoid", ()),
    (nn.Tanh, "tanh", ()),
    (nn.SiLU, "silu", ()),
    (nn.SELU, "selu", ()),
    (nn.Softsign, "soft_sign", ()),
    (nn.LogSigmoid, "log_sigmoid", ()),
    (nn.Mish, "mish", ()),
    (nn.GELU, "gelu", ("approximate",)),
    (nn.ELU, "elu", ("alpha",)),
    (nn.CELU, "celu", ("alpha",)),
    (nn.LeakyReLU, "leaky_relu", ("negative_slope",)),
)
#: Arguments whose default in JAX differs from the one here.
_DEFAULTS: dict[str, dict[str, Any]] = {"gelu": {"approximate": True}}
_PACKAGES = {"nnx": "flax.nnx", "linen": "flax.linen", "equinox": "equinox"}


class LinenNode(NamedTuple):
    """A linen module with its own variables, as the functions of a mapping take and return it."""

    module: Any
    variables: dict[str, Any]


def package_of(framework: str) -> Any:
    """The module of a framework.

    Raises
    ------
    MissingDependencyError
        It, or brainstate, is not installed.
    """
    extra("brainstate", "jax")
    return extra(_PACKAGES[framework], "interop")


def _said(framework: str, name: str, *args: Any, **kwargs: Any) -> Any:
    """What a function of brainstate.interop gives; its errors are ours of the same name."""
    theirs = extra("brainstate", "jax").interop
    try:
        return getattr(theirs, name)(*args, **kwargs)
    except theirs.InteropError as error:
        kind = getattr(errors, type(error).__name__, errors.InteropError)
        raise kind(f"a layer of {framework} must be one that brainstate.interop takes. {error}") from error


def _layer_of(function: Callable[..., Any]) -> Any:
    """Our layer for an activation of JAX's, or a function that calls it."""
    given: dict[str, Any] = {}
    bare = function
    if isinstance(function, functools.partial) and not function.args:
        bare, given = function.func, dict(function.keywords)
    for kind, name, arguments in _ACTIVATIONS:
        same = bare in (getattr(jax().nn, name, None), getattr(jax().numpy, name, None))
        if same and set(given) <= set(arguments):
            return kind(**(_DEFAULTS.get(name, {}) | given))
    return Importing().function(function)


def _function_of(node: Any) -> Callable[..., Any] | None:
    """JAX's function for an activation of ours, or for a function."""
    for kind, name, arguments in _ACTIVATIONS:
        if type(node) is kind:
            function = getattr(jax().nn, name, None) or getattr(jax().numpy, name)
            given = {argument: getattr(node, argument) for argument in arguments}
            return functools.partial(function, **given) if given else function
    if isinstance(node, nn.Module) or not callable(node):
        return None
    return Exporting().function(node)  # type: ignore[no-any-return]


class _JaxImporter(Importer):
    def leaf(self, node: Any) -> Any:
        if self._is_function(node):
            return _layer_of(node)
        theirs = _said(self.framework, f"from_{self.framework}", *self.given(node), sample_input=self.cur_size)
        return Importing().convert(theirs)

    def _is_function(self, node: Any) -> bool:
        return callable(node) and not hasattr(type(node), "__dataclass_fields__") and not self._is_module(node)

    def _is_module(self, node: Any) -> bool:
        return isinstance(node, package_of(self.framework).Module)

    def given(self, node: Any) -> Sequence[Any]:
        """What the function of brainstate.interop takes for a layer."""
        return (node,)


class _NnxImporter(_JaxImporter):
    framework = "nnx"

    def parts(self, node: Any) -> Sequence[Any] | None:
        return list(node.layers) if isinstance(node, package_of("nnx").Sequential) else None


class _EquinoxImporter(_JaxImporter):
    framework = "equinox"

    def parts(self, node: Any) -> Sequence[Any] | None:
        return list(node.layers) if isinstance(node, package_of("equinox").nn.Sequential) else None

    def leaf(self, node: Any) -> Any:
        return _layer_of(node.fn) if isinstance(node, package_of("equinox").nn.Lambda) else super().leaf(node)


class _LinenImporter(_JaxImporter):
    framework = "linen"

    def kind_of(self, node: Any) -> type:
        return type(node.module)

    def parts(self, node: Any) -> Sequence[Any] | None:
        if not isinstance(node.module, package_of("linen").Sequential):
            return None
        return [
            LinenNode(
                layer, {kind: tree[f"layers_{i}"] for kind, tree in node.variables.items() if f"layers_{i}" in tree}
            )
            for i, layer in enumerate(node.module.layers)
        ]

    def leaf(self, node: Any) -> Any:
        return super().leaf(node) if self._is_module(node.module) else _layer_of(node.module)

    def _is_function(self, node: Any) -> bool:
        return False

    def given(self, node: Any) -> Sequence[Any]:
        return node.module, node.variables


class _JaxExporter(Exporter):
    option: ClassVar[str | None] = None

    def __init__(self, value: Any = None) -> None:
        super().__init__()
        self.rngs = self.key = value

    def leaf(self, node: Any) -> Any:
        function = _function_of(node)
        if function is not None:
            return self.of_function(function)
        try:
            theirs = Exporting().convert(node)
        except errors.UnmappedLayerError:
            if not any(isinstance(child, nn.Module) for child in node.children()):
                raise
            raise errors.UnsupportedStructureError(
                f"`model` must be a layer, or a Sequential of layers. Got {type(node).__name__}, whose `update` no "
                "converter can read. Add an entry with `register_layer_mapping`, or convert its layers."
            ) from None
        options = {} if self.option is None else {self.option: self.key}
        return self.taken(_said(self.framework, f"to_{self.framework}", theirs, **options))

    def of_function(self, function: Callable[..., Any]) -> Any:
        """A function as a member of a sequence."""
        return function

    def taken(self, found: Any) -> Any:
        """What brainstate.interop gives, as a member of a sequence."""
        return found


class _NnxExporter(_JaxExporter):
    framework = "nnx"
    option = "rngs"

    def sequence(self, parts: list[Any]) -> Any:
        return package_of("nnx").Sequential(*parts)


class _EquinoxExporter(_JaxExporter):
    framework = "equinox"
    option = "key"

    def sequence(self, parts: list[Any]) -> Any:
        return package_of("equinox").nn.Sequential(parts)

    def of_function(self, function: Callable[..., Any]) -> Any:
        return package_of("equinox").nn.Lambda(function)


class _LinenExporter(_JaxExporter):
    framework = "linen"

    def sequence(self, parts: list[Any]) -> Any:
        variables: dict[str, Any] = {}
        for i, part in enumerate(parts):
            for kind, tree in part.variables.items():
                variables.setdefault(kind, {})[f"layers_{i}"] = tree
        return LinenNode(package_of("linen").Sequential([part.module for part in parts]), variables)

    def of_function(self, function: Callable[..., Any]) -> Any:
        return LinenNode(function, {})

    def taken(self, found: Any) -> Any:
        module, variables = found
        return LinenNode(module, extra("flax.core", "interop").unfreeze(variables))


IMPORTERS: dict[str, type[_JaxImporter]] = {
    "nnx": _NnxImporter,
    "linen": _LinenImporter,
    "equinox": _EquinoxImporter,
}
EXPORTERS: dict[str, type[_JaxExporter]] = {
    "nnx": _NnxExporter,
    "linen": _LinenExporter,
    "equinox": _EquinoxExporter,
}
