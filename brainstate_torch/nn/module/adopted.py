"""Plain torch modules as part of the graph: their Parameters and buffers are States, backed by these very tensors.

torch.nn.Module reads ``self.weight`` from the dictionary ``_parameters``. An adopted module has one that, inside a
transform, returns the value of the tensor's State there. So every use of the module is seen, its methods and
``functional(x, module.weight)`` alike, and nothing has to be put back afterwards. Outside it answers with the tensor.

``torch.func.functional_call`` is not used: it corrupts a module that is reachable by two paths (pytorch issue 164759).
"""

import contextlib
import copy
import weakref
from collections.abc import Iterator
from typing import Any, NoReturn

import torch

from ..._errors import kind_of
from ..._host.functorch import FakeTensor, level_of
from ..._program.recording import with_numbers
from ..._state import LongTermState, ParamState, State
from ..._state.backing import shown
from ..._state.context import CONTEXT, is_transforming
from ...graph.registry import Items, NodeType, children, register_base

__all__ = ["TorchBuffer", "TorchParam", "adopt", "adopt_within"]

#: The State of a tensor by its id. A State holds its tensor, so that no id is reused while it is here.
_STATES: weakref.WeakValueDictionary[int, State[Any]] = weakref.WeakValueDictionary()


class _Adopted(State[Any]):
    """The part of both kinds that keeps the State and the tensor of a torch module together."""

    _parameters: list[Any]

    def _own(self, v: Any) -> Any:
        v = super()._own(v)
        if not isinstance(v, torch.Tensor):
            self.raise_error_with_source_info(
                TypeError(
                    f"the value of {kind_of(self)} must be a plain tensor, as torch's modules take it. "
                    f"Got {kind_of(v)}. Hold quantities in a ParamState of a module of your own."
                )
            )
        return v

    def __setstate__(self, kept: dict[str, Any]) -> None:
        (tensor,) = kept.pop("_parameters")
        super().__setstate__({**kept, "_parameters": None})
        self._back_with(tensor)

    def _back_with(self, tensor: torch.Tensor) -> None:
        self._parameters, self._value = [tensor], shown(tensor)
        _STATES[id(tensor)] = self


class TorchParam(_Adopted, ParamState[Any]):
    """The State of a Parameter of a plain torch module.

    Raises
    ------
    TypeError
        Something else than a tensor is assigned.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = torch.nn.Linear(2, 1)
    >>> brainstate.graph.states(layer, brainstate.ParamState).to_dict()
    {('bias',): TorchParam(value=float32[1]), ('weight',): TorchParam(value=float32[1, 2])}
    >>> brainstate.graph.states(layer)['weight',].parameters()[0] is layer.weight
    True
    """


class TorchBuffer(_Adopted, LongTermState[Any]):
    """The State of a buffer, or of a frozen Parameter, of a plain torch module.

    Inside a transform the module gets a copy of the value that it may write in place. In training mode, and where the
    copy was written, that is a write of the State.

    Raises
    ------
    TypeError
        Something else than a tensor is assigned.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> norm = torch.nn.BatchNorm1d(2)
    >>> mean = brainstate.graph.states(norm, brainstate.LongTermState)['running_mean',]
    >>> brainstate.transform.for_loop(norm, torch.ones(3, 4, 2)).shape
    torch.Size([3, 4, 2])
    >>> mean.value, norm.num_batches_tracked
    (tensor([0.2710, 0.2710]), tensor(3))
    """

    @property
    def value(self) -> Any:
        """The value, with what the module wrote before."""
        self._settle()
        return super().value

    @value.setter
    def value(self, v: Any) -> None:
        State.value.fset(self, v)  # type: ignore[attr-defined]

    def _get(self) -> Any:
        self._settle()
        return super()._get()

    def _write(self, value: Any) -> None:
        self._settle()
        super()._write(value)

    def _settle(self) -> None:
        for frame in CONTEXT.frames:
            if self in frame.lent:
                frame.settle(self)


