"""State: a named, observable value that transforms see."""

import contextlib
import sys
import weakref
from collections.abc import Callable, Iterator
from os import path
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, NoReturn, Self, TypeVar

import torch

from .. import _tree
from .._arrays import is_arraylike
from .._errors import TraceContextError
from ..units import Quantity
from ..util import PrettyObject
from .context import CONTEXT
from .hooks import GlobalHookRegistry, Hook, HookHandle, HookManager
from .value import StateParameter, Value, owned

if TYPE_CHECKING:
    from .treefy import TreefyState

__all__ = ["SourceInfo", "State", "maybe_state"]

A = TypeVar("A")
_MISSING: Any = object()
_PACKAGE = path.dirname(path.dirname(__file__)) + path.sep
_GLOBAL_HOOKS = GlobalHookRegistry.instance()


class SourceInfo(NamedTuple):
    """Where a State was made: file, line and function of the caller."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} (in {self.function})"


def _caller() -> SourceInfo:
    """The innermost frame outside this package."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return SourceInfo(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)


class _Invalidated:
    def __repr__(self) -> str:
        return "<made inside a transform that raised>"


_INVALIDATED = _Invalidated()


class State(PrettyObject, Generic[A]):
    """A value that functions read and write through ``.value`` and that every transform of this package sees.

    The value is any pytree: tensors, quantities, numbers, None, or containers of them. numpy arrays become tensors,
    32 bit wide unless ``environ`` says 64. Each tensor leaf is backed by a ``torch.nn.Parameter`` that the State owns;
    it is made when it is first asked for (:meth:`parameters`) and then survives every write, move and load.

    Outside a transform ``.value`` carries no autograd tape; :func:`taped` opens the door to ``loss.backward()``. A
    value cannot be written in place: ``s.value += d`` computes a new tensor and assigns it.

    Parameters
    ----------
    value
        Any pytree. Another State stands for its value.
    name
        A name for people.
    **metadata
        `tag`, a text or several, becomes a set; everything else becomes an attribute.

    Notes
    -----
    Source: brainstate.State (0.5.4). Differs: containers are copied on assignment, so editing the caller's list or dict
    does not change the State; a State created inside a transform stays usable after it; States are equal by identity.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> counter = brainstate.State(torch.zeros(()), name='counter')
    >>> before = counter.value
    >>> counter.value += 2
    >>> before, counter.value
    (tensor(0.), tensor(2.))
    """

    _been_writen: bool = False
    _name: str | None
    _value: Any
    _level: int
    _source_info: SourceInfo
    _hooks_manager: HookManager
    _parameters: list[StateParameter] | None
    tag: set[str] | None

    def __init__(self, value: A, name: str | None = None, **metadata: Any) -> None:
        tag = metadata.pop("tag", None)
        tag = {tag} if isinstance(tag, str) else None if tag is None else set(tag)
        raw: Any = value.value if isinstance(value, State) else value
        vars(self).update(metadata)
        self._name, self.tag = name, tag
        self._begin()
        self._value = self._own(raw)
        for catcher in CONTEXT.catchers:
            catcher.append(self)
        if _GLOBAL_HOOKS.active:
            _GLOBAL_HOOKS.execute_init_hooks(self._value, weakref.ref(self), {**metadata, "_name": name, "tag": tag})

    def _begin(self) -> None:
        """Set what every new object has of its own, however it came about."""
        self._level = len(CONTEXT.traces)
        self._source_info = _caller()
        self._hooks_manager = HookManager()
        self._parameters = None
        self._been_writen = False
        for trace in CONTEXT.traces:
            trace._created.append(self)

    # Reading and writing

    @property
    def value(self) -> A:
        """The value. Reading and assigning it reports to the active traces and runs the hooks."""
        traces = CONTEXT.traces
        if traces:
            for trace in traces[self._level :]:
                if self not in trace._originals or trace.check_read is not None:
                    trace.read_its_value(self)
            value = self._get()
        else:
            value = self._value if self._parameters is None else self._mirrored()
        if value is _INVALIDATED:
            self._refuse_invalidated()
        if _GLOBAL_HOOKS.active or self._hooks_manager.active:
            for manager in self._managers():
                manager.execute_read_hooks(value, weakref.ref(self))
        return value  # type: ignore[no-any-return]

    @value.setter
    def value(self, v: A) -> None:
        if isinstance(v, State):
            raise ValueError(
                f"the value of {type(self).__name__} must not be a State. Got {type(v).__name__}. "
                "Assign its `.value`, or use `copy_from` to take over its metadata too."
            )
        if CONTEXT.tree_check[-1]:
            self._check_structure(v)
        hooked = _GLOBAL_HOOKS.active or self._hooks_manager.active
        if hooked:
            old = self._get()
            for manager in self._managers():
                v = manager.execute_write_before_hooks(v, old, weakref.ref(self))
        new = self._own(v)
        self._record_write()
        self._put(new)
        if hooked:
            for manager in self._managers():
                manager.execute_write_after_hooks(new, old, weakref.ref(self))

    def restore_value(self, v: A) -> None:
        """Set the value as a transform does when it puts things back: recorded as a read, with `restore` hooks only.

        Raises
        ------
        ValueError
            The value is a State, or its tree structure or units differ from the present value's.
        """
        if isinstance(v, State):
            raise ValueError(
                f"the value of {type(self).__name__} must not be a State. Got {type(v).__name__}. Pass its `.value`."
            )
        self._check_structure(v)
        old = self._get()
        new = self._own(v)
        for trace in CONTEXT.traces[self._level :]:
            trace.read_its_value(self)
        been_writen = self._been_writen
        self._put(new)
        self._been_writen = been_writen
        if _GLOBAL_HOOKS.active or self._hooks_manager.active:
            for manager in self._managers():
                manager.execute_restore_hooks(new, old, weakref.ref(self))

    def value_call(self, func: Callable[[Any], Any]) -> Any:
        """The value with `func` applied to each leaf; the State is not changed."""
        return _tree.map(func, self.value)

    def _own(self, v: Any) -> Any:
        frames = CONTEXT.frames
        return owned(v, level=frames[-1].level if frames else 0, attached=bool(frames))

    def _record_write(self) -> None:
        """A write is one for the innermost frame and what lies in it; outer traces see a read until it commits."""
        context = CONTEXT
        if context.traces:
            inner = context.frames[-1].position if context.frames else 0
            for position in range(self._level, len(context.traces)):
                trace = context.traces[position]
                (trace.write_its_value if position >= inner else trace.read_its_value)(self)

    def _get(self) -> Any:
        """The value that the caller sees: the innermost frame's, else the State's own."""
        for frame in reversed(CONTEXT.frames):
            if frame.position >= self._level:
                if self in frame.values:
                    return frame.values[self]
                if frame.provides:
                    return frame.provide(self)
        return self._value if self._parameters is None else self._mirrored()

    def _put(self, value: Any) -> None:
        """Set the value that the caller sees."""
        frames = CONTEXT.frames
        if frames and frames[-1].position >= self._level:
            frames[-1].values[self] = value
        else:
            self._commit(value)

    def _commit(self, value: Any) -> None:
        """Set the State's own value, and the Parameters behind it."""
        self._been_writen = True
        self._value = value
        if self._parameters is not None:
            self._back(value)

    def _invalidate(self) -> None:
        self._value = _INVALIDATED
        self._parameters = None

    def _refuse_invalidated(self) -> NoReturn:
        self.raise_error_with_source_info(
            TraceContextError(
                f"a {type(self).__name__} must have a value to be read. Got one made inside a transform that raised. "
                "Make the State outside, or assign a new value."
            )
        )

    def _check_structure(self, v: Any) -> None:
        old = self._get()
        if old is _INVALIDATED:
            return
        before, after = _tree.structure(old), _tree.structure(v)
        if before != after:
            name = f"`{self._name}`" if self._name else type(self).__name__
            self.raise_error_with_source_info(
                ValueError(
                    f"the value of {name} must keep its structure {before}. Got {after}. "
                    "Assign one of equal structure and units."
                )
            )

    # Parameters

    def parameters(self) -> list[StateParameter]:
        """The Parameters behind the tensor leaves, in the order of the leaves: the same objects at every call.

        ``requires_grad`` is set for the floating and complex leaves of a :class:`ParamState`. An optimizer of
        torch.optim that steps on them changes the value in place, older reads of it included.

        Examples
        --------
        >>> import torch, brainstate_torch as brainstate
        >>> w = brainstate.ParamState(torch.ones(2))
        >>> p, = w.parameters()
        >>> w.value = torch.zeros(2)
        >>> w.parameters()[0] is p, p.requires_grad, p.data
        (True, True, tensor([0., 0.]))
        """
        if self._parameters is None:
            self._parameters = []
            self._back(self._value)
        return list(self._parameters)

    def _trains(self, leaf: torch.Tensor) -> bool:
        """Does the Parameter of this leaf require a gradient?"""
        return False

    def _back(self, value: Any) -> None:
        """Point the Parameters at a value, reusing them in order; the State then shows their storage.

        The tensors are copied: an optimizer writes in place, and what it writes to must be the State's alone.
        """
        assert self._parameters is not None
        leaves = [leaf for leaf in _tree.leaves(value) if isinstance(leaf, torch.Tensor)]
        kept = self._parameters[: len(leaves)]
        for parameter, leaf in zip(kept, leaves, strict=False):
            if parameter.data_ptr() != leaf.data_ptr() or parameter.shape != leaf.shape:
                parameter.data = leaf.detach().as_subclass(torch.Tensor).clone()
        for leaf in leaves[len(kept) :]:
            data = leaf.detach().as_subclass(torch.Tensor).clone()
            kept.append(StateParameter(data, requires_grad=self._trains(leaf)))
        self._parameters = kept
        self._value = self._filled(value, [_alias(parameter) for parameter in kept])

    def _mirrored(self) -> Any:
        """The State's own value, after looking whether a move gave a Parameter other storage."""
        assert self._parameters is not None
        held = [leaf for leaf in _tree.leaves(self._value) if isinstance(leaf, torch.Tensor)]
        for parameter, leaf in zip(self._parameters, held, strict=True):
            if (
                parameter.data_ptr() != leaf.data_ptr()
                or parameter.dtype != leaf.dtype
                or parameter.device != leaf.device
            ):
                self._value = self._filled(self._value, [_alias(parameter) for parameter in self._parameters])
                break
        return self._value

    def _with_parameters(self) -> Any:
        """The value with the Parameters themselves as leaves."""
        parameters = self.parameters()
        return self._filled(self._value, parameters)

    @staticmethod
    def _filled(value: Any, tensors: list[Any]) -> Any:
        leaves, spec = _tree.flatten(value)
        supply = iter(tensors)
        return _tree.unflatten(spec, [next(supply) if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves])

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Move the value to a device or a floating dtype, as ``torch.nn.Module.to`` does, and return the State.

        Integer leaves keep their dtype; a complex leaf takes the complex dtype of the same width.

        Examples
        --------
        >>> import torch, brainstate_torch as brainstate
        >>> s = brainstate.State({'v': torch.zeros(2), 'n': torch.tensor(3)}).to(torch.float64)
        >>> s.value['v'].dtype, s.value['n'].dtype
        (torch.float64, torch.int64)
        """
        device, dtype, non_blocking, _ = torch._C._nn._parse_to(*args, **kwargs)

        def moved(leaf: Any) -> Any:
            if not isinstance(leaf, torch.Tensor):
                return leaf
            kind = dtype if leaf.is_floating_point() else dtype and dtype.to_complex() if leaf.is_complex() else None
            return leaf.to(device=device, dtype=kind, non_blocking=non_blocking)

        been_writen = self._been_writen
        self._commit(self._own(_tree.map(moved, self._get())))
        self._been_writen = been_writen
        return self

    # Metadata

    @property
    def name(self) -> str | None:
        """The name given by the user, or None."""
        return self._name

    @name.setter
    def name(self, name: str | None) -> None:
        self._name = name

    def add_tag(self, tag: str) -> None:
        """Add a text to the set of tags."""
        if self.tag is None:
            self.tag = set()
        self.tag.add(tag)

    def numel(self) -> int:
        """How many numbers the value holds; a Python number counts as one."""
        if self._value is _INVALIDATED:
            self._refuse_invalidated()
        leaves = [leaf for leaf in _tree.leaves(self._get()) if is_arraylike(leaf)]
        return sum(leaf.numel() if isinstance(leaf, torch.Tensor) else 1 for leaf in leaves)

    @property
    def source_info(self) -> SourceInfo:
        """Where the State was made."""
        return self._source_info

    def raise_error_with_source_info(self, error: Exception) -> NoReturn:
        """Raise `error` with a note that says where the State was made."""
        error.add_note(f"{type(self).__name__} made at {self._source_info}")
        raise error

    @property
    def stack_level(self) -> int:
        """How many traces were active when the State was made; only traces beyond that see it."""
        return self._level

    @stack_level.setter
    def stack_level(self, level: int) -> None:
        self._level = level

    def decrease_stack_level(self) -> None:
        """Let one more of the outer traces see the State."""
        self._level = max(self._level - 1, 0)

    def increase_stack_level(self) -> None:
        """Hide the State from one more of the traces."""
        self._level += 1

    def check_if_deleted(self) -> None:
        """Raise if the State cannot be read."""
        if self._value is _INVALIDATED:
            self._refuse_invalidated()

    # Copies

    def copy(self) -> Self:
        """A new State with the same value and metadata, and no hooks.

        Examples
        --------
        >>> import torch, brainstate_torch as brainstate
        >>> a = brainstate.State(torch.zeros(2), name='a')
        >>> b = a.copy()
        >>> b.value += 1
        >>> a.value, b.name
        (tensor([0., 0.]), 'a')
        """
        return self._twin({})

    def _twin(self, changes: dict[str, Any]) -> Self:
        twin = object.__new__(type(self))
        vars(twin).update({**vars(self), "_value": self._get(), **changes})
        twin._begin()
        return twin

    def replace(self, value: Any = _MISSING, **kwargs: Any) -> "State[Any]":
        """A new State with another value or other attributes; this one is not changed. Hooks are shared.

        Raises
        ------
        ValueError
            The value is a State of another type.
        """
        if "name" in kwargs:
            kwargs["_name"] = kwargs.pop("name")
        value = kwargs.pop("_value", value)
        if isinstance(value, State):
            if type(value) is not type(self):
                raise ValueError(
                    f"`value` must be a {type(self).__name__} or a plain value. Got a {type(value).__name__}. "
                    "Pass its `.value`."
                )
            return value.replace(**kwargs) if kwargs else value
        if value is not _MISSING:
            kwargs["_value"] = self._own(value)
        twin = self._twin(kwargs)
        twin._hooks_manager = self.hooks
        return twin

    def copy_from(self, other: "State[A]") -> None:
        """Take over the value and the metadata of another State of the same type; hooks stay.

        Raises
        ------
        ValueError
            The other State is of another type.
        """
        if type(self) is not type(other):
            raise ValueError(f"`other` must be a {type(self).__name__}. Got a {type(other).__name__}.")
        if self is other:
            return
        mine = ("_level", "_source_info", "_hooks_manager", "_parameters")
        kept = {key: vars(self)[key] for key in mine}
        vars(self).clear()
        vars(self).update({**vars(other), **kept})
        been_writen = other._been_writen
        self._put(other._get())
        self._been_writen = been_writen

    def __copy__(self) -> Self:
        return self.copy()

    def __getstate__(self) -> dict[str, Any]:
        kept = {k: v for k, v in vars(self).items() if k not in ("_hooks_manager", "_level")}
        if self._value is not _INVALIDATED:
            kept["_value"] = self._get()
        return kept

    def __setstate__(self, kept: dict[str, Any]) -> None:
        parameters = kept.pop("_parameters")
        vars(self).update(kept)
        source, written = self._source_info, self._been_writen
        self._begin()
        self._source_info, self._been_writen = source, written
        self._value = self._own(self._value)
        if parameters is not None:
            for parameter in parameters:
                parameter.__class__ = StateParameter
            self._parameters = parameters
            self._value = self._filled(self._value, [_alias(parameter) for parameter in parameters])

    def to_state_ref(self) -> "TreefyState[A]":
        """The value and the metadata as a pytree node."""
        from .treefy import TreefyState

        hidden = ("_value", "_level", "_parameters")
        return TreefyState(type(self), self._get(), **{k: v for k, v in vars(self).items() if k not in hidden})

    def update_from_ref(self, state_ref: "TreefyState[A]") -> None:
        """Take over value and metadata of a :class:`TreefyState`: as a write if its source had been written."""
        metadata = state_ref.get_metadata()
        written = metadata.pop("_been_writen", True)
        own = ("_hooks_manager", "_source_info", "_level", "_parameters")
        vars(self).update({k: v for k, v in metadata.items() if k not in own})
        if written:
            self.value = state_ref.value
        else:
            self.restore_value(state_ref.value)

    # Hooks

    @property
    def hooks(self) -> HookManager:
        """The hooks of this State."""
        return self._hooks_manager

    def _managers(self) -> list[HookManager]:
        """The managers whose hooks run: the global ones first."""
        managers: list[HookManager] = [_GLOBAL_HOOKS] if _GLOBAL_HOOKS.active else []
        if self._hooks_manager.active:
            managers.append(self._hooks_manager)
        return managers

    def register_hook(
        self,
        hook_type: str,
        callback: Callable[[Any], Any],
        priority: int = 0,
        name: str | None = None,
        enabled: bool = True,
    ) -> HookHandle:
        """Run `callback` with a context at every `hook_type`: read, write_before, write_after, restore or init.

        Examples
        --------
        >>> import torch, brainstate_torch as brainstate
        >>> s, seen = brainstate.State(torch.zeros(2)), []
        >>> handle = s.register_hook('write_after', lambda context: seen.append(context.value))
        >>> s.value = torch.ones(2)
        >>> seen
        [tensor([1., 1.])]
        """
        return self.hooks.register_hook(hook_type, callback, priority, name, enabled)

    def unregister_hook(self, handle: HookHandle) -> bool:
        """Remove a hook; False if it was not there."""
        return self.hooks.unregister_hook(handle)

    def list_hooks(self, hook_type: str | None = None) -> list[Hook]:
        """The hooks of a type, or all."""
        return self.hooks.get_hooks(hook_type)

    def clear_hooks(self, hook_type: str | None = None) -> None:
        """Remove the hooks of a type, or all."""
        self.hooks.clear_hooks(hook_type)

    def has_hooks(self, hook_type: str | None = None) -> bool:
        """Are there hooks of a type, or any?"""
        return self.hooks.has_hooks(hook_type)

    @contextlib.contextmanager
    def temporary_hook(self, hook_type: str, callback: Callable[[Any], Any], priority: int = 0) -> Iterator[HookHandle]:
        """A hook for the time of a ``with`` block."""
        handle = self.register_hook(hook_type, callback, priority)
        try:
            yield handle
        finally:
            self.unregister_hook(handle)

    def __repr__(self) -> str:
        hidden = {
            "_level",
            "_source_info",
            "_been_writen",
            "_hooks_manager",
            "_parameters",
            "_value",
            "_name",
            "tag",
        }
        parts = [f"value={summary(self._value)}"]
        parts += [f"{k}={v!r}" for k, v in vars(self).items() if k not in hidden]
        parts += [f"name={self._name!r}"] if self._name is not None else []
        parts += [f"tag={self.tag!r}"] if self.tag is not None else []
        return f"{type(self).__name__}({', '.join(parts)})"


def _alias(parameter: torch.Tensor) -> torch.Tensor:
    return parameter.detach().as_subclass(Value)


def summary(value: Any) -> str:
    """A value in short: dtype, shape and unit in the place of numbers."""

    def short(leaf: Any) -> Any:
        if isinstance(leaf, Quantity):
            return _Text(f"{short(leaf.mantissa)!r} {leaf.unit}")
        if isinstance(leaf, torch.Tensor):
            return _Text(f"{str(leaf.dtype).removeprefix('torch.')}{list(leaf.shape)}")
        return leaf

    return repr(_tree.map(short, value, is_leaf=lambda x: isinstance(x, Quantity)))


class _Text(str):
    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def maybe_state(val: Any) -> Any:
    """The value of a State; anything else unchanged.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.maybe_state(brainstate.State(3)), brainstate.maybe_state(4)
    (3, 4)
    """
    return val.value if isinstance(val, State) else val
