"""Projections: how the spikes of one population reach another."""

from collections.abc import Callable
from typing import Any

from ..mixin import ParamDescriber
from ..nn import Module
from ..util import get_unique_name
from .align_post import AlignPost
from .dynamics import Dynamics
from .input_delay import InputDelay
from .outputs import SynapticCurrent, SynOut

__all__ = ["AlignPostProj", "DeltaProj", "Projection"]


class Projection(Module):
    """Base of projections.

    Parameters
    ----------
    name
        A name, for display.

    Notes
    -----
    Source: brainpy.state.Projection (brainpy 2.8.2).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> issubclass(brainstate.spiking.DeltaProj, brainstate.spiking.Projection)
    True
    """


class AlignPostProj(Projection):
    """A projection whose synapses are those of the target neurons, one for each, however many connections they have.

    A call hands spikes through `modules` and `comm`, and the result to the synapse. The next call of `post` moves the
    synapse before itself. Projections to the same population whose `syn` and `out` are described alike share them.

    Parameters
    ----------
    *modules
        What the spikes pass first, in order; the first may take no argument, such as ``pre.prefetch_delay('V', ...)``.
    comm
        The connections, from the size of the source to that of `post`.
    syn
        A synapse that is :class:`AlignPost`, or a description, ``Expon.desc(...)``.
    out
        What it does to the neurons, a :class:`SynOut`, or a description, ``COBA.desc(...)``.
    post
        The target population.
    label
        Of the current in `post`; only projections of the same label share a synapse.
    delay
        How long what enters `comm` takes, as in :class:`InputDelay`.

    Attributes
    ----------
    syn, out
        The synapse and the output in use.

    Raises
    ------
    TypeError
        An argument is of another kind.
    ValueError
        It is called twice before `post` is.

    Notes
    -----
    Source: brainpy.state.AlignPostProj (brainpy 2.8.2).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate, brainstate_torch.units as u
    >>> s = brainstate.spiking
    >>> post = s.LIF(2)
    >>> projection = s.AlignPostProj(
    ...     comm=brainstate.nn.Linear(1, 2, torch.ones(1, 2) * u.mS, None),
    ...     syn=s.Expon.desc(2, tau=5. * u.ms), out=s.CUBA.desc(scale=1. * u.mV), post=post)
    >>> _ = brainstate.nn.init_all_states(projection)
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     projection(torch.ones(1))
    ...     _ = post()
    >>> projection.syn.g.value, post.V.value
    (tensor([1., 1.]) mS, tensor([0.0002, 0.0002]) mV)
    """

    def __init__(
        self,
        *modules: Callable[..., Any],
        comm: Callable[..., Any],
        syn: Any,
        out: Any,
        post: Dynamics,
        label: str | None = None,
        delay: Any = None,
    ) -> None:
        super().__init__(name=get_unique_name(type(self).__name__))
        _check_callables(modules, comm)
        _check_post(post)
        described = [isinstance(each, ParamDescriber) for each in (syn, out)]
        if all(described):
            current = _shared(post, syn, out, label)
        elif isinstance(syn, AlignPost) and isinstance(out, SynOut):
            current = _registered(post, str(self.name), syn, out, label)
        else:
            raise TypeError(
                "`syn` and `out` must be an AlignPost and a SynOut, or descriptions of both. "
                f"Got {type(syn).__name__} and {type(out).__name__}. Write `Expon.desc(...)` and `COBA.desc(...)`."
            )
        self.modules_before, self.comm, self.post = modules, comm, post
        self.delay, self.delay_seam = delay, _delayed(comm, delay)
        self.syn: Any = current.syn
        self.out = current.out

    def update(self, *args: Any) -> None:
        """Hand spikes to the synapse: ``[*N]``, or what the first module takes."""
        self.syn.add_delta_input(self.name, _passed(self.modules_before, self.comm, args, self.delay_seam))


