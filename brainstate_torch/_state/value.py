"""How a State holds tensors: values that cannot be written in place, and the Parameters that back them."""

import weakref
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np
import torch

from .. import _tree
from .._arrays import from_numpy
from .._errors import TraceContextError
from .._host.dispatch import disabled_torch_function, dispatch_modes
from .._host.functorch import FakeTensor, FakeValue, level_of, protected_fake
from .._host.fx import trace_as_constants
from .._host.memory import TENSORS, apart, halved
from .._program.recording import is_recording
from ..units import Quantity, as_quantity
from ..units.foreign import is_foreign
from .unrecorded import Computed

__all__ = ["StateParameter", "Value", "as_value", "guarded", "handed_out", "marked", "owned", "unmarked"]

_REBINDING = (
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "matmul",
    "and",
    "or",
    "xor",
    "lshift",
    "rshift",
)


class _NoSwap:
    """In the place of the names of slots, for which `torch.utils.swap_tensors` asks before it changes a tensor."""

    def __iter__(self) -> NoReturn:
        raise TypeError(
            "the value of a State must not be exchanged with another tensor. Got a call of `swap_tensors`. Swap a "
            "copy: `v = state.value.clone()`, or assign: `state.value = v`."
        )


class Value(Computed):
    """A tensor as a State hands it out: ``s.value += d`` computes a new tensor, and a write in place is refused.

    In torch ``+=`` writes into storage that an older read, another State or the user's own tensor may share. The torch
    function protocol is disabled, so that results are plain tensors: passing it on costs 6 µs for each operation. Only
    items, and views by a method (``v = s.value.T; v += x``), are values again.
    """

    __torch_function__ = disabled_torch_function
    __slotnames__ = _NoSwap()
    #: The same with a note, for a read that nothing records.
    twin: Any = None
    #: The version that both had then: what gives the twin other memory, or another shape, counts as a write to both. To
    #: compare them would cost 4 us for each property of the twin, since torch asks the class for it.
    twin_version = 0

    def __repr__(self, **kwargs: Any) -> str:  # type: ignore[override]
        return repr(torch.Tensor.detach(self)) if self.grad_fn is None else repr(self.as_subclass(torch.Tensor))

    def __getitem__(self, index: Any) -> torch.Tensor:
        # `s.value[0] += 1` writes into a view of the value before Python offers the result for assignment.
        return as_value(torch.Tensor.__getitem__(self, index))  # type: ignore[no-any-return]

    def numpy(self, *, force: bool = False) -> np.ndarray[Any, Any]:
        """A copy as a numpy array."""
        return torch.Tensor.clone(self).numpy(force=force)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        # With `copy`, which numpy asks for; torch's own has it not. What it gives away is a copy in any case.
        array = torch.Tensor.clone(self).numpy()
        return array if dtype is None else array.astype(dtype, copy=False)

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        return from_numpy(array)

    @property
    def at(self) -> NoReturn:
        """What JAX arrays have, and tensors do not."""
        raise AttributeError(
            "a tensor has no attribute `at`. Change a copy: `v = state.value.clone()`, `v[index] = new`, then "
            "`state.value = v`; or use `torch.index_put`, `torch.where`."
        )

    def __dlpack__(self, **kwargs: Any) -> Any:
        return torch.Tensor.clone(self).__dlpack__(**kwargs)

    def __iter__(self) -> Iterator[torch.Tensor]:
        return (self[i] for i in range(len(self)))

    def __deepcopy__(self, memo: dict[int, Any]) -> torch.Tensor:
        copy: torch.Tensor = memo.setdefault(id(self), self.detach().clone().as_subclass(Value))
        return copy


class ReadValue(Value):
    """A value of a ParamState that was read where nothing records it; see `unrecorded`."""

    __slotnames__ = _NoSwap()
    __torch_function__ = Computed.__torch_function__

    def __repr__(self, **kwargs: Any) -> str:  # type: ignore[override]
        return repr(self.as_subclass(torch.Tensor))


# In an error a user is told of the class that this stands for.
ReadValue.__name__ = "Value"


