"""Module: a torch.nn.Module and a graph node at once."""

import functools
import sys
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType
from typing import Any, ClassVar, Self

import numpy as np
import torch

from ... import _tree
from ..._state import NewStateCatcher, ParamState, State, catch_new_states
from ..._state.call_frame import carrying, is_outermost
from ...graph import Node, flatten
from ...graph import nodes as graph_nodes
from ...graph import states as graph_states
from ...mixin import ParamDesc
from ...transform._core.functional import run_and_commit
from ...typing import Filter
from .adopted import adopt_within
from .belongings import buffers_of, modules_of, parameters_of, parts
from .collective import init_all_states
from .constants import moved
from .home import home_of, made_at_home
from .named_parts import teach
from .param_owner import ParamOwner
from .saving import UNITS, Loading, acyclic, restore_on_failure, save, saved_units
from .tensors import Tensors, as_buffer, check_name, leave_untold, tell_of_parameter
from .views import ModulesView, View

__all__ = ["ElementWiseBlock", "Module", "as_size"]

#: What torch.nn.Module keeps in every object, which is not part of the graph.
_TORCH_ATTRIBUTES = frozenset({*vars(torch.nn.Module()), "_compiled_call_impl", "_home"})


def as_size(size: Any, name: str) -> tuple[int, ...]:
    """A length or several as a tuple.

    Raises
    ------
    TypeError
        It is neither an integer nor a tuple or list.
    ValueError
        A length is negative.
    """
    if isinstance(size, (tuple, list)):
        lengths = tuple(size)
    elif isinstance(size, int) or (
        isinstance(size, (np.generic, np.ndarray)) and size.ndim == 0 and size.dtype.kind in "iu"
    ):
        lengths = (int(size),)
    else:
        raise TypeError(f"`{name}` must be an integer or a tuple of integers. Got {type(size).__name__}.")
    if any(isinstance(length, int) and length < 0 for length in lengths):
        raise ValueError(f"`{name}` must not be negative. Got {size}.")
    return lengths