@contextlib.contextmanager
def _nothing_active() -> Iterator[None]:
    """What is adopted was there before: no trace around takes it for made inside."""
    before = dict(vars(CONTEXT))
    vars(CONTEXT).update(traces=[], frames=[], catchers=[])
    try:
        yield
    finally:
        vars(CONTEXT).update(before)


def _state_of(tensor: torch.Tensor) -> State[Any]:
    """The one State of a Parameter or buffer."""
    trained = isinstance(tensor, torch.nn.Parameter) and tensor.requires_grad
    found = _STATES.get(id(tensor))
    if found is None or isinstance(found, ParamState) is not trained:
        with _nothing_active(), with_numbers():
            found = (TorchParam if trained else TorchBuffer)(tensor.detach())
            found._back_with(tensor)
    return found


def _is_adoptable(tensor: Any) -> bool:
    return isinstance(tensor, torch.Tensor) and not (
        isinstance(tensor, FakeTensor) or level_of(tensor) != -1 or torch.nn.parameter.is_lazy(tensor)
    )


class Slots(dict[str, Any]):
    """The Parameters or the buffers of an adopted module by name."""

    owner: torch.nn.Module

    def __init__(self) -> None:
        super().__init__()
        self.states: dict[str, State[Any]] = {}

    def state(self, name: str) -> State[Any]:
        """The State of a tensor; the same one as long as the tensor is."""
        tensor = dict.__getitem__(self, name)
        state = self.states.get(name)
        trained = isinstance(tensor, torch.nn.Parameter) and tensor.requires_grad
        if state is None or state._parameters[0] is not tensor or isinstance(state, ParamState) is not trained:  # type: ignore[index]
            state = self.states[name] = _state_of(tensor)
        return state

    def __getitem__(self, name: str) -> Any:
        tensor = dict.__getitem__(self, name)
        if not CONTEXT.traces:
            return tensor
        if torch.compiler.is_compiling() and not is_transforming():
            return tensor  # A write to it in place is an operation of the graph.
        if not _is_adoptable(tensor):
            return tensor
        state, changes = self.state(name), self._changes(tensor)
        if CONTEXT.frames:
            return CONTEXT.frames[-1].lend(state, changes) if isinstance(state, TorchBuffer) else state.value
        # A trace that is no transform only observes.
        _ = state.value
        if changes:
            state._record_write()
        return tensor

    def _changes(self, tensor: torch.Tensor) -> bool:
        """Whether it counts as written in any case: batch_norm's writes of statistics are not in autograd's counter."""
        return self.owner.training and not isinstance(tensor, torch.nn.Parameter)

    def __setitem__(self, name: str, tensor: Any) -> None:
        if CONTEXT.frames and name in self and _is_adoptable(tensor) and not isinstance(tensor, torch.nn.Parameter):
            self.state(name).value = tensor
        else:
            super().__setitem__(name, tensor)

    def __reduce__(self) -> Any:
        # The owner comes last, because it holds this dictionary.
        return type(self), (), {"owner": self.owner}, None, iter(dict.items(self))


def adopt(module: torch.nn.Module) -> None:
    """Make a plain torch module, and those in it, part of the graph."""
    for part in module.modules():
        attributes = vars(part)
        for key in ("_parameters", "_buffers"):
            # A module of this package computes these dictionaries, and a scripted one has others.
            if type(attributes.get(key)) is dict:
                slots = Slots()
                slots.owner = part
                dict.update(slots, attributes[key])
                attributes[key] = slots
                for name, tensor in attributes[key].items():
                    if _is_adoptable(tensor):
                        slots.state(name)
                if key == "_parameters" and isinstance(part, torch.nn.RNNBase):
                    part.register_forward_hook(_flat_again, always_call=True)


def _flat_again(module: Any, *_: Any) -> None:
    """The list of weights that torch's recurrent layers keep must not hold those of the transform."""
    if CONTEXT.frames:
        module._flat_weights = [dict.get(module._parameters, name) for name in module._flat_weights_names]
        module._flat_weight_refs = [w if w is None else weakref.ref(w) for w in module._flat_weights]


