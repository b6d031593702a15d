"""Layers that NIR has and brainstate lacks: a membrane without a threshold, and a graph with loops."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from .._state import HiddenState
from ..nn import Module
from ..nn.init import Constant, param
from ..spiking import LIF, Dynamics
from ..spiking.membrane import membrane_step
from ..typing import Size
from ..units import ms
from .errors import UnsupportedStructureError

__all__ = ["Connected", "LeakyIntegrator"]


class LeakyIntegrator(Dynamics):
    """A membrane without a threshold, NIR's LI: ``tau dV/dt = V_rest - V + R I``.

    Parameters
    ----------
    in_size
        The shape ``[*N]``.
    R
        The resistance.
    tau
        The time constant.
    V_rest
        The potential at rest, and at the start.
    name
        A name, for display.

    Attributes
    ----------
    V
        The potential, a HiddenState.

    Raises
    ------
    KeyError
        A step is made and ``environ`` has no `dt`.

    Notes
    -----
    Source: nir.LI (1.0.8).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate, brainstate_torch.units as u
    >>> readout = brainstate.nn.init_all_states(brainstate.interop.LeakyIntegrator(1, tau=10. * u.ms))
    >>> with brainstate.environ.context(dt=10. * u.ms):
    ...     readout(torch.ones(1))
    tensor([0.6321])
    """

    def __init__(
        self, in_size: Size, R: Any = 1.0, tau: Any = 20.0 * ms, V_rest: Any = 0.0, name: str | None = None
    ) -> None:
        super().__init__(in_size, name=name)
        self.R, self.tau, self.V_rest = (param(x, self.varshape) for x in (R, tau, V_rest))

    def init_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Make the potential, ``[*N]``, or ``[batch_size, *N]``."""
        self.V = HiddenState(self._at_rest(batch_size))

    def reset_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Set the potential to rest."""
        self.V.value = self._at_rest(batch_size)

    def _at_rest(self, batch_size: int | None) -> Any:
        return param(Constant(0.0), self.varshape, batch_size) * self.V_rest + self.V_rest

    def update(self, x: Any) -> Any:
        """One step with the current ``[*N]``; returns the potential ``[*N]``."""
        V = membrane_step(self, self.V.value, x, tau=self.tau, R=self.R, rest=self.V_rest)
        self.V.value = self.sum_delta_inputs(V)
        return self.V.value


class Connected(Module):
    """Layers as the nodes of a graph; each gets the sum of what leads to it.

    In a loop what a neuron gives arrives one step later.

    Parameters
    ----------
    nodes
        The layers by name.
    edges
        Pairs of names, from and to; ``'input'`` and ``'output'`` are those of the whole.
    sizes
        The shapes of what the neurons in loops give.

    Raises
    ------
    UnsupportedStructureError
        A loop has no neuron, or nothing leads to a layer or to the output.

    Notes
    -----
    Source: nir.NIRGraph (1.0.8).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> nn = brainstate.nn
    >>> edges = [('input', 'a'), ('input', 'b'), ('a', 'output'), ('b', 'output')]
    >>> brainstate.interop.Connected({'a': nn.ReLU(), 'b': nn.Identity()}, edges)(torch.tensor([-1., 2.]))
    tensor([-1.,  4.])
    """

    def __init__(
        self,
        nodes: Mapping[str, Any],
        edges: Sequence[tuple[str, str]],
        sizes: Mapping[str, Sequence[int]] | None = None,
    ) -> None:
        super().__init__()
        self.layers = dict(nodes)
        self.edges = [tuple(edge) for edge in edges]
        later = {edge for edge in self.edges if isinstance(self.layers.get(edge[0]), LIF) and self._leads(*edge[::-1])}
        self._before = {to: [a for a, b in self.edges if b == to and (a, b) not in later] for to in self._targets()}
        self._late = {to: [a for a, b in self.edges if b == to and (a, b) in later] for to in self._targets()}
        self._sizes = {name: tuple((sizes or {})[name]) for name in sorted({a for a, _ in later})}
        self._order = self._sorted()

    def _targets(self) -> list[str]:
        return [*self.layers, "output"]

    def _leads(self, start: str, end: str) -> bool:
        """Whether there is a way from one node to another."""
        seen, waiting = {start}, [start]
        while waiting:
            at = waiting.pop()
            if at == end:
                return True
            new = {b for a, b in self.edges if a == at} - seen
            seen |= new
            waiting += sorted(new)
        return False

    def _sorted(self) -> list[str]:
        done, order, left = {"input"}, [], self._targets()
        while left:
            ready = [name for name in left if set(self._before[name]) <= done]
            ready = [name for name in ready if self._before[name] or self._late[name]]
            if not ready:
                raise UnsupportedStructureError(
                    f"each layer must get something, and each loop have a neuron. Got none for {', '.join(left)}."
                )
            order += ready
            done |= set(ready)
            left = [name for name in left if name not in done]
        return order

    def init_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Make what the neurons in loops gave last: no spikes."""
        batch = () if batch_size is None else (batch_size,)
        self.last = {name: HiddenState(torch.zeros((*batch, *size))) for name, size in self._sizes.items()}

    def reset_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Forget the last spikes."""
        batch = () if batch_size is None else (batch_size,)
        for name, size in self._sizes.items():
            self.last[name].value = torch.zeros((*batch, *size))

    def update(self, x: Any) -> Any:
        """One step: what arrives at the output."""
        found = {"input": x}
        last = {name: state.value for name, state in self.last.items()} if self._sizes else {}
        for name in self._order:
            given = [found[a] for a in self._before[name]] + [last[a] for a in self._late[name]]
            total = given[0]
            for more in given[1:]:
                total = total + more
            found[name] = total if name == "output" else self.layers[name](total)
        for name in self._sizes:
            self.last[name].value = found[name]
        return found["output"]