def marked(value: Value, state: Any) -> torch.Tensor:
    """The value of a State with a note of where it is from, the same object at every read."""
    if level_of(value) != -1:
        return value  # of a transform, which records it
    found = value.twin
    if found is None or found._source is None or value.twin_version != value._version:
        found, value.twin_version = value.as_subclass(ReadValue), value._version
        value.twin = found
        # Weakly: a State holds what it handed out, and its memory is to be free when it is not needed.
        found._source = weakref.ref(state)
    return found  # type: ignore[no-any-return]


def unmarked(x: Any) -> Any:
    """A tensor without the note; anything else unchanged."""
    if type(x) is ReadValue:
        return x.as_subclass(Value)
    return x.as_subclass(torch.Tensor) if type(x) is Computed else x


class StateParameter(torch.nn.Parameter):
    """The Parameter that backs one tensor leaf of a State. Its identity survives every write, move and load.

    ``p -= lr * p.grad`` under ``torch.no_grad()`` writes in place, as in a hand-written optimizer; where autograd
    records, it computes a new tensor, so that ``s.value += d`` does under :func:`taped` what it does everywhere.
    """

    #: Whether ``requires_grad`` is off only because the State holds integers for now.
    paused = False


def _refuse(name: str) -> Callable[..., NoReturn]:
    def method(self: torch.Tensor, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(
            "the value of a State must not be written in place, nor an argument of a function that is transformed. "
            f"Got a call of `{name}` on a tensor of shape {tuple(self.shape)}. Change a copy: `v = x.clone()`, change "
            "`v`, and use it; for a State, `v = state.value.clone()`, change `v`, then `state.value = v`."
        )

    method.__name__ = name
    return method


def _unless_recording(name: str, out_of_place: Callable[..., Any]) -> Callable[..., Any]:
    in_place = getattr(torch.Tensor, name, out_of_place)

    def method(self: torch.Tensor, other: Any) -> Any:
        return out_of_place(self, other) if torch.is_grad_enabled() else in_place(self, other)

    method.__name__ = name
    return method


for _name in _REBINDING:
    _out_of_place = getattr(torch.Tensor, f"__{_name}__", None)
    if _out_of_place is not None:
        setattr(Value, f"__i{_name}__", _out_of_place)
        setattr(StateParameter, f"__i{_name}__", _unless_recording(f"__i{_name}__", _out_of_place))
        setattr(FakeValue, f"__i{_name}__", _out_of_place)


def _of_numpy(name: str) -> Callable[..., Any]:
    compared = getattr(torch.Tensor, name)

    def method(self: torch.Tensor, other: Any) -> Any:
        # numpy defers to a tensor on its right, but torch refuses an array on the left.
        return compared(self, from_numpy(other, self.device) if isinstance(other, (np.ndarray, np.generic)) else other)

    method.__name__ = name
    return method


def _reflected(name: str, operator: Callable[..., Any]) -> Callable[..., Any]:
    """The operator with the value on its right.

    Python asks a subclass first, so that `x - value` comes here, too: torch's own method takes 2 µs more for tensors.
    """
    reflected = _of_numpy(f"__r{name}__")

    def method(self: torch.Tensor, other: Any) -> Any:
        return operator(other, self) if type(other) is torch.Tensor else reflected(self, other)

    method.__name__ = f"__r{name}__"
    return method


for _name, _operator in (
    ("add", torch.add),
    ("sub", torch.sub),
    ("mul", torch.mul),
    ("truediv", torch.true_divide),
    ("floordiv", torch.floor_divide),
    ("mod", torch.remainder),
    ("pow", torch.pow),
    ("matmul", torch.matmul),
):
    setattr(Value, f"__r{_name}__", _reflected(_name, _operator))
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Value, f"__{_name}__", _of_numpy(f"__{_name}__"))

TENSORS.add(Value)
_tree.register_leaf(Value)
_tree.register_leaf(StateParameter)
trace_as_constants(Value, ReadValue, Computed, StateParameter)

_METADATA = {"requires_grad_", "retain_grad_", "detach_", "share_memory_", "rename_"}
for _name in dir(torch.Tensor):
    if _name.endswith("_") and not _name.startswith("_") and _name not in _METADATA:
        setattr(Value, _name, _refuse(_name))
        setattr(FakeValue, _name, _refuse(_name))
