"""Projections without a synapse at the target: currents of a step, receptors at the source, gap junctions, readouts."""

from collections.abc import Callable
from typing import Any

import torch

from .._state import HiddenState, ParamState
from ..init import KaimingNormal
from ..nn import Module
from ..nn.init import param
from ..typing import Size
from ..units import get_unit, maybe_decimal, ms
from ..units import math as um
from ..util import get_unique_name
from .dynamics import Dynamics
from .membrane import decay
from .outputs import PassingCurrent, SynOut
from .projections import AlignPostProj, Projection, _check_callables, _check_post, _delayed, _passed

__all__ = [
    "AsymmetryGapJunction",
    "CurrentProj",
    "LeakyRateReadout",
    "SymmetryGapJunction",
    "align_post_projection",
    "align_pre_projection",
]


class CurrentProj(Projection):
    """A projection whose result is the conductance of the next step of the target.

    Parameters
    ----------
    *prefetch
        What the values pass first, in order, such as ``pre.prefetch_delay('g', ...)``.
    comm
        The connections, from the size of the source to that of `post`.
    out
        What the conductance does to the neurons, a :class:`SynOut`.
    post
        The target population.
    delay
        How long what enters `comm` takes, as in :class:`InputDelay`.

    Raises
    ------
    TypeError
        An argument is of another kind.
    ValueError
        It is called twice before `post` is.

    Notes
    -----
    Source: brainpy.state.CurrentProj (brainpy_state 0.1.0). Differs: a conductance counts for one step, and not until
    the next call.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate, brainstate_torch.units as u
    >>> post = brainstate.spiking.LIF(2)
    >>> projection = brainstate.spiking.CurrentProj(
    ...     comm=brainstate.nn.Linear(1, 2, torch.ones(1, 2), None), out=brainstate.spiking.CUBA(1. * u.mA), post=post)
    >>> _ = brainstate.nn.init_all_states(projection)
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     projection(torch.ones(1))
    ...     _ = post()
    >>> post.V.value
    tensor([0.1813, 0.1813]) mV
    """

    def __init__(
        self,
        *prefetch: Callable[..., Any],
        comm: Callable[..., Any],
        out: SynOut,
        post: Dynamics,
        delay: Any = None,
    ) -> None:
        super().__init__(name=get_unique_name(type(self).__name__))
        _check_callables(prefetch, comm)
        _check_post(post)
        if not isinstance(out, SynOut):
            raise TypeError(f"`out` must be a SynOut. Got {type(out).__name__}. Write `CUBA()` or `COBA(E=...)`.")
        self.prefetch, self.comm, self.out, self.post = prefetch, comm, out, post
        self.delay, self.delay_seam = delay, _delayed(comm, delay)

    def update(self, *x: Any) -> None:
        """Hand the conductance to the target: ``[*N]``, or what the first module takes."""
        current = PassingCurrent(_passed(self.prefetch, self.comm, x, self.delay_seam), self.out)
        self.post.add_current_input(str(self.name), current)


class align_pre_projection(Projection):
    """A projection with one synapse for each source neuron: spikes, synapse, connections, output.

    Parameters
    ----------
    *spike_generator
        What makes the spikes, in order; the first may take no argument.
    syn
        The synapse, of the size of the source.
    comm
        The connections.
    out
        What the conductance does to the neurons, a :class:`SynOut`.
    post
        The target population.
    stp
        Short-term plasticity of the source, :class:`STP` or :class:`STD`; None for none.

    Notes
    -----
    Source: brainpy.state.align_pre_projection (brainpy_state 0.1.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate, brainstate_torch.units as u
    >>> s = brainstate.spiking
    >>> post = s.LIF(2)
    >>> projection = s.align_pre_projection(
    ...     syn=s.Expon(1), comm=brainstate.nn.Linear(1, 2, torch.ones(1, 2), None), out=s.CUBA(1. * u.volt), post=post)
    >>> _ = brainstate.nn.init_all_states(projection)
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     projection(torch.ones(1) * u.mS)
    ...     _ = post()
    >>> post.V.value
    tensor([0.1813, 0.1813]) mV
    """

    def __init__(
        self,
        *spike_generator: Callable[..., Any],
        syn: Dynamics,
        comm: Callable[..., Any],
        out: SynOut,
        post: Dynamics,
        stp: Dynamics | None = None,
    ) -> None:
        super().__init__()
        self.spike_generator = spike_generator
        self.projection = CurrentProj(comm=comm, out=out, post=post)
        self.syn, self.stp = syn, stp

    def update(self, *x: Any) -> None:
        """Hand spikes on: ``[*N]``, or what the first module takes."""
        spikes = _generated(self.spike_generator, x)
        self.projection(self.syn(spikes if self.stp is None else self.stp(spikes)))


