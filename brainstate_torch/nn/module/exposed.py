"""A State as a plain module of torch, for utilities that exchange a tensor: pruning, parametrizations."""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch.nn.utils import parametrize

from ... import _tree
from ..._host.utilities import open_utilities
from ..._state import ParamState, State
from ..._state.context import is_transforming
from ..._state.value import StateParameter
from ...graph import states
from .belongings import is_persistent, leaf_names, parts
from .views import put

__all__ = ["Exposed", "teach_utilities"]


class Exposed(torch.nn.Module):
    """The tensors of a State as Parameters of torch's own kind, in the place of the State.

    A layer reads ``self.weight.value``, which here is what :meth:`forward` gives. Hooks and parametrizations of torch
    have a module that they know, and transforms see its Parameters as States, as those of any module of torch.

    Parameters
    ----------
    name
        The name of the State in its module.
    state
        The State.
    """

    def __init__(self, name: str, state: State[Any]) -> None:
        super().__init__()
        leaves, self._spec = _tree.flatten(state._value)
        supply = iter(zip(leaf_names(name, state), state._parameters_now(), strict=True))
        #: For each leaf of the value, the name of the tensor, or a pair of None and the other leaf.
        self._leaves: list[Any] = []
        #: The names that the tensors had, and those that they have here.
        self.names: dict[str, str] = {}
        for leaf in leaves:
            if not isinstance(leaf, torch.Tensor):
                self._leaves.append((None, leaf))
                continue
            path, tensor = next(supply)
            own = (path.removeprefix(f"{name}.") if path != name else name.rpartition(".")[2]).replace(".", "_")
            while hasattr(self, own):
                own += "_"
            self.names[path] = own
            self._leaves.append(own)
            if isinstance(state, ParamState):
                # The same object, which an optimizer may have; torch makes Parameters of no class but its own.
                tensor.__class__ = torch.nn.Parameter  # type: ignore[assignment]
                self.register_parameter(own, tensor)
            else:
                self.register_buffer(own, tensor.detach())

    def forward(self) -> Any:
        """The value, of the tensors as they are, parametrized or pruned."""
        return _tree.unflatten(self._spec, [x[1] if type(x) is tuple else getattr(self, x) for x in self._leaves])

    def __getstate__(self) -> dict[str, Any]:
        # deepcopy refuses what pruning puts into an attribute: it has a graph.
        return {k: v.detach() if isinstance(v, torch.Tensor) else v for k, v in vars(self).items()}

    @property
    def value(self) -> Any:
        """The value; one that is assigned goes to the tensors that it is computed from."""
        return self()

    @value.setter
    def value(self, value: Any) -> None:
        leaves, spec = _tree.flatten(value)
        if spec != self._spec:
            raise ValueError(f"the value must keep its structure {self._spec}. Got {spec}.")
        held = states(self)
        for name, leaf in zip(self._leaves, leaves, strict=True):
            if type(name) is tuple:
                continue
            if parametrize.is_parametrized(self, name):
                setattr(self, name, leaf)
            else:
                held[(name,) if (name,) in held else (f"{name}_orig",)].value = leaf


@contextlib.contextmanager
def _holder(kind: type[torch.nn.Module], module: Any, name: str, first: bool) -> Iterator[tuple[Any, str]]:
    """The module that has the tensor which a utility is to exchange, and the name of it there."""
    path, held, there = _place(module, name) if isinstance(module, kind) else ("", module, name)
    if not isinstance(held, State):
        yield held, there
    elif not first:
        yield module, name
    else:
        exposed = Exposed(path, held)
        put(module, path, exposed)
        try:
            yield exposed, exposed.names[there]
        except BaseException:
            put(module, path, held)
            for parameter in held._parameters_now():
                parameter.__class__ = StateParameter
            raise


def _place(module: Any, name: str) -> tuple[str, Any, str]:
    """Where a tensor of a module is: the path, what is there, and the name of the tensor in it."""
    found = {path: part for path, part in parts(module) if isinstance(part, (Exposed, State))}
    names = {key: path for path, part in found.items() for key in _names(path, part)}
    meant = [key for key in names if key == name] or [key for key in names if _is_called(key, names[key], name)]
    if len(meant) != 1:
        if name in vars(module) and not isinstance(vars(module)[name], (State, Exposed)):
            return "", module, name
        raise ValueError(
            f"`name` must be that of one tensor in {type(module).__name__}. Got {name!r}; there are "
            f"{', '.join(names) or 'none'}."
        )
    path = names[meant[0]]
    held = found[path]
    return path, held, held.names[meant[0]] if isinstance(held, Exposed) else meant[0]


def _names(path: str, part: Any) -> list[str]:
    if isinstance(part, Exposed):
        return list(part.names)
    return leaf_names(path, part) if is_persistent(part) else []


def _is_called(key: str, path: str, name: str) -> bool:
    """Whether `name` means the tensor `key` of the State at `path`: `weight` and `bias` are found in `weight`."""
    return key.removeprefix(f"{path}.") == name


def teach_utilities(kind: type[torch.nn.Module]) -> None:
    """Let torch's utilities exchange the tensors of modules of a class."""
    open_utilities(lambda module, name, first: _holder(kind, module, name, first), is_transforming)
