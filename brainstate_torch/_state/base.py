"""State: a named, observable value that transforms see."""

import difflib
import weakref
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NoReturn, Self

import torch

from .. import _tree
from .._arrays import is_arraylike
from .._errors import TraceContextError, kind_of
from .._host.dispatch import dispatch_modes, parsed_move
from .._host.fx import get_proxy_mode
from .._host.memory import all_intact, is_halved
from .._program.recording import THREAD, is_recording
from ..units import UnitMismatchError, get_mantissa
from ..util import PrettyObject
from ..util.pretty import short_repr
from .backing import INVALIDATED
from .context import CONTEXT
from .copied import A, Copied
from .hooked import GLOBAL_HOOKS
from .hooks import HookManager
from .kept_units import check_units
from .labelled import Labelled
from .source import SourceInfo, calling_line
from .value import StateParameter, Value, handed_out, owned, unmarked

__all__ = ["State", "current_values", "maybe_state"]

_MISSING: Any = object()
_VALUES = {Value}
#: What a user assigns to, and the usual way to do it.
_SETTABLE = frozenset({"value", "name", "tag", "stack_level"})


class State(Labelled, Copied[A], PrettyObject):
    """A value that functions read and write through ``.value`` and that every transform of this package sees.

    The value is any pytree: tensors, quantities, numbers, None, or containers of them. numpy arrays become tensors,
    32 bit wide unless ``environ`` says 64. Each tensor leaf is backed by a ``torch.nn.Parameter`` that the State owns;
    it is made when it is first asked for (:meth:`parameters`) and then survives every write, move and load.

    Outside a transform ``.value`` carries no autograd graph, but within the call of a module it does, so that
    ``loss.backward()`` reaches the Parameters; :func:`taped` does the same for any other code. A value cannot be
    written in place: ``s.value += d`` computes a new tensor and assigns it. A value with a unit is replaced by one of
    the same dimension, unless ``check_state_value_tree(False)`` says otherwise.

    Parameters
    ----------
    value
        Any pytree. Another State stands for its value.
    name
        A name, for display.
    **metadata
        `tag`, a string or several, becomes a set; everything else becomes an attribute.

    Notes
    -----
    Source: brainstate.State (0.5.4). Differs: containers are copied on assignment, so editing the caller's list or dict
    does not change the State; a State created inside a transform stays usable after it; States are equal by identity;
    a value with a unit does not lose it.

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
        self._end()
        for catcher in CONTEXT.catchers:
            catcher.append(self)
        if GLOBAL_HOOKS.active:
            GLOBAL_HOOKS.execute_init_hooks(self._value, weakref.ref(self), {**metadata, "_name": name, "tag": tag})

    def _begin(self) -> None:
        """Set the attributes that no two States share; for new objects of any origin."""
        traces = CONTEXT.traces
        # `taped` is no transform: what is made in it belongs to its surroundings.
        self._level = len(traces) - (len(traces) > 0 and traces[-1].transparent)
        self._source_info = calling_line()
        self._hooks_manager = HookManager()
        self._parameters = None
        self._been_writen = False
        self._shown = None
        for trace in traces:
            trace._created[self] = _MISSING

    def _end(self) -> None:
        """Tell the traces the first value, which a second run of the same code has to start from."""
        if CONTEXT.frames:
            CONTEXT.frames[-1].note(self, self._value)
        for trace in CONTEXT.traces:
            trace._created[self] = self._value

    @property
    def value(self) -> A:
        """The value. Reading and assigning it reports to the active traces and runs the hooks."""
        traces = CONTEXT.traces
        hooked = GLOBAL_HOOKS.active or self._hooks_manager.active
        if len(traces) == 1 and self in (known := traces[0]._known) and not hooked and not THREAD.recordings:
            # The usual case, one transform around that has seen the State: all that the lines below would do.
            return known[self]  # type: ignore[no-any-return]
        if len(traces) == 1 and self in (trace := traces[0]).values and not self._level and not trace.observes:
            value = trace.values[self]
            if self in trace._originals:
                trace._know(self, value)
            else:
                trace._originals[self] = value
        elif traces:
            value = self._get()
            for trace in traces[self._level :]:
                if trace.observes:
                    trace.read_its_value(self)
                    value = self._get()
                else:
                    trace._originals.setdefault(self, value)
        else:
            value = self._shown
            if type(value) is not Value or self._parameters is not None or not is_halved(value) or value._version:
                value = self._show()
            if self._trained and torch.is_grad_enabled() and not torch.compiler.is_compiling():
                value = self._told(value)
        if traces and is_recording():
            # A write through an alias of what is handed out here is an operation on this copy. See `tidy`.
            value = _tree.map(handed_out, value)
        if value is INVALIDATED:
            self._refuse_invalidated()
        if hooked:
            for manager in self._managers():
                manager.execute_read_hooks(value, weakref.ref(self))
        return value  # type: ignore[no-any-return]

    @value.setter
    def value(self, v: A) -> None:
        traces = CONTEXT.traces
        hooked = GLOBAL_HOOKS.active or self._hooks_manager.active
        simple = len(traces) == 1 and self in traces[0]._known and CONTEXT.tree_check[-1] is None
        if simple and not hooked and traces[0]._takes(self, v):
            return
        if isinstance(v, State):
            raise ValueError(
                f"the value of {type(self).__name__} must not be a State. Got {type(v).__name__}. "
                "Assign its `.value`, or use `copy_from` to take over its metadata too."
            )
        if CONTEXT.tree_check[-1]:
            self._check_structure(v)
        elif type(self._value) not in (Value, float, int) and CONTEXT.tree_check[-1] is None:
            self._check_units(v)
        if hooked:
            old = self._get()
            for manager in self._managers():
                v = manager.execute_write_before_hooks(v, old, weakref.ref(self))
        self._write(self._own(v))
        if hooked:
            for manager in self._managers():
                manager.execute_write_after_hooks(self._get(), old, weakref.ref(self))

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _SETTABLE and name[0] != "_":
            self._check_name(name)
        object.__setattr__(self, name, value)

    def _check_name(self, name: str) -> None:
        """Raise if a new attribute is nearly one that a State has: ``state.valeu = 3`` would change nothing."""
        kinds = type(self).__mro__
        if name in vars(self) or any(name in vars(c) or name in vars(c).get("__annotations__", ()) for c in kinds):
            return
        if close := difflib.get_close_matches(name, _SETTABLE, 1, 0.76):
            raise AttributeError(
                f"an attribute of {kind_of(self)} must not be nearly one that it has. Got `{name}`. Did you mean "
                f"`{close[0]}`? Declare an attribute of your own in the class, `{name}: Any`."
            )

    def __getattr__(self, name: str) -> Any:
        """The Parameter of a leaf of a dict, so that utilities of torch find ``layer.weight.bias`` by its name."""
        value = vars(self).get("_value")
        if type(value) is dict and is_arraylike(get_mantissa(value.get(name))):
            return get_mantissa(self._with_parameters()[name])
        cure = (
            ". Tensors have: read it of `.value`, or of one of `.parameters()`" if hasattr(torch.Tensor, name) else ""
        )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{cure}")

    def restore_value(self, v: A) -> None:
        """Set the value as a transform does when it puts things back: recorded as a read, with `restore` hooks only.

        Parameters
        ----------
        v
            The value, of the structure and units of the present one.

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
        if GLOBAL_HOOKS.active or self._hooks_manager.active:
            for manager in self._managers():
                manager.execute_restore_hooks(new, old, weakref.ref(self))

    @classmethod
    def init(cls, fn: Any, in_size: Any, batch_size: int | None = None, tag: str | None = None) -> "State[Any]":
        """A State whose value an initialiser gives.

        Parameters
        ----------
        fn
            An initialiser, a function of the size, an array or a number: what ``init.param`` takes.
        in_size
            The shape.
        batch_size
            The length of a batch axis in front.
        tag
            A word by which the State can be found.

        Returns
        -------
        State
            The State; its value is ``[*in_size]`` or ``[batch_size, *in_size]``.

        Raises
        ------
        ValueError, TypeError
            As ``init.param``.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> brainstate.HiddenState.init(brainstate.init.Constant(0.5), 2).value
        tensor([0.5000, 0.5000])
        """
        # States lie below the initialisers: the room above is looked up when it is needed.
        param = import_module(f"{__name__.partition('.')[0]}.init").param
        return cls(param(fn, in_size, batch_size), tag=tag)

    def value_call(self, func: Callable[[Any], Any]) -> Any:
        """The value with `func` applied to each leaf; the State is not changed.

        Parameters
        ----------
        func
            Takes a leaf and returns another.

        Returns
        -------
        Any
            The tree of the results.
        """
        return _tree.map(func, self.value)

    def _own(self, v: Any) -> Any:
        frames = CONTEXT.frames
        return owned(v, frames[-1].level, True) if frames else owned(v, 0, False)

    def _write(self, value: Any) -> None:
        traces = CONTEXT.traces
        if len(traces) == 1 and CONTEXT.frames and self._level == 0:
            # The usual case, one transform around: all that the two calls below would do.
            frame = CONTEXT.frames[0]
            if self not in frame._originals:
                frame._originals[self] = self._get()
            frame._written[self] = None
            frame.give(self, value)
        else:
            if not CONTEXT.frames:
                if CONTEXT.backward:
                    self._refuse_backward()
                self.check_untraced()
            self._record_write()
            self._put(value)

    def check_untraced(self) -> None:
        """Raise if torch records a graph that would write the State once, now, and not when it runs.

        Raises
        ------
        TraceContextError
            It does.
        """
        if torch.compiler.is_compiling() or not dispatch_modes():
            return
        if get_proxy_mode() is not None and not is_recording():
            self.raise_error_with_source_info(
                TraceContextError(
                    "a graph that torch's `make_fx` or `torch.func.linearize` records must not write States: a run of "
                    f"it would not. Got a write to {kind_of(self)}. Call `eval()` if it is a statistic or a draw of "
                    "random numbers, or use `transform.make_graph` or `torch.export`, which know of writes."
                )
            )

    def _refuse_backward(self) -> NoReturn:
        self.raise_error_with_source_info(
            TraceContextError(
                "a State must be written in the function that is differentiated. Got a write in the backward pass, "
                "which an exception could not undo. Write before, or after the call."
            )
        )

    def _record_write(self) -> None:
        """Record a write for the innermost frame and traces inside it; outer traces see a read until it commits."""
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
        value = self._shown
        if type(value) is not Value or self._parameters is not None or not is_halved(value) or value._version:
            value = self._show()
        if CONTEXT.frames and type(value) is not Value and _tree.is_container(value):
            # A list or dict that is edited inside a transform must not be the State's own.
            frame = CONTEXT.frames[-1]
            if frame.position >= self._level:
                value = _tree.map(unmarked, value)
                frame.give(self, value)
        return value

    def _put(self, value: Any) -> None:
        """Set the value that the caller sees."""
        frames = CONTEXT.frames
        if frames and frames[-1].position >= self._level:
            frames[-1].give(self, value)
        else:
            if frames:
                # The note goes first: a signal may arrive before the new one is made.
                frames[-1].notes.pop(self, None)
            self._commit(value)
            if frames:
                frames[-1].note(self, value)

    def _commit(self, value: Any) -> None:
        """Set the State's own value, and the Parameters that back it; all or none."""
        if self._parameters is None:
            self._hold(value)
        else:
            before = self._value, self._been_writen
            try:
                self._back(value)
            except BaseException:
                self._restore(*before)
                raise
        vars(self)["_been_writen"] = True

    def _restore(self, value: Any, been_writen: bool) -> None:
        """Undo a :meth:`_commit` that was interrupted."""
        if self._parameters is None:
            self._hold(value)
        else:
            self._back(value)
        self._been_writen = been_writen

    def _invalidate(self) -> None:
        self._hold(INVALIDATED)
        self._parameters = None

    def _refuse_invalidated(self) -> NoReturn:
        self.raise_error_with_source_info(
            TraceContextError(
                f"{kind_of(self)} must have a value to be read. Got one made inside a transform that raised. "
                "Make the State outside, or assign a new value."
            )
        )

    def _check_units(self, v: Any) -> None:
        try:
            check_units(self._value, v, f"`{self._name}`" if self._name else type(self).__name__)
        except UnitMismatchError as error:
            self.raise_error_with_source_info(error)

    def _check_structure(self, v: Any) -> None:
        old = self._get()
        if old is INVALIDATED:
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

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Move the value to a device or a floating dtype, as ``torch.nn.Module.to`` does, and return the State.

        Integer leaves keep their dtype; a complex leaf takes the complex dtype of the same width.

        Parameters
        ----------
        *args, **kwargs
            A device, a dtype, or a tensor that has both, as for ``torch.nn.Module.to``.

        Returns
        -------
        State
            This State.

        Examples
        --------
        >>> import torch, brainstate_torch as brainstate
        >>> s = brainstate.State({'v': torch.zeros(2), 'n': torch.tensor(3)}).to(torch.float64)
        >>> s.value['v'].dtype, s.value['n'].dtype
        (torch.float64, torch.int64)
        """
        device, dtype, non_blocking, _ = parsed_move(*args, **kwargs)

        def moved(leaf: Any) -> Any:
            if not isinstance(leaf, torch.Tensor):
                return leaf
            kind = dtype if leaf.is_floating_point() else dtype and dtype.to_complex() if leaf.is_complex() else None
            return leaf.to(device=device, dtype=kind, non_blocking=non_blocking)

        been_writen = self._been_writen
        moved_value = self._own(_tree.map(moved, self._get()))
        self._record_write()
        self._put(moved_value)
        self._been_writen = been_writen
        return self

    def numel(self) -> int:
        """How many numbers the value holds; a Python number counts as one.

        Returns
        -------
        int
            The number of elements.
        """
        if self._value is INVALIDATED:
            self._refuse_invalidated()
        leaves = [leaf for leaf in _tree.leaves(self._get()) if is_arraylike(leaf)]
        return sum(leaf.numel() if isinstance(leaf, torch.Tensor) else 1 for leaf in leaves)

    def check_if_deleted(self) -> None:
        """Raise if the State cannot be read."""
        if self._value is INVALIDATED:
            self._refuse_invalidated()

    def replace(self, value: Any = _MISSING, **kwargs: Any) -> "State[Any]":
        """A new State with another value or other attributes; this one is not changed. Hooks are shared.

        Parameters
        ----------
        value
            The other value; by default the present one.
        **kwargs
            Other attributes.

        Returns
        -------
        State
            The new State, of the same class.

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
                    f"`value` must be {kind_of(self)} or a plain value. Got {kind_of(value)}. Pass its `.value`."
                )
            return value.replace(**kwargs) if kwargs else value
        if value is not _MISSING:
            kwargs["_value"] = self._own(value)
        twin = self._twin(kwargs)
        twin._hooks_manager = self.hooks
        return twin

    def __repr__(self) -> str:
        hidden = {
            "_level",
            "_source_info",
            "_been_writen",
            "_hooks_manager",
            "_parameters",
            "_value",
            "_shown",
            "_name",
            "tag",
        }
        parts = [f"value={short_repr(self._value)}"]
        parts += [f"{k}={v!r}" for k, v in vars(self).items() if k not in hidden]
        parts += [f"name={self._name!r}"] if self._name is not None else []
        parts += [f"tag={self.tag!r}"] if self.tag is not None else []
        return f"{type(self).__name__}({', '.join(parts)})"


def maybe_state(val: Any) -> Any:
    """The value of a State; anything else unchanged.

    Parameters
    ----------
    val
        A State, or anything else.

    Returns
    -------
    Any
        The value of the State; anything else unchanged.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.maybe_state(brainstate.State(3)), brainstate.maybe_state(4)
    (3, 4)
    """
    return val.value if isinstance(val, State) else val


def current_values(states: Sequence[State[Any]]) -> list[Any]:
    """The values that the caller sees, not recorded as reads."""
    if CONTEXT.frames:
        return [state._get() for state in states]
    shown = [state._shown for state in states]
    # The usual case, without a call for each.
    usual = _VALUES.issuperset(map(type, shown)) and all_intact(shown)
    if usual and not any(state._parameters for state in states):
        return shown
    return [state._get() for state in states]
