"""Delay: a ring buffer of the last values of something, and access to them."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from ... import _tree, environ
from ..._arrays import SCALARS, as_tensor, is_arraylike
from ..._state import DelayState, NonBatchState
from ...graph import Node
from ...transform import jit_error_if
from ...transform._core.shapes import shapes_of
from ...units import get_unit, is_quantity
from ...units import math as um
from ..module.collective import call_order
from ..module.home import home_of
from ..module.module import Module
from .delay_steps import as_steps, check_same_step, ratio, whole_multiple
from .interpolation import InterpolationRegistry, Nearest, Stencil, weighted
from .ring_buffer import filled, read, with_unit, written, written_with_unit

__all__ = ["Delay", "DelayAccess", "device_of"]

_ALIASES = {"linear_interp": "linear", "round": "nearest"}
#: By how much a time may lie outside of the buffer, in steps: differences of times carry rounding errors.
_SLACK = 1e-3


class Delay(Module):
    """The last values of something: a ring buffer with one slot for each time step.

    Each call of :meth:`update` stores a value. Delays are declared before :meth:`init_state`, which makes the buffer as
    long as the longest needs: here with `time` or `entries`, later with :meth:`register_entry`.

    Parameters
    ----------
    target_info
        A pytree of tensors ``[*N]``, quantities or ShapeDtypeStructs like the values to store.
    time
        The longest delay, a number or a quantity like ``environ``'s `dt`. Delays are rounded up to whole steps.
    init
        What the buffer holds at first: a value that broadcasts to ``[length, *N]``, or a function of shape and `dtype`;
        zeros if None.
    entries
        Delays to register, by name.
    interpolation
        How :meth:`retrieve_at_time` reads between two steps: a name in :class:`InterpolationRegistry`, or a function
        like those in it. ``'linear'`` if None.
    take_aware_unit
        Let the first value that is stored decide the unit, where `target_info` has none.
    update_every
        Store one value in this time, a multiple of `dt`, and skip the others; delays are counted in it.
    delay_method, interp_method
        Older ways to ask for a kind of buffer, which is always a ring now, and for `interpolation`.

    Raises
    ------
    KeyError
        ``environ`` has no `dt`.
    ValueError
        ``environ`` has another `dt` when the delay is used than when it was made; a delay is
        negative, `update_every` is shorter than `dt`, or the interpolation has an unknown name.
    TypeError
        `init` or `interpolation` is of another kind, or a time has another dimension than `dt`.

    Notes
    -----
    Source: brainstate.nn.Delay (0.5.4). Differs: `init` may be a quantity; a value is converted to the unit of the
    buffer; what lies outside of the buffer raises where it can be known, and is the oldest value elsewhere, where
    brainstate reads another slot; interpolation does not join the newest value to the oldest.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> with brainstate.environ.context(dt=0.1):
    ...     delay = brainstate.nn.Delay(torch.zeros(1), time=0.3, entries={'short': 0.2})
    >>> delay.init_state()
    >>> for i in range(5):
    ...     delay.update(torch.full((1,), float(i)))
    >>> delay.at('short'), delay.retrieve_at_step(0)
    (tensor([2.]), tensor([4.]))
    """

    history: DelayState[Any]
    write_ptr: NonBatchState[torch.Tensor]

    def __init__(
        self,
        target_info: Any,
        time: Any = None,
        init: Any = None,
        entries: Mapping[str, Any] | None = None,
        interpolation: str | Callable[..., Any] | None = None,
        take_aware_unit: bool = False,
        update_every: Any = None,
        delay_method: str | None = "rotation",
        interp_method: str | Callable[..., Any] = "linear_interp",
    ) -> None:
        super().__init__()
        if delay_method == "concat":
            warnings.warn(
                "`delay_method='concat'` is deprecated and has no effect: a delay is a ring buffer. Leave it out.",
                DeprecationWarning,
                stacklevel=2,
            )
        if init is not None and not (callable(init) or is_arraylike(init) or is_quantity(init)):
            raise TypeError(
                f"`init` must be a number, an array, a quantity, a function or None. Got {type(init).__name__}."
            )
        self.delay_method = "rotation"
        self.interp_method = _known(interp_method if interpolation is None else interpolation)
        if interpolation is None and isinstance(interp_method, str):
            self.interp_method = _ALIASES.get(interp_method, interp_method)
        self.target_info = shapes_of(target_info)
        self._device = device_of(target_info)
        self._init = init
        self.take_aware_unit = take_aware_unit
        self._unit: Any = None
        dt = self._dt = self._last_dt = environ.get_dt()
        self.update_every = update_every
        self.update_every_step = 1 if update_every is None else whole_multiple(update_every, dt)
        self._slot_time = dt if update_every is None else update_every
        self.max_time = 0.0 * dt
        self.max_length = 1
        self._made_length = 0
        self._registered_entries: dict[str, tuple[Any, ...] | None] = {}
        self.register_delay(time)
        for entry, time_and_idx in (entries or {}).items():
            self.register_entry(entry, *(time_and_idx if isinstance(time_and_idx, (tuple, list)) else (time_and_idx,)))

    @call_order(3)
    def init_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Make the buffer, ``[length, *N]``, with a batch axis ``[length, B, *N]``.

        Parameters
        ----------
        batch_size
            The length of the batch axis; None for no such axis.
        **kwargs
            Not used.
        """
        device = home_of(self) or self._device
        self.history = DelayState(self._filled(batch_size, device))
        self.write_ptr = NonBatchState(torch.zeros((), dtype=environ.ditype(), device=device))

    def reset_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Put the buffer back to its start.

        Parameters
        ----------
        batch_size
            As for :meth:`init_state`.
        **kwargs
            Not used.

        Raises
        ------
        AttributeError
            There is none yet.
        """
        if not self._made_length:
            self._check_made()
        self.history.value = self._filled(batch_size, self.write_ptr.value.device)
        self.write_ptr.value = torch.zeros_like(self.write_ptr.value)

    def _filled(self, batch_size: int | None, device: torch.device | None) -> Any:
        rings = _tree.map(
            lambda leaf: filled(leaf, self._init, self.max_length, batch_size, device),
            self.target_info,
            is_leaf=is_quantity,
        )
        self._made_length = self.max_length
        return rings

    def register_delay(self, *time_and_idx: Any) -> tuple[Any, ...] | None:
        """Make sure that the buffer will be long enough for a delay.

        Parameters
        ----------
        *time_and_idx
            The delay, one time or several ``[*K]``, and integer indices into the value.

        Returns
        -------
        tuple
            The delay in steps, and the indices; None for the delay None, which is the newest value.

        Raises
        ------
        TypeError
            There is no time, the time has another dimension than `dt`, or an index is not an integer.
        ValueError
            The delay is negative.
        """
        if not time_and_idx:
            raise TypeError("`time_and_idx` must begin with a delay. Got nothing. Pass None for the newest value.")
        time, *indices = time_and_idx
        for index in indices:
            if um.get_dtype(index) in (torch.bool, None) or not um.is_int(index):
                raise TypeError(f"an index into a delay must be an integer. Got {type(index).__name__} {index}.")
        if time is None:
            return None
        time = as_tensor(time) if isinstance(time, np.ndarray) else time
        steps = as_steps(time, self._slot_time)
        self.max_time = _longer(self.max_time, time)
        longest = steps if isinstance(steps, int) else int(steps.max())
        self.max_length = max(self.max_length, longest + 1)
        return (steps, *indices)

    def register_entry(self, entry: str, *time_and_idx: Any) -> tuple[Any, ...] | None:
        """Give a delay a name, for :meth:`at`; see :meth:`register_delay`.

        Raises
        ------
        KeyError
            The name is taken.
        """
        if entry in self._registered_entries:
            raise KeyError(
                f"`entry` must be a new name. Got {entry!r}, which is registered. "
                "Use another name, or read the delay that has it with `at`."
            )
        info = self.register_delay(*time_and_idx)
        self._registered_entries[entry] = info
        return info

    def access(self, entry: str, *time_and_idx: Any) -> "DelayAccess":
        """Register a delay, and return an object that reads it when it is called."""
        return DelayAccess(self, *time_and_idx, entry=entry)

    def at(self, entry: str) -> Any:
        """The value as long ago as the delay of this name says.

        Raises
        ------
        TypeError
            The name is not a string.
        KeyError
            No delay has the name.
        """
        if not isinstance(entry, str):
            raise TypeError(f"`entry` must be a string. Got {type(entry).__name__}.")
        if entry not in self._registered_entries:
            raise KeyError(
                f"`entry` must be one of {list(self._registered_entries)}. Got {entry!r}. Use `register_entry` first."
            )
        return self.retrieve_at_step(*(self._registered_entries[entry] or (0,)))

    def retrieve_at_step(self, delay_step: Any, *indices: Any) -> Any:
        """The value a number of steps ago.

        Parameters
        ----------
        delay_step
            A whole number of steps, or a tensor ``[*K]`` of them; 0 is the newest value.
        *indices
            Indices into the value; with those of `delay_step` they broadcast as in ``history[step, *indices]``.

        Raises
        ------
        ValueError
            The buffer is shorter. Of a tensor this is asked only if ``environ``'s `jit_error_check` is true.
        TypeError
            `delay_step` is not an integer.
        AttributeError
            There is no buffer yet.
        """
        self._check_made()
        last = self.max_length - 1
        if isinstance(delay_step, (int, np.integer)):
            if not 0 <= delay_step <= last:
                raise ValueError(_beyond("delay_step", f"0 to {last} steps", int(delay_step)))
            return self._with_unit(self._read(int(delay_step), indices))
        delay_step = as_tensor(delay_step) if is_arraylike(delay_step) else delay_step
        if not isinstance(delay_step, torch.Tensor) or delay_step.is_floating_point() or delay_step.is_complex():
            raise TypeError(
                f"`delay_step` must be an integer or a tensor of them. Got {getattr(delay_step, 'dtype', delay_step)}."
            )
        if environ.get(environ.JIT_ERROR_CHECK, False):
            text = _beyond("delay_step", f"0 to {last} steps", "{}")
            jit_error_if((delay_step < 0) | (delay_step > last), text, delay_step)
        return self._with_unit(self._read(delay_step, indices))

    def _read(self, delay_step: Any, indices: tuple[Any, ...]) -> Any:
        return _tree.map(read(self._slot(delay_step), indices), self.history.value)

    def _slot(self, delay_step: int | torch.Tensor) -> torch.Tensor:
        """The place in the ring of the value a number of steps ago."""
        pointer: torch.Tensor = self.write_ptr.value
        if isinstance(delay_step, torch.Tensor) and delay_step.ndim:
            delay_step = delay_step.to(pointer.device)
        if self.update_every_step == 1:
            return (pointer - (delay_step + 1)) % self.max_length
        return ((pointer - 1) // self.update_every_step - delay_step) % self.max_length

    def retrieve_at_time(self, delay_time: Any, *indices: Any) -> Any:
        """The value at a time, interpolated; the newest value is that of ``environ``'s time `t`.

        Parameters
        ----------
        delay_time
            A time in the past (not a delay), or several ``[*K]``.
        *indices
            Indices into the value, as for :meth:`retrieve_at_step`.

        Raises
        ------
        ValueError
            The time is in the future, or before what the buffer holds. Of tensors this is asked only if ``environ``'s
            `jit_error_check` is true.
        KeyError
            ``environ`` has no `t`.
        TypeError
            There is no time, or it has another dimension than `t`.
        AttributeError
            There is no buffer yet.
        """
        self._check_made()
        if delay_time is None:
            raise TypeError("`delay_time` must be a time. Got None.")
        delay_time = as_tensor(delay_time) if isinstance(delay_time, np.ndarray) else delay_time
        now = environ.get(environ.T, desc="The current time")
        ago = ratio(now - delay_time, self._slot_time, "delay_time")
        method = self.interp_method
        method = InterpolationRegistry.get(method) if isinstance(method, str) else method
        self._check_within(ago, isinstance(method, Nearest))
        ago = as_tensor(ago).to(environ.dftype())
        ago = ago.to(self.write_ptr.value.device) if ago.ndim else ago
        if isinstance(method, Stencil):
            steps, weights = method.before(ago, self.max_length - 1)
            slots = [self._slot(step.to(environ.ditype())) for step in steps]
            return self._with_unit(weighted(self.history.value, slots, weights, indices))
        newest = (self.write_ptr.value - 1) // self.update_every_step
        return self._with_unit(method(self.history.value, indices, newest - ago, self.max_length))

    def _check_within(self, ago: Any, nearest: bool) -> None:
        last = self.max_length - 1 + (0.5 if nearest else _SLACK)
        known = isinstance(ago, (*SCALARS, np.generic))
        if known or environ.get(environ.JIT_ERROR_CHECK, False):
            outside = (ago < -_SLACK) | (ago > last)
            if not known:
                text = _beyond("delay_time", f"0 to {self.max_length - 1} steps before the time `t`", "{} steps")
                jit_error_if(outside, text, ago)
            elif outside:
                text = f"0 to {self.max_length - 1} steps before the time `t`"
                raise ValueError(_beyond("delay_time", text, f"{ago:g} steps"))

    def _with_unit(self, value: Any) -> Any:
        """The value with the unit that the first value had."""
        if self._unit is None:
            return value
        leaves, spec = _tree.flatten(value, is_leaf=is_quantity)
        return _tree.unflatten(spec, [with_unit(leaf, unit) for leaf, unit in zip(leaves, self._unit, strict=True)])

    def update(self, current: Any) -> None:
        """Store a value.

        Raises
        ------
        ValueError
            Its shape does not broadcast to that of the buffer's slots, or its tree has another structure.
        TypeError
            Its dtype does not fit, or its unit has another dimension.
        AttributeError
            There is no buffer yet.
        """
        self._check_made()
        history, pointer, every = self.history.value, self.write_ptr.value, self.update_every_step
        slot, keep = (pointer, None) if every == 1 else (pointer // every, pointer % every != 0)
        if isinstance(history, torch.Tensor) and isinstance(current, torch.Tensor) and self._unit is None:
            self.history.value = written(history, slot, current, keep)
        else:
            self.history.value = self._written(history, slot, current, keep)
        self.write_ptr.value = (pointer + 1) % (self.max_length * every)

    def _written(self, history: Any, slot: torch.Tensor, current: Any, keep: Any) -> Any:
        rings, spec = _tree.flatten(history, is_leaf=is_quantity)
        values = _tree.flatten_up_to(spec, current)
        units = self._unit
        if units is None:
            units = [get_unit(value) if self.take_aware_unit and is_quantity(value) else None for value in values]
        rows = zip(rings, units, values, strict=True)
        result = [written_with_unit(ring, unit, slot, value, keep) for ring, unit, value in rows]
        if self.take_aware_unit:
            self._unit = units
        return _tree.unflatten(spec, result)

    def _check_made(self) -> None:
        dt = environ.get(environ.DT, None)
        if dt is not None and dt is not self._last_dt:
            check_same_step(dt, self._dt)
            self._last_dt = dt
        if self._made_length == self.max_length:
            return
        if not self._made_length:
            raise AttributeError(
                f"the history of {type(self).__name__} must be made before it is used. Got none. "
                "Call `init_state`, or `init_all_states` on the model."
            )
        raise ValueError(
            f"a delay must be registered before `init_state` makes the buffer. Got a buffer of {self._made_length} "
            f"slots, and a delay that needs {self.max_length}. Call `init_state` or `reset_state`."
        )


class DelayAccess(Node):
    """A named delay of a :class:`Delay`. Called, it gives the value.

    Parameters
    ----------
    delay
        The Delay, which must not have the name yet.
    *time
        The delay, and indices into the value.
    entry
        The name.

    Raises
    ------
    TypeError
        `delay` is not a Delay.

    Notes
    -----
    Source: brainstate.nn.DelayAccess (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> with brainstate.environ.context(dt=0.1):
    ...     delay = brainstate.nn.Delay(torch.zeros(1))
    ...     before = brainstate.nn.DelayAccess(delay, 0.1, entry='before')
    >>> delay.init_state()
    >>> delay.update(torch.tensor([5.]))
    >>> delay.update(torch.tensor([6.]))
    >>> before()
    tensor([5.])
    """

    def __init__(self, delay: Delay, *time: Any, entry: str) -> None:
        super().__init__()
        if not isinstance(delay, Delay):
            raise TypeError(f"`delay` must be a Delay. Got {type(delay).__name__}.")
        self.delay = delay
        self._delay_entry = entry
        self.delay_info = delay.register_entry(entry, *time)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The value as long ago as the delay."""
        return self.delay.at(self._delay_entry)


def _beyond(name: str, window: str, seen: Any) -> str:
    return f"`{name}` must lie within the buffer, {window}. Got {seen}. Register a longer delay before `init_state`."


def _known(interpolation: Any) -> Any:
    if isinstance(interpolation, str):
        InterpolationRegistry.get(interpolation)
    elif not callable(interpolation):
        raise TypeError(f"`interpolation` must be a string or a function. Got {type(interpolation).__name__}.")
    return interpolation


def device_of(tree: Any) -> torch.device | None:
    """The device of the first tensor in a tree; None if there is none."""
    return next((leaf.device for leaf in _tree.leaves(tree) if isinstance(leaf, torch.Tensor)), None)


def _longer(longest: Any, time: Any) -> Any:
    time = um.max(time) if getattr(time, "ndim", 0) else time
    return time if bool(time > longest) else longest