setattr(Value, "__setitem__", _refuse("__setitem__"))  # noqa: B010
setattr(FakeValue, "__setitem__", _refuse("__setitem__"))  # noqa: B010


#: The types of most leaves that are no tensors.
_PLAIN = frozenset({bool, int, float, complex, str, bytes, type(None)})


def guarded(x: torch.Tensor, *, mine: bool = False) -> torch.Tensor:
    """A tensor of the same numbers whose memory no write elsewhere reaches, and that cannot be written in place itself.

    Parameters
    ----------
    mine
        Nothing else leads to the memory of `x`: the tensor itself becomes a :class:`Value`.
    """
    if mine and type(x) is torch.Tensor:
        x.__class__ = Value
        return x
    if isinstance(x, FakeTensor):
        return protected_fake(x)
    if torch.is_inference_mode_enabled() or x.is_inference():
        # What is made in inference mode could not be differentiated later.
        with torch.inference_mode(False):
            x = x.clone()
    elif not mine:
        # vmap has no rule for the lazy one; `tidy` knows this one by the format that is spelled out.
        if level_of(x) != -1:
            x = x.clone(memory_format=torch.preserve_format)
        else:
            x = x._lazy_clone() if is_recording() else apart(x)
    return as_value(x)  # type: ignore[no-any-return]


def handed_out(x: Any) -> Any:
    """What a State holds, to be given away: a write through any alias of the result does not reach the State."""
    if not isinstance(x, torch.Tensor):
        return x
    if is_recording() and (isinstance(x, FakeTensor) or level_of(x) != -1):
        return guarded(x)
    if x.requires_grad or isinstance(x, FakeTensor) or level_of(x) != -1:
        return x
    return guarded(x) if torch.is_inference_mode_enabled() else guarded(halved(x), mine=True)


_VIEWS = (
    *("adjoint", "as_strided", "broadcast_to", "chunk", "conj", "contiguous", "detach", "diagonal", "dsplit", "expand"),
    *("expand_as", "flatten", "hsplit", "moveaxis", "movedim", "narrow", "permute", "positive", "ravel", "reshape"),
    *("reshape_as", "resolve_conj", "resolve_neg", "select", "split", "split_with_sizes", "squeeze", "swapaxes"),
    *("swapdims", "t", "tensor_split", "transpose", "unbind", "unflatten", "unfold", "unsqueeze", "view", "view_as"),
    "vsplit",
)


def as_value(x: Any) -> Any:
    if type(x) is torch.Tensor:
        x.__class__ = Value
    elif type(x) is FakeTensor:
        x.__class__ = FakeValue
    elif isinstance(x, (tuple, list)):
        return type(x)(map(as_value, x))
    elif type(x) is Computed:
        x.__class__ = ReadValue
    return x


