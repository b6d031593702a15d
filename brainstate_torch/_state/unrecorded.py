"""Values of ParamStates that are read where nothing records them: constants, of which a backward pass is told.

Outside of calls and transforms the value of a ParamState carries no graph, and what is computed from it neither. In a
loss that has a graph from elsewhere that would be a part without a gradient, and nobody would notice. So the value is
of a class that torch asks at each operation, and so is the result. Where one of them meets a tensor that requires a
gradient, it becomes a leaf of the graph with a hook, which raises when a gradient arrives.
"""

from typing import Any, NoReturn

import numpy as np
import torch

from .. import _tree
from .._errors import BrainStateError
from .._host.dispatch import as_plain_tensors
from .._host.functorch import is_transformed
from .context import CONTEXT

__all__ = ["Computed"]

_plain = torch.Tensor.as_subclass


def _asked(cls: Any, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
    kwargs = kwargs or {}
    if torch.compiler.is_compiling():
        with as_plain_tensors():
            return func(*args, **kwargs)
    if func in _LEAVING and isinstance(args[0], Computed):
        args[0]._source = None
    if CONTEXT.frames or not torch.is_grad_enabled() or is_transformed():
        with as_plain_tensors():
            return func(*args, **kwargs)
    if func in _BACKWARD:
        _check_roots(args, kwargs)
    with as_plain_tensors():
        if func.__name__ == "__get__" and func != _DATA:
            # Most are of shape and dtype.
            out = func(*args)
            return _mark(out, args[0]._source) if isinstance(out, torch.Tensor) and not out.requires_grad else out
        if func in _ENDING:
            return _unmarked_too(func(*args, **kwargs), cls)
        if func is _plain:
            return func(*args)
        state, other = _sources([*args, *kwargs.values()])
        if state is None:
            return func(*args, **kwargs)
        if _writes(func.__name__):
            return _written(func, args, kwargs, state, other)
        if other:
            return func(*_as_leaves(args), **{key: _as_leaf(x) for key, x in kwargs.items()})
        out = func(*args, **kwargs)
        return _mark(out, state) if isinstance(out, (torch.Tensor, tuple, list)) else out


class Computed(torch.Tensor):
    """What was computed from the value of a ParamState that was read where nothing records it.

    It is a base of :class:`Value` for torch.testing.assert_close, which compares tensors of related classes.
    """

    #: Refers to the State that was read; None for what was detached.
    _source: Any = None
    __torch_function__ = classmethod(_asked)

    def __repr__(self, **kwargs: Any) -> str:  # type: ignore[override]
        return repr(self.as_subclass(torch.Tensor))

    def __format__(self, spec: str) -> str:
        return format(self.as_subclass(torch.Tensor), spec)

    def __deepcopy__(self, memo: dict[int, Any]) -> torch.Tensor:
        copy: torch.Tensor = memo.setdefault(id(self), self.as_subclass(torch.Tensor).clone())
        return copy

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.as_subclass(torch.Tensor).__reduce_ex__(protocol)  # type: ignore[no-untyped-call]

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        # torch's methods, which numpy's functions would call, do not know numpy's arguments.
        arrays = lambda x: np.asarray(x) if isinstance(x, torch.Tensor) else x
        return func(*_tree.map(arrays, args), **_tree.map(arrays, kwargs))


Computed.__name__ = "Tensor"  # in an error a user is told of the class that this stands for

#: What asks for gradients, and what gives a tensor of which nobody wants one.
_BACKWARD = {torch.Tensor.backward, torch.autograd.grad}
_ENDING: set[Any] = {torch.Tensor.detach, torch.Tensor.detach_, torch.Tensor.requires_grad_}
_data: Any = torch.Tensor.data
_DATA = _data.__get__
_ENDING |= {_DATA, torch.Tensor.copy_}
#: After these it is a leaf of a graph, or has other memory: no longer what a State shows.
_requires_grad: Any = torch.Tensor.requires_grad
_LEAVING: set[Any] = {torch.Tensor.requires_grad_, _requires_grad.__set__, _data.__set__}


def _unmarked_too(out: Any, kind: type) -> Any:
    """Without the note, and of the class of what was detached, as torch.nn.Parameter asks."""
    if type(out) is torch.Tensor:
        out.__class__ = kind
    if isinstance(out, Computed):
        out._source = None
    return out


def _mark(out: Any, state: Any) -> Any:
    if state is None:
        return out
    if isinstance(out, (tuple, list)):
        for item in out:
            _mark(item, state)
    elif type(out) is torch.Tensor and (out.is_floating_point() or out.is_complex()):
        out.__class__ = Computed
        out._source = state  # type: ignore[attr-defined]
    return out


def _sources(args: Any) -> tuple[Any, bool]:
    """The State of a tensor with a note, None if none has one; and whether a tensor requires a gradient."""
    state, other = None, False
    for x in args:
        if isinstance(x, Computed) and x._source is not None and not x.requires_grad:
            state = x._source
        elif isinstance(x, torch.Tensor):
            other |= x.requires_grad
        elif type(x) in (tuple, list):
            inner, more = _sources(x)
            state, other = inner if state is None else state, other or more
    return state, other


def _writes(name: str) -> bool:
    return name == "__setitem__" or (
        name.startswith("__i") if name.startswith("__") else name.endswith("_") and len(name) > 1
    )


def _written(func: Any, args: Any, kwargs: Any, state: Any, other: bool) -> Any:
    """An operation that writes to its first argument, which stays the tensor that it is."""
    target = args[0]
    if not other:
        out = func(*args, **kwargs)
        _mark(target, state)
        return out
    out = func(target, *_as_leaves(args[1:]), **kwargs)
    if isinstance(target, Computed) and target._source is not None and target.requires_grad:
        _leading_back(target, target._source)
    return out


def _as_leaves(args: Any) -> Any:
    return type(args)(map(_as_leaf, args))


def _as_leaf(x: Any) -> Any:
    if type(x) in (tuple, list):
        return _as_leaves(x)
    if isinstance(x, Computed) and x._source is not None and (x.is_floating_point() or x.is_complex()):
        return _leading_back(_plain(x, torch.Tensor).detach().requires_grad_(), x._source)
    return x


def _leading_back(x: torch.Tensor, state: Any) -> torch.Tensor:
    x.register_hook(lambda _: _refuse(state))  # type: ignore[no-untyped-call]
    return x


def _check_roots(args: Any, kwargs: Any) -> None:
    for x in [args[0] if args else kwargs.get("outputs"), *args[1:2], kwargs.get("inputs")]:
        for tensor in x if isinstance(x, (tuple, list)) else (x,):
            if isinstance(tensor, Computed) and tensor._source is not None and not tensor.requires_grad:
                _refuse(tensor._source)


def _refuse(source: Any) -> NoReturn:
    state = source()
    name = "a State" if state is None else f"`{state.name}`" if state.name else type(state).__name__
    error = BrainStateError(
        f"a gradient of {name} needs a value that is read in the call of a module, in `with taped():`, or in a "
        "function that is differentiated. Got a backward pass through what was computed from a value that was read "
        "outside, where it is a constant. Compute that in `update`, or from `state.parameters()`; for a constant "
        "that is meant, read `state.value.detach()`."
    )
    if state is not None:
        state.raise_error_with_source_info(error)
    raise error
