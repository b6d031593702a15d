"""InputDelay: how long values take from the source to the connections."""

import math
from typing import Any

import torch

from .. import environ
from ..nn import Delay, Module, init_all_states
from ..typing import Size
from ..units import math as um

__all__ = ["InputDelay"]


class InputDelay(Module):
    """Values as they were a time ago: one time for all, or one for each source neuron or connection.

    The buffer is made by `init_state`, as long as the longest time. Between two steps the value is interpolated.

    Parameters
    ----------
    in_size
        The shape of the values, ``[*N]``, of which the last axis is that of the source neurons.
    delay
        A time for all; ``[N]``, one for each neuron; with `indices`, ``[K]``, one for each connection. None: no delay.
    indices
        ``[K]``, the source neuron of each connection.

    Raises
    ------
    ValueError
        At `init_state`: the times have another shape, or one is negative.

    Notes
    -----
    Source: brainpy.state.InputDelay (brainpy 2.8.2). Differs: `init_state` takes a batch size; times that are whole
    multiples of `dt` up to rounding are read without interpolation.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate, brainstate_torch.units as u
    >>> delay = brainstate.spiking.InputDelay(2, delay=torch.tensor([0.1, 0.2]) * u.ms)
    >>> with brainstate.environ.context(dt=0.1 * u.ms):
    ...     _ = brainstate.nn.init_all_states(delay)
    ...     for i in range(3):
    ...         value = delay(torch.full((2,), float(i)))
    >>> value
    tensor([1., 0.])
    """

    def __init__(self, in_size: Size, delay: Any = None, indices: Any = None) -> None:
        super().__init__()
        self.in_size = in_size
        self.delay, self.indices = delay, indices

    def init_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Make the buffer: of values ``[*B, *N]``."""
        if self.delay is None:
            return
        dt = environ.get_dt()
        steps = self._steps()
        wanted = [(), self.in_size[-1:]] if self.indices is None else [tuple(um.asarray(self.indices).shape)]
        if tuple(steps.shape) not in wanted:
            raise ValueError(
                f"`delay` must have the shape {' or '.join(map(str, wanted))}. Got {tuple(steps.shape)}. "
                "Pass one time, or one for each source neuron; with `indices`, one for each connection."
            )
        if not bool((steps >= 0).all()):
            raise ValueError(f"`delay` must not be negative. Got {self.delay}.")
        #: In steps: a number for all, or a tensor, of which a recording could not ask the number.
        self._lag = steps if steps.ndim else float(steps)
        longest = math.ceil(float(steps.max())) if steps.numel() else 0
        self._buffer = Delay(torch.zeros(self.in_size, dtype=environ.dftype()), time=longest * dt)
        init_all_states(self._buffer, batch_size)

    def update(self, x: Any) -> Any:
        """Take values ``[*B, *N]`` and give those that arrive now: ``[*B, *N]``, or with `indices` ``[*B, ..., K]``."""
        if self.delay is None:
            return x
        self._buffer.update(x)
        lag = self._lag
        if isinstance(lag, float):
            low = math.floor(lag)
            early = self._buffer.retrieve_at_step(low)
            if lag == low:
                return early
            return early + (self._buffer.retrieve_at_step(low + 1) - early) * (lag - low)
        shape = self._buffer.history.value.shape[1:-1]  # Of the batch, and of further axes.
        neurons = um.asarray(range(self.in_size[-1]) if self.indices is None else self.indices)
        outer = [torch.arange(n).reshape(-1, *[1] * (len(shape) - i)) for i, n in enumerate(shape)]
        device = self._buffer.history.value.device
        places = [x.to(device) for x in (*outer, neurons)]
        steps = lag.to(device)
        low_steps = steps.floor()
        early = self._buffer.retrieve_at_step(low_steps.long(), *places)
        late = self._buffer.retrieve_at_step(steps.ceil().long(), *places)
        return early + (late - early) * (steps - low_steps).to(early.dtype)

    def _steps(self) -> torch.Tensor:
        """The times in steps; whole where rounding alone makes the difference."""
        steps = um.asarray(self.delay / environ.get_dt()).detach().double().cpu()
        whole = steps.round()
        return torch.where((steps - whole).abs() < 1e-5 * whole.abs().clamp(min=1.0), whole, steps)
