"""compile: a model as a learner, in one call."""

import contextlib
from typing import Any

import torch

from .. import _tree, random
from .._errors import kind_of
from .._state import ParamState
from ..nn import Module, Vmap, init_all_states
from .algorithm import ETraceAlgorithm
from .algorithms import D_RTRL, EProp, OSTLFeedforward, pp_prop
from .errors import CompilationError
from .sequence import SequenceDriverMixin

__all__ = ["ETraceVmap", "compile"]

_NAMES: dict[str, type[ETraceAlgorithm]] = {
    "d_rtrl": D_RTRL,
    "pp_prop": pp_prop,
    "es_d_rtrl": pp_prop,
    "esd_rtrl": pp_prop,
    "eprop": EProp,
    "e_prop": EProp,
    "ostl_feedforward": OSTLFeedforward,
}


class ETraceVmap(SequenceDriverMixin, Vmap):
    """A learner for one sample, mapped over a batch; what ``compile(..., vmap=True)`` gives.

    Parameters
    ----------
    module, **kwargs
        As for :class:`brainstate_torch.nn.Vmap`.

    Notes
    -----
    Source: braintrace.ETraceVmap (0.2.6).
    """

    @property
    def param_states(self) -> Any:
        """The weights of the model, by path."""
        return self.module.param_states


def compile(
    model: Module,
    algorithm: str | type[ETraceAlgorithm],
    *example_inputs: Any,
    batch_size: int | None = None,
    seed: int | None = None,
    verbose: int = 0,
    vmap: bool = False,
    **options: Any,
) -> Any:
    """Make the States of a model, find out where its weights act on hidden states, and give a learner.

    The learner is called like the model, with traces that go on at each call; ``etrace_grad`` drives a sequence.

    Parameters
    ----------
    model
        The module, written for one time step.
    algorithm
        A class such as :class:`D_RTRL`, or a name: 'D_RTRL', 'pp_prop', 'ES_D_RTRL', 'EProp' or 'OSTL_feedforward', in
        any case.
    *example_inputs
        What the model is called with, of the shapes and dtypes of later calls.
    batch_size
        Handed to :func:`brainstate_torch.nn.init_all_states`. With `vmap` the number of lanes.
    seed
        The seed for the initial States; the generator is afterwards what it was.
    verbose
        Whether to print the report.
    vmap
        Whether the model is written for one sample: inputs have a leading axis of `batch_size`, the learner is mapped
        over it, and every lane begins with the same States.
    **options
        Arguments of the algorithm, such as `decay_or_rank`.

    Returns
    -------
    ETraceAlgorithm or ETraceVmap
        The learner.

    Raises
    ------
    CompilationError
        No weight reaches a hidden state element by element.
    TypeError
        `model` is not a Module, or `algorithm` is neither a name nor a class.
    ValueError
        `algorithm` is an unknown name, there are no example inputs, or `vmap` is given without `batch_size`.

    Notes
    -----
    Source: braintrace.compile (0.2.6). Differs: with `vmap` all lanes begin with equal States; no ETraceConfig.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> cell = brainstate.nn.ValinaRNNCell(3, 4)
    >>> xs = torch.ones(10, 2, 3)
    >>> learner = brainstate.online.compile(cell, 'D_RTRL', xs[0], batch_size=2)
    >>> grads = learner.etrace_grad(xs, step_fn=lambda x: learner(x).square().mean())
    >>> grads['W', 'weight']['weight'].shape
    torch.Size([7, 4])
    """
    cls = _resolved(algorithm)
    if not example_inputs:
        raise ValueError(
            "`example_inputs` must hold what the model is called with. Got none. Pass the input of one step."
        )
    if vmap and batch_size is None:
        raise ValueError("`batch_size` must be given where `vmap` is. Got None. It is the number of lanes.")
    learner = cls(model, **options)
    with contextlib.nullcontext() if seed is None else random.seed_context(seed):
        init_all_states(model, batch_size=None if vmap else batch_size)
    if vmap:
        example_inputs = _tree.map(lambda x: _one_lane(x, batch_size), example_inputs)
    learner.compile_graph(*example_inputs)
    if not learner.graph.relations:
        reasons = "; ".join([f"{'.'.join(map(str, path))}: {why}" for path, why in learner.report.excluded_weights])
        raise CompilationError(
            f"a weight must reach a hidden state element by element. Got {reasons or 'no weights'}. "
            "A hidden state is a HiddenState that the step writes."
        )
    if verbose:
        learner.report.show()
    return _mapped(learner, batch_size) if vmap else learner


def _resolved(algorithm: Any) -> type[ETraceAlgorithm]:
    if isinstance(algorithm, type) and issubclass(algorithm, ETraceAlgorithm):
        return algorithm
    if not isinstance(algorithm, str):
        raise TypeError(f"`algorithm` must be a name or a subclass of ETraceAlgorithm. Got {kind_of(algorithm)}.")
    found = _NAMES.get(algorithm.strip().lower())
    if found is None:
        raise ValueError(f"`algorithm` must be one of {', '.join(map(repr, _NAMES))}. Got {algorithm!r}.")
    return found


def _one_lane(x: Any, size: int | None) -> Any:
    if not isinstance(x, torch.Tensor):
        x = torch.as_tensor(x)
    if x.ndim == 0 or x.shape[0] != size:
        raise ValueError(
            f"with `vmap`, each example input must have a leading axis of `batch_size` = {size}. Got {list(x.shape)}."
        )
    return x[0]


def _mapped(learner: ETraceAlgorithm, size: Any) -> ETraceVmap:
    lanes = {state for state in learner.states().values() if not isinstance(state, ParamState)}
    lanes.discard(learner.running_index)
    for state in lanes:
        state.value = _tree.map(lambda x: torch.as_tensor(x).expand(size, *x.shape).clone(), state.value)
    return ETraceVmap(learner, vmap_states=lambda path, state: state in lanes)
