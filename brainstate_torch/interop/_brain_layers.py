"""Models between brainstate and this package: layers of equal names, made by their constructors, then their States."""

import functools
import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch

from .. import _tree, graph, nn, spiking
from .._arrays import SCALARS
from .._state import State
from ..units import Quantity
from ..units.foreign import is_foreign
from ..units.unit import of_foreign_unit
from ._extras import extra, jax
from ._units import brain_unit
from .errors import ConversionError, UnmappedLayerError
from .into_jax import to_jax
from .jax_function import from_jax
from .registry import exported, imported
from .values import array_tree, is_foreign_state, tensor_tree

__all__ = ["Exporting", "Importing", "shared_names", "shared_neurons"]

#: Arguments of constructors that are taken from States, or that may differ between the frameworks.
_FILLED = ("param_type", "mean_type", "dtype")
_MISSING: Any = object()
#: Arguments of initialisers about the source of random numbers; each framework has its own.
_NOT_SETTINGS = ("rng", "dtype", "unit", "seed")
#: Arguments that have another name in braintools' initialisers.
_BRAINTOOLS = {("Uniform", "min_val"): "low", ("Uniform", "max_val"): "high", ("Normal", "scale"): "std"}


def _rank(node: Any) -> int:
    return int(next(x.shape[-1] for key, x in node.weight.value.items() if key == "lora_a"))


#: Arguments that are not attributes, and how to get them from a layer of either framework.
_DERIVED: dict[str, Callable[[Any], Any]] = {
    "lora_rank": _rank,
    "ws_gain": lambda node: "gain" in node.weight.value,
    "feature_axis": lambda node: tuple(node.feature_axes),
    "target_size": lambda node: node.target_shape,
    "upper": lambda node: node.lower + node.width,
    "scale": lambda node: node.a,
    "shift": lambda node: node.b,
    "std": lambda node: node.precision**-0.5,
    "state_init": lambda node: node._state_initializer,
}
#: Arguments whose attribute has another meaning, by class.
_OTHERWISE: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("Param", "value"): lambda node: node.value(),
    ("Const", "value"): lambda node: node.value(),
    ("GroupNorm", "group_size"): lambda node: None,
}


def shared_names() -> set[str]:
    """The classes of layers, and of what layers are made of, that both frameworks have."""
    theirs = extra("brainstate", "jax").nn
    both = {name for name in dir(theirs) if inspect.isclass(getattr(theirs, name)) and hasattr(nn, name)}
    return {name for name in both if isinstance(getattr(nn, name), type)}


def shared_neurons() -> set[str]:
    """The neurons, synapses and the like that brainpy has, too."""
    names = [set(dir(module)) for module in _installed("brainpy.state")]
    return {name for found in names for name in found & set(dir(spiking)) if _class_in(spiking, name)}