def _viewing(name: str) -> Callable[..., Any]:
    whole = getattr(torch.Tensor, name)

    def method(self: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        return as_value(whole(self, *args, **kwargs))

    method.__name__, method.__doc__ = name, f"As `torch.Tensor.{name}`; a view is a value, too."
    return method


def _viewing_property(name: str) -> property:
    found: Any = getattr(torch.Tensor, name)

    def refused(self: torch.Tensor, value: Any) -> NoReturn:
        _refuse(f"{name} = ...")(self)

    return property(
        lambda self: as_value(found.__get__(self)), refused, doc=f"As `torch.Tensor.{name}`; a view is a value, too."
    )


for _name in _VIEWS:
    setattr(Value, _name, _viewing(_name))
    setattr(FakeValue, _name, _viewing(_name))
for _name in ("T", "mT", "H", "mH", "real", "imag", "data"):
    setattr(Value, _name, _viewing_property(_name))
    setattr(FakeValue, _name, _viewing_property(_name))


def owned(value: Any, level: int, attached: bool) -> Any:
    """The tree as a State holds it: numpy arrays become tensors, tensors become :class:`Value`.

    Parameters
    ----------
    value
        Any pytree.
    level
        How many torch.func transforms the State's transform knows of. A tensor wrapped for a deeper one would be dead
        once that returns.
    attached
        Keep the autograd graph of the tensors.

    Raises
    ------
    TraceContextError
        A tensor belongs to a torch.func transform that no transform of this package stands for.
    """
    if torch.compiler.is_compiling():
        return _tree.map(lambda leaf: _owned_in_graph(leaf, attached), value)
    kind = type(value)
    if kind is torch.Tensor and attached and value.grad_fn is not None and level_of(value) == -1 and not is_recording():
        # Computed inside the transform, which looks at its end whether an alias was written; a copy is a node more.
        return guarded(value, mine=True)
    if kind is torch.Tensor or kind is Value:
        return _owned_leaf(value, level, attached)
    if kind is float or kind is int or value is None:
        return value
    if kind is Quantity:
        return Quantity._make(owned(value.mantissa, level, attached), value.unit)
    leaves, spec = _tree.flatten(value)
    if spec is _tree.LEAF:
        return _owned_leaf(value, level, attached)
    return _tree.unflatten(spec, [_owned_leaf(leaf, level, attached) for leaf in leaves])


def _owned_in_graph(leaf: Any, attached: bool) -> Any:
    """The same for torch.compile and torch.export, which know neither storages nor levels of torch.func.

    One copy, when the value leaves the call: of two in a row Inductor drops both, and the result loses its graph
    (torch 2.13).
    """
    if isinstance(leaf, torch.Tensor):
        return leaf if attached else leaf.detach().clone()
    return from_numpy(leaf) if isinstance(leaf, (np.ndarray, np.generic)) else leaf


def _owned_leaf(leaf: Any, level: int, attached: bool) -> Any:
    if isinstance(leaf, (np.ndarray, np.generic)):
        return leaf if leaf.dtype.kind in "OSUV" else guarded(from_numpy(leaf))
    if not isinstance(leaf, torch.Tensor):
        return leaf if type(leaf) in _PLAIN else _arrived(leaf)
    leaf = unmarked(leaf)
    if isinstance(leaf, FakeTensor) and not (is_recording() or dispatch_modes()):
        _refuse_fake(leaf)
    depth = level_of(leaf)
    if depth > level or depth == -2:
        _refuse_wrapper(leaf, depth)
    if not attached and leaf.requires_grad:
        leaf = torch.Tensor.detach(leaf)
        return guarded(leaf) if leaf.is_inference() else guarded(halved(leaf), mine=True)
    computed = attached and type(leaf) is torch.Tensor and (depth > 0 or leaf.grad_fn is not None)
    return guarded(leaf, mine=computed and not is_recording())


def _arrived(leaf: Any) -> Any:
    """An array or quantity of another package, such as a JAX array, as one of this; anything else as it is."""
    if is_foreign(leaf):
        leaf = as_quantity(leaf)
        # A copy: what JAX hands over without one must not change when the State's Parameters do.
        mantissa = leaf.mantissa.clone() if isinstance(leaf.mantissa, torch.Tensor) else leaf.mantissa
        return owned(Quantity._make(mantissa, leaf.unit), 0, False)
    if hasattr(leaf, "__dlpack__") and hasattr(leaf, "shape"):
        return guarded(torch.utils.dlpack.from_dlpack(leaf))
    return leaf


def _refuse_wrapper(leaf: torch.Tensor, depth: int) -> NoReturn:
    seen = (
        "one that outlived its transform"
        if depth == -2
        else "one made inside torch.func.grad, vmap or another raw torch transform"
    )
    raise TraceContextError(
        f"a State must hold tensors that outlive the call. Got {seen} (shape {tuple(leaf.shape)}). "
        "Use the transforms of this package in place of torch.func's: they bring written States out."
    )


def _refuse_fake(leaf: torch.Tensor) -> NoReturn:
    raise TraceContextError(
        "a State must hold tensors that have numbers. Got one that stands for numbers in a recording that has ended "
        f"(shape {tuple(leaf.shape)}): it was kept in a variable or attribute. Return it, or hold it in a State."
    )
