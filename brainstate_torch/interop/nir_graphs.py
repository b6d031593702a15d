"""Graphs of the standard NIR: spiking models to and from other simulators."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import units as u
from ..nn import Sequential
from ._nir_nodes import SEQUENCES, cuba, nir, register
from ._torch_values import settled
from ._walk import Exporter, Importer
from .errors import UnmappedLayerError, UnsupportedStructureError
from .nir_layers import Connected

__all__ = ["from_nir", "to_nir"]


def to_nir(model: Any, *, ignore_reset: bool = False) -> Any:
    """A spiking model as a graph of NIR (Neuromorphic Intermediate Representation).

    All numbers go over in SI units: time constants in seconds, potentials in volts, weights in amperes if they had a
    unit of current. Numbers without a unit stay what they are.

    Parameters
    ----------
    model
        A Sequential of layers of :func:`supported_layers` ``('nir')``, or what :func:`from_nir` gave for a graph.
    ignore_reset
        Whether neurons with ``spk_reset='soft'`` may go over. NIR has the hard reset alone.

    Returns
    -------
    nir.NIRGraph
        The graph, for ``nir.write`` and the importers of other simulators.

    Raises
    ------
    UnsupportedLayerError
        A layer has an option that NIR cannot say.
    UnmappedLayerError
        A layer is not known.
    ConversionError
        A time constant has no unit.
    MissingDependencyError
        nir is not installed.

    Notes
    -----
    Source: nir (1.0.8), arXiv:2311.14641. NIR says equations in continuous time, each simulator how it steps: ours
    exactly, snnTorch's and Norse's by Euler's method, so that spikes agree as far as `dt` is short.

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> model = brainstate.nn.Sequential(
    ...     brainstate.nn.Linear(3, 2), brainstate.spiking.LIF(2, V_th=1., V_reset=0., V_rest=0., V_initializer=0.,
    ...                                                        R=1., tau=20 * u.ms, spk_reset='hard'))
    >>> graph = brainstate.interop.to_nir(model)
    >>> list(graph.nodes), graph.nodes['lif'].tau.tolist()
    (['input', 'affine', 'lif', 'output'], [0.019999999552965164, 0.019999999552965164])
    """
    register()
    return _NirExporter(ignore_reset).graph(model)


def from_nir(graph: Any, *, units: bool = False, spk_reset: str = "hard", sample_input: Any = None) -> Any:
    """A spiking model of a graph of NIR.

    Parameters
    ----------
    graph
        A graph, or the path of a file for ``nir.read``.
    units
        Whether potentials are in mV, resistances in ohm, and what feeds neurons in mA; if not, they are plain numbers.
        Time constants have a unit always.
    spk_reset
        What a spike does in :class:`LIF`: NIR's definition is ``'hard'``; some exporters mean
        ``'soft'``.
    sample_input
        One example without the batch, or its shape; for convolutions of a graph that says no size.

    Returns
    -------
    Module
        A Sequential for a chain of nodes, else a :class:`Connected`. A call is one step of ``environ``'s `dt`.

    Raises
    ------
    UnmappedLayerError
        A node is not known.
    UnsupportedStructureError
        A loop has no neuron, or a node no input.
    MissingDependencyError
        nir is not installed.

    Notes
    -----
    Source: nir (1.0.8), arXiv:2311.14641.

    Examples
    --------
    >>> import numpy as np, nir, torch, brainstate_torch as brainstate, brainstate_torch.units as u
    >>> one = np.ones(1, 'float32')
    >>> graph = nir.NIRGraph.from_list(nir.LIF(tau=one * .02, r=one, v_leak=one * 0, v_threshold=one))
    >>> model = brainstate.nn.init_all_states(brainstate.interop.from_nir(graph))
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     sum(model(torch.tensor([2.])) for _ in range(100))
    tensor([7.])
    """
    register()
    if isinstance(graph, (str, os.PathLike)):
        graph = nir().read(graph)
    if not isinstance(graph, nir().NIRGraph):
        raise TypeError(f"`graph` must be a NIRGraph or the path of one. Got {type(graph).__name__}.")
    return settled(_NirImporter(graph, units, spk_reset, sample_input).convert(graph))


class _NirExporter(Exporter):
    framework = "nir"

    def __init__(self, ignore_reset: bool) -> None:
        super().__init__()
        self.ignore_reset = ignore_reset

    def graph(self, model: Any) -> Any:
        """The graph of a whole model."""
        if isinstance(model, Connected):
            return self._connected(model)
        found = self.convert(model)
        return nir().NIRGraph.from_list(*(found if isinstance(found, list) else [found]))

    def sequence(self, parts: list[Any]) -> Any:
        nodes: list[Any] = []
        for part in parts:
            for node in part if isinstance(part, list) else [part]:
                joined = cuba(nodes[-1], node) if nodes else None
                nodes[-1:] = [nodes[-1], node] if nodes and joined is None else [node if joined is None else joined]
        return nodes

    def _connected(self, model: Connected) -> Any:
        n, nodes, edges = nir(), {}, list(model.edges)
        for name, layer in model.layers.items():
            found = self.convert(layer)
            if isinstance(found, list) and len(found) > 1:
                raise UnsupportedStructureError(
                    f"node {name} must be one node of NIR. Got {len(found)} layers in a row."
                )
            nodes[name] = found[0] if isinstance(found, list) else found
        first = next(nodes[b].input_type["input"] for a, b in edges if a == "input" and b in nodes)
        last = next(nodes[a].output_type["output"] for a, b in edges if b == "output" and a in nodes)
        nodes = {"input": n.Input(first), **nodes, "output": n.Output(last)}
        return n.NIRGraph(nodes, edges)

    def leaf(self, node: Any) -> Any:
        if isinstance(node, Connected):
            return self._connected(node)
        raise UnmappedLayerError(
            f"a layer must be one that NIR has. Got {type(node).__name__}. Write its node and add it with "
            "`register_layer_mapping`, framework='nir'."
        )


class _NirImporter(Importer):
    framework = "nir"

    def __init__(self, graph: Any, units: bool, spk_reset: str, sample_input: Any) -> None:
        super().__init__(sample_input)
        self.has_units, self.spk_reset = units, spk_reset
        self._feeding: set[int] = set()
        if units:
            self._mark(graph)

    def units(self, *names: str) -> tuple[Any, ...]:
        """Units of ours, or None for plain numbers."""
        return tuple(getattr(u, name) if self.has_units else None for name in names)

    def current_of(self, node: Any) -> Any:
        """The unit of what a node gives, if that feeds neurons."""
        return u.mA if id(node) in self._feeding else None

    def _mark(self, graph: Any) -> None:
        """Note which nodes feed neurons, also through nodes that only move numbers."""
        n = nir()
        neurons = (n.LIF, n.LI, n.CubaLIF, n.CubaLI)
        feeds = {name for name, node in graph.nodes.items() if isinstance(node, neurons)}
        passive = {name for name, node in graph.nodes.items() if isinstance(node, (n.Flatten, n.AvgPool2d, n.Scale))}
        for _ in graph.nodes:
            feeds |= {a for a, b in graph.edges if b in feeds and a in passive}
        self._feeding |= {id(graph.nodes[a]) for a, b in graph.edges if b in feeds}
        for node in graph.nodes.values():
            if isinstance(node, n.NIRGraph):
                self._mark(node)

    def parts(self, node: Any) -> Sequence[Any] | None:
        return None

    def leaf(self, node: Any) -> Any:
        if type(node).__name__ in SEQUENCES:
            return SEQUENCES[type(node).__name__](node, self)
        if isinstance(node, nir().NIRGraph):
            return self._of_graph(node)
        raise UnmappedLayerError(
            f"a node must be known. Got NIR's {type(node).__name__}. Write its layer and add it with "
            "`register_layer_mapping`, framework='nir'."
        )

    def _of_graph(self, graph: Any) -> Any:
        n = nir()
        ends = {name: node for name, node in graph.nodes.items() if isinstance(node, (n.Input, n.Output))}
        names = {name: "input" if isinstance(node, n.Input) else "output" for name, node in ends.items()}
        if sorted(names.values()) != ["input", "output"]:
            raise UnsupportedStructureError(f"a graph must have one input and one output. Got {sorted(names)}.")
        edges = list(dict.fromkeys((names.get(a, a), names.get(b, b)) for a, b in graph.edges))
        inner = {name: node for name, node in graph.nodes.items() if name not in ends}
        chain = _chain(edges)
        if chain is not None and set(chain) == set(inner) and inner:
            return Sequential(*[self.convert(inner[name]) for name in chain])
        layers = {name: self.convert(node) for name, node in inner.items()}
        sizes = {name: np.asarray(node.output_type["output"]).tolist() for name, node in inner.items() if _known(node)}
        return Connected(layers, edges, sizes)


def _known(node: Any) -> bool:
    return node.output_type.get("output") is not None


def _chain(edges: Sequence[tuple[str, str]]) -> list[str] | None:
    """The names between input and output if each has one that follows."""
    following = dict(edges)
    if len(following) != len(edges) or len(set(following.values())) != len(edges):
        return None
    found: list[str] = []
    at = following.get("input")
    while at is not None and at != "output" and len(found) < len(edges):
        found.append(at)
        at = following.get(at)
    return found if at == "output" else None