class _Converter:
    """One conversion of a model; the same object is converted once."""

    framework = "brainstate"
    namespaces: tuple[Any, ...]
    #: Where initialisers and surrogate derivatives are.
    described: tuple[Any, ...]
    #: The packages whose classes are known by their names.
    roots: tuple[str, ...]
    #: What has States.
    node: Any

    def __init__(self, in_size: Any = None) -> None:
        self.in_size = in_size
        self.made: dict[int, Any] = {}
        self.kept: list[Any] = []
        self.states: dict[int, Any] = {}

    def convert(self, node: Any, path: str = "model") -> Any:
        """The counterpart of a layer or model."""
        if id(node) not in self.made:
            mapping = self._mapping(type(node))
            made = self._registered(mapping, node) if mapping is not None else self._by_name(node, path)
            self.made[id(node)] = made
            self.kept.append(node)
        return self.made[id(node)]

    def _mapping(self, kind: type) -> Any:
        raise NotImplementedError

    def _registered(self, mapping: Any, node: Any) -> Any:
        raise NotImplementedError

    def twin(self, state: Any, path: str) -> Any:
        """The State of the other framework, one for each."""
        if id(state) not in self.states:
            self.states[id(state)] = self.value_of(state, path)
        return self.states[id(state)]

    def value_of(self, x: Any, path: str) -> Any:
        """Arrays, quantities and States as those of the other framework."""
        raise NotImplementedError

    def function(self, fun: Any) -> Any:
        """The function of the other framework."""
        raise NotImplementedError

    def states_in(self, node: Any) -> Mapping[Any, Any]:
        """The States of a model of the source by path."""
        raise NotImplementedError

    def states_of(self, node: Any) -> Mapping[Any, Any]:
        """The States of a model of the target by path."""
        raise NotImplementedError

    def _by_name(self, node: Any, path: str) -> Any:
        kind = type(node)
        target = None
        if kind.__module__.split(".")[0] in self.roots:
            target = next((found for space in self.namespaces if (found := _class_in(space, kind.__name__))), None)
        if target is None:
            raise UnmappedLayerError(
                f"{path} must be a layer that both frameworks have. Got {kind.__module__}.{kind.__qualname__}. "
                "Write its counterpart and add it with `register_layer_mapping`."
            )
        if kind.__name__ == "Sequential":
            return target(*[self.convert(x, f"{path}.layers[{i}]") for i, x in enumerate(node)])
        errors = []
        for without in ((), ("b_init",), ("bias_init", "b_initializer")):
            try:
                made = target(*self._parts(node, target, path), **dict(self._arguments(node, target, path, without)))
                if "Pad" in kind.__name__:
                    made.padding = node.padding
                self._fill(node, made, path)
            except (ConversionError, TypeError, ValueError) as error:
                errors.append(error)
                continue
            return made
        raise ConversionError(
            f"{path} must have a counterpart with the same States. Got {kind.__name__}: {errors[0]} "
            "Add an entry with `register_layer_mapping`."
        ) from errors[0]

    def _parts(self, node: Any, target: Any, path: str) -> list[Any]:
        """What a constructor takes as ``*parts``, such as the transforms in a chain."""
        for name, parameter in inspect.signature(target.__init__).parameters.items():
            if parameter.kind is parameter.VAR_POSITIONAL and isinstance(getattr(node, name, None), (list, tuple)):
                return [self._attribute(x, f"{path}.{name}[{i}]") for i, x in enumerate(getattr(node, name))]
        return []

    def _arguments(self, node: Any, target: Any, path: str, without: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        for name, parameter in inspect.signature(target.__init__).parameters.items():
            if name == "self" or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            if (type(node).__name__, name) in _OTHERWISE:
                yield name, self._attribute(_OTHERWISE[type(node).__name__, name](node), f"{path}.{name}")
                continue
            if name == "padding" and "Pad" in type(node).__name__:
                yield name, 0  # the attribute, which has a form of its own, is copied
                continue
            if name in without:
                yield name, None
                continue
            if name == "b_init" and isinstance(held := _weight(node), dict):
                yield name, self._attribute(held.get("bias"), f"{path}.bias")
                continue
            if name in _FILLED or (_is_initial(name) and parameter.default is not parameter.empty):
                continue
            found = getattr(node, name, getattr(node, f"_{name}", _MISSING))
            if found is _MISSING and name in _DERIVED:
                found = _DERIVED[name](node)
            if found is not _MISSING:
                yield name, self._attribute(found, f"{path}.{name}")
            elif parameter.default is parameter.empty:
                raise ConversionError(f"`{name}` is no attribute of the layer.")

    def _attribute(self, x: Any, path: str) -> Any:
        if x is None or isinstance(x, (*SCALARS, str, torch.Size, slice, np.dtype)):
            return x
        if isinstance(x, (list, tuple)):
            found = [self._attribute(item, f"{path}[{i}]") for i, item in enumerate(x)]
            return type(x)(found) if type(x) in (list, tuple) else tuple(found)
        if isinstance(x, dict):
            return {key: self._attribute(item, f"{path}[{key!r}]") for key, item in x.items()}
        if isinstance(x, State) or is_foreign_state(x):
            return self.twin(x, path)
        if isinstance(x, (torch.Tensor, Quantity, np.ndarray, np.generic, jax().Array)) or is_foreign(x):
            return self.value_of(x, path)
        if type(x).__module__.split(".")[0] in self.roots:
            if type(x).__name__ in shared_names():
                return self.convert(x, path)
            described = next((kind for space in self.described if (kind := _class_in(space, type(x).__name__))), None)
            if described is not None:
                return self._again(x, described, path)
        if isinstance(x, type):
            return next((getattr(space, x.__name__, x) for space in self.namespaces), x)
        return self.function(x) if callable(x) else x

    def _again(self, x: Any, kind: Any, path: str) -> Any:
        """An initialiser or a surrogate derivative of the other framework, with the same settings."""
        settings = {}
        for name in inspect.signature(kind).parameters:
            if name in _NOT_SETTINGS:
                continue
            said = name if hasattr(x, name) else _BRAINTOOLS.get((type(x).__name__, name), name)
            if not hasattr(x, said):
                raise ConversionError(f"{path} must have `{name}`, as {kind.__name__} has there. Got {x!r} without.")
            settings[name] = self._attribute(getattr(x, said), f"{path}.{said}")
        unit = getattr(x, "unit", None)
        if unit is None or unit.is_unitless:
            return kind(**settings)
        if "unit" not in inspect.signature(kind).parameters:
            raise ConversionError(f"{path} must have its unit in its value. Got {type(x).__name__} in {unit}.")
        return kind(**settings, unit=self.unit_of(unit))

    def unit_of(self, unit: Any) -> Any:
        """The unit of the other framework."""
        raise NotImplementedError

    def _fill(self, node: Any, made: Any, path: str) -> None:
        """Give the new layer the States of the old one."""
        if not isinstance(node, self.node):
            return  # a transform or the like has none
        old, new = dict(self.states_in(node)), dict(self.states_of(made))
        lost = [key for key in new if key not in old]
        if lost:
            raise ConversionError(f"It has no State {lost[0]}.")
        pairs = []
        for key, state in old.items():
            twin = self.twin(state, f"{path}.{'.'.join(map(str, key))}")
            if key in new and shapes(new[key].value) != shapes(twin.value):
                raise ConversionError(f"State {key} has {shapes(twin.value)}, not {shapes(new[key].value)}.")
            pairs.append((key, twin))
        for key, twin in pairs:
            # The State itself, so that one that is shared stays shared.
            _put(made, key, twin)


def _weight(node: Any) -> Any:
    """The value of the State that holds weight and bias, if there is one."""
    return getattr(getattr(node, "weight", None), "value", None)


def _is_initial(name: str) -> bool:
    """Whether an argument is the first value of a weight; that of a hidden State is needed again at each start."""
    of_weights = ("bias_initializer", "scale_initializer")
    return name in of_weights or (name.endswith("init") and name != "state_init")


def _class_in(space: Any, name: str) -> Any:
    """A class of a module, without the names that the module only lends."""
    found = vars(space).get(name)
    return found if inspect.isclass(found) else None


def _put(root: Any, path: Any, state: Any) -> None:
    for key in path[:-1]:
        root = root[key] if isinstance(root, (list, tuple, dict)) else getattr(root, key)
    if isinstance(root, (list, dict)):
        root[path[-1]] = state
    else:
        setattr(root, path[-1], state)


def shapes(tree: Any) -> Any:
    """The paths and shapes of the leaves of a value."""
    is_leaf = lambda x: isinstance(x, Quantity)
    return [(path, tuple(getattr(x, "shape", ()))) for path, x in _tree.leaves_with_path(tree, is_leaf)]


class Importing(_Converter):
    """From brainstate to this package."""

    namespaces = (nn, spiking)
    described = (nn.init, spiking.surrogate)
    roots = ("brainstate", "brainpy", "brainpy_state", "braintools")

    @functools.cached_property
    def node(self) -> Any:
        return extra("brainstate", "jax").graph.Node

    def _mapping(self, kind: type) -> Any:
        return imported("brainstate", kind)

    def _registered(self, mapping: Any, node: Any) -> Any:
        return mapping.to_bst(node, self)

    def value_of(self, x: Any, path: str) -> Any:
        return tensor_tree(x, True, path)

    def unit_of(self, unit: Any) -> Any:
        return of_foreign_unit(unit)[1]

    def function(self, fun: Any) -> Any:
        found = _known(fun, ("jax", "jaxlib", "brainstate", "brainunit", "saiunit", "numpy"), (nn, torch))
        return from_jax(fun) if found is None else found

    def states_in(self, node: Any) -> Mapping[Any, Any]:
        return extra("brainstate", "jax").graph.states(node)  # type: ignore[no-any-return]

    def states_of(self, node: Any) -> Mapping[Any, Any]:
        return graph.states(node)  # type: ignore[no-any-return]


class Exporting(_Converter):
    """From this package to brainstate."""

    roots = ("brainstate_torch",)
    node = graph.Node

    @functools.cached_property
    def namespaces(self) -> tuple[Any, ...]:  # type: ignore[override]
        return (extra("brainstate", "jax").nn, *_installed("brainpy.state"))

    @functools.cached_property
    def described(self) -> tuple[Any, ...]:  # type: ignore[override]
        return (extra("brainstate", "jax").nn.init, *_installed("braintools.surrogate"))

    def _mapping(self, kind: type) -> Any:
        return exported("brainstate", kind)

    def _registered(self, mapping: Any, node: Any) -> Any:
        return mapping.to_foreign(node, self)

    def value_of(self, x: Any, path: str) -> Any:
        return array_tree(x, False, path)

    def unit_of(self, unit: Any) -> Any:
        return brain_unit(unit)[1]

    def function(self, fun: Any) -> Any:
        spaces = (*self.namespaces, jax().nn, jax().numpy)
        found = _known(fun, ("torch", "brainstate_torch", "builtins"), spaces)
        return to_jax(fun) if found is None else found

    def states_in(self, node: Any) -> Mapping[Any, Any]:
        return graph.states(node)  # type: ignore[no-any-return]

    def states_of(self, node: Any) -> Mapping[Any, Any]:
        return extra("brainstate", "jax").graph.states(node)  # type: ignore[no-any-return]


def _installed(name: str) -> tuple[Any, ...]:
    """A module, if there is one."""
    try:
        return (importlib.import_module(name),)
    except ImportError:
        return ()


def _known(fun: Any, packages: tuple[str, ...], spaces: tuple[Any, ...]) -> Any:
    """The function of the same name, where a function is one of a framework's own."""
    name = getattr(fun, "__name__", "")
    module = getattr(fun, "__module__", None) or type(fun).__module__
    if module.split(".")[0] not in packages or name.startswith("<"):
        return None
    return next((getattr(space, name) for space in spaces if hasattr(space, name)), None)