class align_post_projection(Projection):
    """A projection with one synapse for each target neuron: spikes, connections, synapse, output.

    Parameters
    ----------
    *spike_generator
        What makes the spikes, in order; the first may take no argument.
    comm, syn, out, post
        As for :class:`AlignPostProj`.
    stp
        Short-term plasticity of the source, :class:`STP` or :class:`STD`; None for none.

    Notes
    -----
    Source: brainpy.state.align_post_projection (brainpy_state 0.1.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate, brainstate_torch.units as u
    >>> s = brainstate.spiking
    >>> post = s.LIF(2)
    >>> projection = s.align_post_projection(
    ...     comm=brainstate.nn.Linear(1, 2, torch.ones(1, 2) * u.mS, None),
    ...     syn=s.Expon.desc(2), out=s.CUBA.desc(1. * u.volt), post=post)
    >>> _ = brainstate.nn.init_all_states(projection)
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     projection(torch.ones(1))
    ...     _ = post()
    >>> post.V.value
    tensor([0.1813, 0.1813]) mV
    """

    def __init__(
        self,
        *spike_generator: Callable[..., Any],
        comm: Callable[..., Any],
        syn: Any,
        out: Any,
        post: Dynamics,
        stp: Dynamics | None = None,
    ) -> None:
        super().__init__()
        self.spike_generator = spike_generator
        self.projection = AlignPostProj(comm=comm, syn=syn, out=out, post=post)
        self.stp = stp

    def update(self, *x: Any) -> None:
        """Hand spikes on: ``[*N]``, or what the first module takes."""
        spikes = _generated(self.spike_generator, x)
        self.projection(spikes if self.stp is None else self.stp(spikes))


def _generated(modules: tuple[Callable[..., Any], ...], args: tuple[Any, ...]) -> Any:
    for module in modules:
        made = module(*args)
        args = tuple(made) if isinstance(made, (tuple, list)) else (made,)
    if len(args) != 1:
        raise ValueError(f"the spike generator must give one array of spikes. Got {len(args)} values.")
    return args[0]


class _GapJunction(Projection):
    """Currents between pairs of neurons, proportional to the difference of a state."""

    def __init__(
        self, pre: Dynamics, pre_state: str, post: Dynamics, post_state: str, conn: Any, weight: Any, columns: Any,
        param_type: Any,
    ) -> None:  # fmt: skip
        super().__init__(name=get_unique_name(type(self).__name__))
        for name, population in (("pre", pre), ("post", post)):
            if not isinstance(population, Dynamics):
                raise TypeError(f"`{name}` must be a `spiking.Dynamics`. Got {type(population).__name__}.")
        self.pre, self.pre_state, self.post, self.post_state = pre, pre_state, post, post_state
        ids = conn(pre.out_size, post.out_size)
        self.pre_ids, self.post_ids = (um.asarray(each).long() for each in ids)
        if len(self.pre_ids) != len(self.post_ids):
            raise ValueError(
                f"`conn` must give as many neurons of both sides. Got {len(self.pre_ids)} and {len(self.post_ids)}."
            )
        self.weight = param_type(param(weight, (len(self.pre_ids), *columns)))

    def _weights(self) -> tuple[Any, Any]:
        """The conductances into `post` and into `pre`."""
        raise NotImplementedError

    def update(self, *args: Any, **kwargs: Any) -> Any:
        """Hand the currents of this step to both populations; returns that out of `pre`, ``[*N]``."""
        sides = (("pre", self.pre, self.pre_state), ("post", self.post, self.post_state))
        for name, population, state in sides:
            if not hasattr(population, state):
                raise ValueError(
                    f"`{name}_state` must name a state of {type(population).__name__}. Got {state!r}. "
                    "Call `init_all_states` first, if it is one."
                )
        pre, post = (getattr(population, state).value for _, population, state in sides)
        difference = pre[..., self.pre_ids] - post[..., self.post_ids]
        into_post, into_pre = self._weights()
        self.post.add_current_input(f"{self.name}_post", _summed(difference * into_post, self.post_ids, post))
        out_of_pre = _summed(difference * into_pre, self.pre_ids, pre)
        self.pre.add_current_input(f"{self.name}_pre", -out_of_pre)
        return out_of_pre


def _summed(values: Any, ids: torch.Tensor, like: Any) -> Any:
    unit = get_unit(values)
    zeros = torch.zeros(tuple(like.shape), dtype=values.dtype, device=ids.device)
    return maybe_decimal(torch.index_add(zeros, -1, ids, values / unit) * unit)