def adopt_within(value: Any) -> None:
    """Adopt what is set as an attribute, or stands in a list, tuple or dictionary that is."""
    if isinstance(value, torch.nn.Module):
        adopt(value)
    elif isinstance(value, (list, tuple, dict)):
        for _, child in children(value) or ():
            adopt_within(child)


def _items(module: Any) -> tuple[Items, Any]:
    adopt(module)
    attributes = vars(module)
    for name, value in attributes.items():
        if isinstance(value, State):
            _refuse_state(module, name, value)
    found: Items = []
    for key in ("_parameters", "_buffers"):
        slots = attributes[key]
        if isinstance(slots, Slots):
            found += [(name, slots.state(name)) for name, x in slots.items() if _is_adoptable(x)]
    found += [(name, part) for name, part in module._modules.items() if part is not None]
    return sorted(found), _Rest(module)


def _refuse_state(module: Any, name: str, state: State[Any]) -> NoReturn:
    kind = type(module).__name__
    state.raise_error_with_source_info(
        TypeError(
            f"a State must not be an attribute of a plain torch.nn.Module, which neither trains nor saves it. Got "
            f"{type(state).__name__} `{name}` of {kind}. Derive {kind} from `brainstate_torch.nn.Module`, or hold the "
            "State in a module that is."
        )
    )


class _Rest:
    """What a module is besides its tensors and the modules in it."""

    def __init__(self, module: torch.nn.Module) -> None:
        self.kind = type(module)
        held = ("_parameters", "_buffers", "_modules")
        self.attributes = {key: _apart(value) for key, value in vars(module).items() if key not in held}
        self.names = {key: dict.fromkeys(vars(module)[key]) for key in held}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Rest) and self.kind is other.kind and self._plain() == other._plain()

    def __hash__(self) -> int:
        return hash((self.kind, tuple(self.names["_modules"])))

    def _plain(self) -> Any:
        return self.names, {k: v for k, v in self.attributes.items() if isinstance(v, (bool, int, float, str, tuple))}

    def empty(self) -> torch.nn.Module:
        """A module without tensors."""
        module: torch.nn.Module = object.__new__(self.kind)
        vars(module).update({key: _apart(value) for key, value in self.attributes.items()})
        for key in ("_parameters", "_buffers"):
            slots = Slots()
            slots.owner = module
            dict.update(slots, self.names[key])
            vars(module)[key] = slots
        vars(module)["_modules"] = dict(self.names["_modules"])
        return module


def _apart(value: Any) -> Any:
    # Each module has its own dictionaries of hooks.
    return copy.copy(value) if isinstance(value, (dict, list, set)) else value


def _set(module: Any, name: Any, value: Any) -> None:
    if not isinstance(value, State):
        module._modules[name] = value
        return
    is_buffer = name in vars(module)["_buffers"]
    tensor: torch.Tensor
    (tensor,) = value.parameters()
    if isinstance(value, _Adopted) and _STATES.get(id(tensor)) is not value:
        # A State that was merged anew: the torch module must hold a plain Parameter or buffer, not a StateParameter.
        trained, tensor = tensor.requires_grad, tensor.detach()
        tensor = tensor if is_buffer else torch.nn.Parameter(tensor, trained)
        value._back_with(tensor)
    slots = vars(module)["_buffers" if is_buffer else "_parameters"]
    dict.__setitem__(slots, name, tensor)
    slots.states[name] = _STATES[id(tensor)] = value


def _pop(module: Any, name: Any) -> Any:
    for key in ("_parameters", "_buffers", "_modules"):
        slots = vars(module)[key]
        if name in slots:
            popped = slots.state(name) if isinstance(slots, Slots) else slots[name]
            del slots[name]
            return popped
    raise KeyError(name)


def _clear(module: Any) -> None:
    for key in ("_parameters", "_buffers", "_modules"):
        held = vars(module)[key]
        for name in held:
            dict.__setitem__(held, name, None)


register_base(
    torch.nn.Module,
    NodeType(_items, _set, _pop, create_empty=lambda rest: rest.empty(), clear=_clear, listed=False),
)
