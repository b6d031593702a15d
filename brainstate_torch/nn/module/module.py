"""Module: a torch.nn.Module and a graph node at once."""

import functools
import sys
from types import FunctionType
from typing import Any, Self

import torch

from ..._state import NewStateCatcher, catch_new_states
from ..._state.call_frame import carrying, is_outermost
from ...graph import Node, flatten
from ...graph import nodes as graph_nodes
from ...graph import states as graph_states
from ...mixin import ParamDesc
from ...typing import Filter
from .adopted import adopt_within
from .collective import init_all_states
from .constructing import telling
from .exposed import teach_utilities
from .forwarding import runs_update, signed
from .home import made_at_home
from .named_parts import teach
from .param_owner import ParamOwner
from .saving import UNITS, saved_units
from .sharing import exchanged
from .sizes import as_size
from .tensors import Tensors, as_buffer, check_name, tell_of_parameter
from .torch_side import TORCH_ATTRIBUTES, TorchSide

__all__ = ["Module"]

#: Where users of torch look for a layer of the name that they know.
_LAYERS = __name__.rpartition(".module.")[0] + "."


class Module(TorchSide, Tensors, ParamOwner, Node, ParamDesc, torch.nn.Module):
    """Base class of models and layers: a ``torch.nn.Module`` and a graph node at once.

    A subclass calls ``super().__init__()``, sets States and other modules as attributes, also in lists, tuples and
    dictionaries, and defines :meth:`update`. A call of the module runs `update`, and forward hooks around it.

    There are two views of the same objects, and attributes are the only storage:

    - As a graph, :meth:`states` gives the States by path, ``('layers', 0, 'weight')``.
    - As a ``torch.nn.Module``, the Parameters that back the leaves of a State are named by its path and the path within
      the value, with dots: ``layers.0.weight.bias``. Those of a ParamState are parameters; those of other States are
      buffers, unless they are short-term. ``parameters()``, ``buffers()``, ``state_dict()``, ``to()``, ``train()`` and
      what else torch builds on them work on these. The Parameters are the same objects at every call.

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
        The name is not a string.

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

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, torch.nn.Parameter) and exchanged(Module, self, name, value):
            return
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
        if "__init__" in vars(cls) and cls.__module__.startswith(_LAYERS):
            setattr(cls, "__init__", telling(vars(cls)["__init__"]))  # noqa: B010
        if (call := cls.__call__).__qualname__ == "Module.__call__":
            # torch.compile keeps at most eight programs for one piece of code, which would be that of all models.
            own = FunctionType(call.__code__.replace(), call.__globals__, None, call.__defaults__, call.__closure__)
            setattr(cls, "__call__", functools.update_wrapper(own, call))  # noqa: B010
        signed(cls)

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

    @runs_update
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

    def _graph_items(self) -> list[tuple[str, Any]]:
        items = [(name, value) for name, value in super()._graph_items() if name not in TORCH_ATTRIBUTES]
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
teach_utilities(Module)