class SymmetryGapJunction(_GapJunction):
    """Gap junctions with the same conductance both ways.

    Parameters
    ----------
    couples
        The two populations, or one for junctions within it.
    states
        The name of the state that drives the current, or one for each population.
    conn
        Takes the sizes of both, and gives the numbers of the neurons of each pair, two arrays ``[K]``.
    weight
        The conductances: one, ``[K]``, or an initialiser.
    param_type
        The kind of State that holds them.

    Raises
    ------
    TypeError
        A population is none.
    ValueError
        When called: a population has no such state.

    Notes
    -----
    Source: brainpy.state.SymmetryGapJunction (brainpy_state 0.1.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate, brainstate_torch.units as u
    >>> neurons = brainstate.spiking.LIF(2, V_initializer=torch.tensor([0., 0.5]) * u.mV)
    >>> junction = brainstate.spiking.SymmetryGapJunction(
    ...     neurons, 'V', lambda pre, post: ([0], [1]), 2. * u.siemens)
    >>> _ = brainstate.nn.init_all_states(neurons)
    >>> junction()
    tensor([-1.,  0.]) mA
    """

    def __init__(
        self, couples: Any, states: str | tuple[str, str], conn: Any, weight: Any, param_type: Any = ParamState
    ) -> None:
        pre, post = couples if isinstance(couples, (tuple, list)) else (couples, couples)
        pre_state, post_state = (states, states) if isinstance(states, str) else states
        super().__init__(pre, pre_state, post, post_state, conn, weight, (), param_type)

    def _weights(self) -> tuple[Any, Any]:
        return self.weight.value, self.weight.value


class AsymmetryGapJunction(_GapJunction):
    """Gap junctions with a conductance for each way.

    Parameters
    ----------
    pre, post
        The two populations.
    pre_state, post_state
        The names of the states that drive the current.
    conn
        Takes the sizes of both, and gives the numbers of the neurons of each pair, two arrays ``[K]``.
    weight
        The conductances into `post` and into `pre`: one for all, ``[K, 2]``, or an initialiser.
    param_type
        The kind of State that holds them.

    Raises
    ------
    TypeError
        A population is none.
    ValueError
        When called: a population has no such state.

    Notes
    -----
    Source: brainpy.state.AsymmetryGapJunction (brainpy_state 0.1.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate, brainstate_torch.units as u
    >>> neurons = brainstate.spiking.LIF(2, V_initializer=torch.tensor([0., 0.5]) * u.mV)
    >>> junction = brainstate.spiking.AsymmetryGapJunction(
    ...     neurons, 'V', neurons, 'V', lambda pre, post: ([0], [1]), torch.tensor([[2., 4.]]) * u.siemens)
    >>> _ = brainstate.nn.init_all_states(neurons)
    >>> junction()
    tensor([-2.,  0.], grad_fn=<...>) mA
    """

    def __init__(
        self,
        pre: Dynamics,
        pre_state: str,
        post: Dynamics,
        post_state: str,
        conn: Any,
        weight: Any,
        param_type: Any = ParamState,
    ) -> None:
        super().__init__(pre, pre_state, post, post_state, conn, weight, (2,), param_type)

    def _weights(self) -> tuple[Any, Any]:
        weight = self.weight.value
        if not um.ndim(weight):
            return weight, weight
        return weight[..., 0], weight[..., 1]


class LeakyRateReadout(Module):
    """A leaky sum of spikes: ``r = exp(-dt / tau) r + x @ weight``.

    Parameters
    ----------
    in_size, out_size
        How many values come in, and how many go out.
    tau
        The time constant.
    w_init
        The weights, ``[in, out]``.
    name
        A name, for display.

    Attributes
    ----------
    weight
        The weights, a ParamState.
    r
        The sum, a HiddenState.

    Notes
    -----
    Source: brainpy.state.LeakyRateReadout (brainpy_state 0.1.0). Differs: `dt` is that of the step, not of the moment
    it was made.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate, brainstate_torch.units as u
    >>> readout = brainstate.spiking.LeakyRateReadout(2, 1, tau=1. * u.ms, w_init=torch.ones(2, 1))
    >>> _ = brainstate.nn.init_all_states(readout)
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     readout(torch.ones(2)), readout(torch.zeros(2))
    (tensor([2.], grad_fn=<...>), tensor([0.7358], grad_fn=<...>))
    """

    r: HiddenState[Any]

    def __init__(
        self,
        in_size: Size,
        out_size: Size,
        tau: Any = 5.0 * ms,
        w_init: Any = KaimingNormal(),  # noqa: B008
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.in_size, self.out_size = in_size, out_size
        self.tau = param(tau, self.out_size)
        self.weight = ParamState(param(w_init, (self.in_size[0], self.out_size[0])))

    def init_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Make the sum, ``[out]``, or ``[batch_size, out]``."""
        self.r = HiddenState(um.zeros(self._lanes(batch_size)))

    def reset_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Set it to zero."""
        self.r.value = um.zeros(self._lanes(batch_size))

    def _lanes(self, batch_size: int | None) -> tuple[int, ...]:
        return tuple(self.out_size) if batch_size is None else (batch_size, *self.out_size)

    def update(self, x: Any) -> Any:
        """One step with the values ``[in]``; returns the sum ``[out]``."""
        weight = self.weight.value
        x = um.asarray(x)
        x = x if x.is_floating_point() else x.to(weight.dtype)
        self.r.value = decay(self.tau) * self.r.value + x @ weight
        return self.r.value