class DeltaProj(Projection):
    """A projection whose spikes move the variable of the target neurons at once.

    Parameters
    ----------
    *prefetch
        What the spikes pass first, as for :class:`AlignPostProj`.
    comm
        The connections, from the size of the source to that of `post`; their result has the unit of the variable.
    post
        The target population.
    label
        Of the jump in `post`.

    Raises
    ------
    TypeError
        An argument is of another kind.
    ValueError
        It is called twice before `post` is.

    Notes
    -----
    Source: brainpy.state.DeltaProj (brainpy 2.8.2).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate, brainstate_torch.units as u
    >>> post = brainstate.spiking.LIF(2)
    >>> weights = torch.tensor([[0.5, 2.]]) * u.mV
    >>> projection = brainstate.spiking.DeltaProj(comm=brainstate.nn.Linear(1, 2, weights, None), post=post)
    >>> _ = brainstate.nn.init_all_states(post)
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     projection(torch.ones(1))
    ...     post()
    tensor([0., 1.], grad_fn=<...>)
    """

    def __init__(
        self,
        *prefetch: Callable[..., Any],
        comm: Callable[..., Any],
        post: Dynamics,
        label: str | None = None,
    ) -> None:
        super().__init__(name=get_unique_name(type(self).__name__))
        _check_callables(prefetch, comm)
        _check_post(post)
        self.prefetch, self.comm, self.post, self.label = prefetch, comm, post, label

    def update(self, *x: Any) -> None:
        """Hand spikes to the target: ``[*N]``, or what the first module takes."""
        self.post.add_delta_input(str(self.name), _passed(self.prefetch, self.comm, x), self.label)


def _passed(
    modules: tuple[Callable[..., Any], ...],
    comm: Callable[..., Any],
    args: tuple[Any, ...],
    delay: InputDelay | None = None,
) -> Any:
    first: tuple[Callable[..., Any], ...] = modules if delay is None else (*modules, delay)
    for module in first:
        args = (module(*args),)
    return comm(*args)


def _delayed(comm: Any, delay: Any) -> InputDelay | None:
    """What delays the values that enter `comm`."""
    if delay is None:
        return None
    if getattr(comm, "in_size", None) is None:
        raise TypeError(
            f"`comm` must have an `in_size` where `delay` is given. Got {type(comm).__name__}. "
            "Take a layer of `nn`, or put an `InputDelay` in front."
        )
    return InputDelay(comm.in_size, delay)


def _shared(post: Dynamics, syn: Any, out: Any, label: str | None) -> SynapticCurrent:
    """The synapse of this description that `post` has, or a new one."""
    description = f"{label} // {syn.identifier} // {out.identifier}"
    for current in post.current_inputs.values():
        if isinstance(current, SynapticCurrent) and current.description == description:
            return current
    synapse, output = syn(), out()
    if not isinstance(synapse, AlignPost) or not isinstance(output, SynOut):
        raise TypeError(
            "`syn` and `out` must describe an AlignPost and a SynOut. "
            f"Got descriptions of {type(synapse).__name__} and {type(output).__name__}."
        )
    count = sum(isinstance(current, SynapticCurrent) for current in post.current_inputs.values())
    # Without dots, which part the names of States in a state_dict.
    return _registered(post, f"{type(synapse).__name__}{count}", synapse, output, label, description)


def _registered(
    post: Dynamics, key: str, syn: Any, out: SynOut, label: str | None, description: str = ""
) -> SynapticCurrent:
    """Let `post` move the synapse before itself, and take its current."""
    current = SynapticCurrent(syn, out, description)
    post.add_before_update(key, syn)
    post.add_current_input(key, current, label)
    return current


def _check_callables(modules: tuple[Any, ...], comm: Any) -> None:
    for name, each in [*(("modules", module) for module in modules), ("comm", comm)]:
        if not callable(each):
            raise TypeError(f"`{name}` must be functions or modules. Got {type(each).__name__}.")


def _check_post(post: Any) -> None:
    if not isinstance(post, Dynamics):
        raise TypeError(f"`post` must be a `spiking.Dynamics`. Got {type(post).__name__}.")