class Module(Tensors, ParamOwner, Node, ParamDesc, torch.nn.Module):
    """Base class of models and layers: a ``torch.nn.Module`` and a graph node at once.

    A subclass calls ``super().__init__()``, sets States and other modules as attributes, also in lists, tuples and
    dictionaries, and defines :meth:`update`. A call of the module runs `update`, and forward hooks around it.

    There are two views of the same objects, and attributes are the only storage:

    - As a graph, :meth:`states` gives the States by path, ``('layers', 0, 'weight')``.
    - As a ``torch.nn.Module``, the Parameters behind the leaves of a State stand under the path with dots and the path
      within the value: ``layers.0.weight.bias``. Those of a ParamState are parameters; those of other States are
      buffers, unless they are short-term. ``parameters()``, ``buffers()``, ``state_dict()``, ``to()``, ``train()``
      and what else torch builds on them work on these. The Parameters are the same objects at every call.

    A call outside of any transform, with autograd enabled, gives a result that carries the graph of the Parameters, as
    that of any torch module does: ``loss.backward()`` works. What the call writes to States carries it too, until the
    outermost call ends; the States then keep their values without it, so that a simulation of any length keeps no
    graph. :func:`taped` keeps it across calls. A call that raises leaves every State as it was.

    So ``torch.optim.Adam(model.parameters())`` moves the values that `update` reads, and a value assigned to a State is
    the one that ``state_dict()`` saves. Units are saved beside the values, and a value is converted to the unit of its
    State when it is loaded. ``to()`` moves the short-term States too.

    A plain torch.nn.Module in an attribute is part of both views. Its Parameters are ParamStates, except those with
    ``requires_grad=False``, which are LongTermStates as its buffers are; they are backed by these very tensors. So it
    is differentiated and mapped like any other, and running statistics that it writes in place are written once after
    the transform, or not at all if that raises. A torch Parameter or Buffer that is itself an attribute is a constant
    to transforms; a Parameter is told of once, unless it is given to :meth:`register_parameter`.

    Parameters
    ----------
    name
        A name, for display.

    Raises
    ------
    TypeError
        The name is not a text.

    Notes
    -----
    Source: brainstate.nn.Module (0.5.4). Differs: ``parameters()`` gives torch Parameters, not ParamStates;
    ``named_parameters(recurse=False)`` those of the module itself; ``modules()`` starts with the module itself.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> class Scale(brainstate.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.factor = brainstate.ParamState(torch.tensor(2.))
    ...     def update(self, x):
    ...         return self.factor.value * x
    >>> scale = Scale()
    >>> scale(torch.tensor(3.)), list(scale.named_parameters())[0][0]
    (tensor(6., grad_fn=<...>), 'factor')
    >>> scale(torch.tensor(3.)).backward()
    >>> scale.factor.parameters()[0].grad
    tensor(3.)
    """

    _parameters: ClassVar[Any] = View(parameters_of)  # type: ignore[misc]
    _buffers: ClassVar[Any] = View(buffers_of)  # type: ignore[misc]
    _modules: ClassVar[Any] = ModulesView(modules_of)  # type: ignore[misc]

    def __setattr__(self, name: str, value: Any) -> None:
        check_name(self, name, value)
        if isinstance(value, torch.Tensor):
            value = as_buffer(vars(self).get(name), value)
            if type(value) is torch.nn.Parameter:
                tell_of_parameter(self, name)
        if isinstance(value, (torch.nn.Module, list, tuple, dict)):
            adopt_within(value)
        object.__setattr__(self, name, value)

    __delattr__ = object.__delattr__

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in ("init_state", "reset_state"):
            if name in vars(cls):
                setattr(cls, name, made_at_home(vars(cls)[name]))
        if (call := cls.__call__).__qualname__ == "Module.__call__":
            # torch.compile keeps at most eight programs for one piece of code, which would be that of all models.
            own = FunctionType(call.__code__.replace(), call.__globals__, None, call.__defaults__, call.__closure__)
            setattr(cls, "__call__", functools.update_wrapper(own, call))  # noqa: B010

    def __init__(self, name: str | None = None) -> None:
        if name is not None and not isinstance(name, str):
            raise TypeError(f"`name` must be a str. Got {type(name).__name__}.")
        super().__init__()
        self._name = name
        self._in_size: tuple[int, ...] | None = None
        self._out_size: tuple[int, ...] | None = None

    def __getattr__(self, name: str) -> Any:
        if "training" not in vars(self):
            raise AttributeError(
                f"`{type(self).__name__}.__init__` must call `super().__init__()`. Got an object without `{name}`. "
                "Call it first, before attributes are set."
            )
        if name == UNITS and (units := saved_units(self)) is not None:
            # torch.distributed.checkpoint looks for an attribute for each key of a state_dict.
            return units
        cure = ""
        if type(self).init_state is not Module.init_state:
            cure = ". If it is a State that `init_state` makes, call `brainstate_torch.nn.init_all_states(model)` first"
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{cure}")

    @property
    def name(self) -> str | None:
        """The name given by the user, or None."""
        return self._name

    @property
    def in_size(self) -> Any:
        """The shape of the input without batch axes, a tuple; None if it is not known."""
        return self._in_size

    @in_size.setter
    def in_size(self, size: Any) -> None:
        self._in_size = as_size(size, "in_size")

    @property
    def out_size(self) -> Any:
        """The shape of the output without batch axes, a tuple; None if it is not known."""
        return self._out_size

    @out_size.setter
    def out_size(self, size: Any) -> None:
        self._out_size = as_size(size, "out_size")

    def update(self, *args: Any, **kwargs: Any) -> Any:
        """What a call of the module computes; a subclass defines it.

        Parameters
        ----------
        *args, **kwargs
            What the module is called with.

        Returns
        -------
        Any
            What the call returns.

        Raises
        ------
        NotImplementedError
            The subclass does not.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `update`. Got a call of a module without it.")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """:meth:`forward`, and the hooks around it."""
        call = super().__call__
        return carrying(call, args, kwargs) if is_outermost() else call(*args, **kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """:meth:`update`, under torch's name.

        Parameters
        ----------
        *args, **kwargs
            What :meth:`update` takes.

        Returns
        -------
        Any
            What :meth:`update` returns.
        """
        return self.update(*args, **kwargs)

    def __rrshift__(self, x: Any) -> Any:
        return self(x)

    def init_state(self, *args: Any, **kwargs: Any) -> None:
        """Make the States of one run; a subclass defines it. See :func:`init_all_states`.

        Parameters
        ----------
        *args, **kwargs
            What the subclass takes, such as a batch size.
        """

    def reset_state(self, *args: Any, **kwargs: Any) -> None:
        """Put the States of one run back to their start; a subclass defines it. See :func:`reset_all_states`.

        Parameters
        ----------
        *args, **kwargs
            What the subclass takes, such as a batch size.
        """

    def init_all_states(self, *args: Any, state_tag: str | None = None, **kwargs: Any) -> NewStateCatcher:
        """Call :meth:`init_state` of every module in this one; returns the States that were made, with the tag.

        Parameters
        ----------
        *args, **kwargs
            The arguments of each :meth:`init_state`.
        state_tag
            Added to the tags of the States that are made.

        Returns
        -------
        NewStateCatcher
            Holds the States that were made, with their paths.
        """
        with catch_new_states(state_tag) as catcher:
            init_all_states(self, *args, **kwargs)
        return catcher

    def states(self, *filters: Filter, allowed_hierarchy: tuple[int, int] = (0, sys.maxsize)) -> Any:
        """The States by path, see :func:`brainstate_torch.graph.states`.

        Parameters
        ----------
        *filters
            What :func:`brainstate_torch.util.to_predicate` takes; one result for each filter.
        allowed_hierarchy
            The first and the last level, see :func:`brainstate_torch.graph.iter_leaf`.

        Returns
        -------
        FlattedDict or tuple of FlattedDict
            One dictionary for none or one filter, else one for each.
        """
        return graph_states(self, *filters, allowed_hierarchy=allowed_hierarchy)

    def nodes(self, *filters: Filter, allowed_hierarchy: tuple[int, int] = (0, sys.maxsize)) -> Any:
        """The nodes by path, see :func:`brainstate_torch.graph.nodes`.

        Parameters
        ----------
        *filters
            What :func:`brainstate_torch.util.to_predicate` takes; one result for each filter.
        allowed_hierarchy
            The first and the last level, see :func:`brainstate_torch.graph.iter_leaf`.

        Returns
        -------
        FlattedDict or tuple of FlattedDict
            One dictionary for none or one filter, else one for each.
        """
        return graph_nodes(self, *filters, allowed_hierarchy=allowed_hierarchy)

    def state_trees(self, *filters: Filter) -> Any:
        """References to the States as nested dictionaries, one for each filter.

        Parameters
        ----------
        *filters
            What :func:`brainstate_torch.util.to_predicate` takes; one result for each filter.

        Returns
        -------
        NestedDict or tuple of NestedDict
            One dictionary for none or one filter, else one for each.
        """
        _, tree = flatten(self)
        return tree.filter(*filters) if filters else tree

    def modules(  # type: ignore[override]
        self, include_self: bool = True, remove_duplicate: bool = True
    ) -> Iterator[torch.nn.Module]:
        """Every module in this one, and this one first if `include_self`.

        Parameters
        ----------
        remove_duplicate
            Whether a module that is reached twice comes once.
        include_self
            Whether the module itself comes first.

        Yields
        ------
        torch.nn.Module
            One after the other.
        """
        named = self.named_modules(remove_duplicate=remove_duplicate, include_self=include_self)
        return (module for _, module in named)

    def named_modules(
        self, memo: Any = None, prefix: str = "", remove_duplicate: bool = True, include_self: bool = True
    ) -> Iterator[tuple[str, torch.nn.Module]]:
        """Every module in this one by dotted name, and this one first if `include_self`.

        Parameters
        ----------
        memo
            A set of modules to leave out; those that were met are added.
        prefix
            What the names begin with.
        remove_duplicate
            Whether a module that is reached twice comes once.
        include_self
            Whether the module itself comes first.

        Yields
        ------
        name, module
            One pair for each module.
        """
        named = super().named_modules(memo, prefix, remove_duplicate)
        return ((name, module) for name, module in named if include_self or module is not self)

    def register_parameter(self, name: str, param: torch.nn.Parameter | None) -> None:
        """Set a Parameter of torch's own kind as an attribute; a ParamState serves transforms as well.

        Parameters
        ----------
        name
            The name of the attribute.
        param
            The Parameter, or None.
        """
        leave_untold(self, name)
        setattr(self, name, param)

    def register_buffer(self, name: str, tensor: torch.Tensor | None, persistent: bool = True) -> None:
        """Set a Buffer of torch's own kind as an attribute; a LongTermState serves transforms as well.

        Parameters
        ----------
        name
            The name of the attribute.
        tensor
            The tensor, or None.
        persistent
            Whether ``state_dict()`` has it.
        """
        setattr(self, name, None if tensor is None else torch.nn.Buffer(tensor, persistent=persistent))

    def add_module(self, name: str, module: torch.nn.Module | None) -> None:
        """Set a module as an attribute.

        Parameters
        ----------
        name
            The name of the attribute.
        module
            The module, or None.
        """
        setattr(self, name, module)

    def get_submodule(self, target: str) -> torch.nn.Module:
        """The module of a dotted name.

        Parameters
        ----------
        target
            The names on the way, joined by dots.

        Returns
        -------
        torch.nn.Module
            The module.

        Raises
        ------
        AttributeError
            There is none.
        """
        found = dict(self.named_modules(remove_duplicate=False)) if target else {"": self}
        if target not in found:
            raise AttributeError(f"`target` must be the name of a module in {type(self).__name__}. Got {target!r}.")
        return found[target]

    def train(self, mode: bool = True) -> Self:
        """Set ``training`` of every module. It decides where ``environ`` has no setting `fit`.

        Parameters
        ----------
        mode
            The value of ``training``.

        Returns
        -------
        Module
            This module.

        Raises
        ------
        TypeError
            `mode` is not a bool.
        """
        if not isinstance(mode, bool):
            raise TypeError(f"`mode` must be a bool. Got {type(mode).__name__}.")
        self.training = mode
        # Not by recursion, because modules may be in a cycle; from the inside out, so that a module that overrides
        # `train` has the last word about what is in it.
        for module in reversed(list(self.modules(include_self=False))):
            if type(module).train is Module.train:
                module.training = mode
            else:
                module.train(mode)
        return self

    def apply(self, fn: Callable[[torch.nn.Module], None]) -> Self:
        """Call a function with every module in this one, and with this one last.

        Parameters
        ----------
        fn
            Takes a module.

        Returns
        -------
        Module
            This module.
        """
        for module in reversed(list(self.modules())):
            fn(module)
        return self

    def _apply(self, fn: Callable[[torch.Tensor], torch.Tensor], recurse: bool = True) -> Self:
        """What ``to()``, ``cuda()``, ``half()`` and the like do with a function of one tensor."""
        modules = list(self.modules()) if recurse else [self]
        homes = {module: home_of(module) for module in modules if isinstance(module, Module)}
        held = {id(part): part for module in homes for _, part in parts(module)}
        for part in held.values():
            if isinstance(part, State):
                _apply_to_state(part, fn)
            elif isinstance(part, torch.Tensor):
                _apply_to_parameter(part, fn)
        for module in modules:
            if isinstance(module, Module):
                module._apply_to_constants(fn)
                # What `fn` does with an empty tensor tells a move from a change of dtype.
                vars(module)["_home"] = fn(torch.empty(0, device=homes[module])).device
            else:
                module._apply(fn, recurse=False)  # type: ignore[no-untyped-call]
        return self

    def _apply_to_constants(self, fn: Callable[[torch.Tensor], torch.Tensor]) -> None:
        """The part of `_apply` for tensors that are no States and of no kind of torch's, such as a time constant."""
        own = {name: value for name, value in vars(self).items() if name not in _TORCH_ATTRIBUTES}
        vars(self).update(moved(own, fn))

    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """The values of the Parameters and buffers by dotted name, all of them tensors, and the units under ``_units``.

        A number is a tensor without axes, and the units are one tensor of bytes, so that safetensors and the like take
        the whole of it.

        Parameters
        ----------
        *args, **kwargs
            As for ``torch.nn.Module.state_dict``.

        Returns
        -------
        dict
            Tensors by dotted name.

        Raises
        ------
        ValueError
            A module contains itself.
        """
        with acyclic():
            return super().state_dict(*args, **kwargs)

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """Load values, converted to the units of the States; as torch's, but all or nothing.

        Parameters
        ----------
        state_dict
            What :meth:`state_dict` returned.
        strict
            Whether every name must be there, and no other.
        assign
            Whether to keep the given tensors, with their dtype and device, and not copy their numbers.

        Returns
        -------
        NamedTuple
            The names that are missing, and those that are not expected.

        Raises
        ------
        RuntimeError
            With `strict`, a key is missing or unexpected; or a value has another shape or dimension than the State's.
        ValueError
            A module contains itself.
        """
        with acyclic():
            return run_and_commit(self._loaded, (state_dict, strict, assign))

    def _loaded(self, state_dict: Mapping[str, Any], strict: bool, assign: bool) -> Any:
        restore_on_failure(self)
        try:
            return super().load_state_dict(state_dict, strict, assign)
        except RuntimeError as error:
            if strict and not any(name.endswith(UNITS) for name in state_dict) and f'{UNITS}"' in str(error):
                raise RuntimeError(
                    f"{error}\n\tThe values were saved without units. `strict=False` takes them as numbers "
                    "in the units of the States."
                ) from error
            raise

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        save(self, destination, prefix, keep_vars)
        if type(self).get_extra_state is not torch.nn.Module.get_extra_state:
            destination[f"{prefix}_extra_state"] = self.get_extra_state()

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        for hook in self._load_state_dict_pre_hooks.values():
            hook(state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        loading = Loading(state_dict, prefix, local_metadata.get("assign_to_params_buffers", False))
        loading.into(self)
        if type(self).set_extra_state is not torch.nn.Module.set_extra_state:
            loading.known.add("_extra_state")
            self.set_extra_state(state_dict.get(f"{prefix}_extra_state"))
        error_msgs += loading.errors
        if strict:
            missing_keys += loading.missing
            unexpected_keys += loading.unexpected(self._modules)

    def _graph_items(self) -> list[tuple[str, Any]]:
        items = [(name, value) for name, value in super()._graph_items() if name not in _TORCH_ATTRIBUTES]
        return items if self.training else [*items, ("training", False)]

    def _graph_clear(self) -> None:
        super()._graph_clear()
        self.training = True

    @classmethod
    def _graph_new(cls) -> Self:
        node = super()._graph_new()
        torch.nn.Module.__init__(node)
        return node

    def __pretty_repr_item__(self, k: Any, v: Any) -> tuple[Any, Any] | None:
        item = super().__pretty_repr_item__(k, v)
        return item and (item[0].removeprefix("_"), item[1])


teach(Module)


def _apply_to_state(state: State[Any], fn: Callable[[torch.Tensor], torch.Tensor]) -> None:
    state.restore_value(_tree.map(lambda leaf: fn(leaf) if isinstance(leaf, torch.Tensor) else leaf, state.value))
    if isinstance(state, ParamState):
        for parameter in state.parameters():
            _apply_to_grad(parameter, fn)


def _apply_to_parameter(parameter: torch.Tensor, fn: Callable[[torch.Tensor], torch.Tensor]) -> None:
    parameter.data = fn(parameter.data)
    _apply_to_grad(parameter, fn)


def _apply_to_grad(parameter: torch.Tensor, fn: Callable[[torch.Tensor], torch.Tensor]) -> None:
    if parameter.grad is not None:
        parameter.grad.data = fn(parameter.grad.data)


class ElementWiseBlock(Module):
    """A module whose output has the shape of its input, such as an activation.

    Parameters
    ----------
    name
        A name, for display.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> isinstance(brainstate.nn.ReLU(), brainstate.nn.ElementWiseBlock)
    True
    """
