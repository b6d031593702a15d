"""ETraceAlgorithm: a model with eligibility traces, called like the model."""

from typing import Any

import torch

from .._arrays import beside
from .._errors import kind_of
from .._host.functorch import is_differentiated
from .._state import HiddenState, LongTermState, ParamState, ShortTermState, State
from ..graph import states
from ..nn import Module
from .custom import check_no_custom_functions
from .errors import CompilationError, NotSupportedError
from .programs import Programs
from .relations import StepAnalysis
from .report import CompilationReport
from .sequence import SequenceDriverMixin
from .step import Step
from .traces import Rule

__all__ = ["ETraceAlgorithm", "EligibilityTrace"]


class EligibilityTrace(ShortTermState[Any]):
    """The eligibility trace of a weight at one operation, for one group of hidden states: a list of tensors.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.online.EligibilityTrace([torch.zeros(4, 1, 3)])
    EligibilityTrace(value=[float32[4, 1, 3]])
    """


class ETraceAlgorithm(SequenceDriverMixin, Module):
    """Base of the algorithms: a module that wraps a model, and is called like it.

    A call computes the model's step and carries the traces on. Its result has the derivative by the weights that the
    traces hold: ``grad`` of a loss of one step is the share of this step in the online gradient. Nothing of the steps
    before is kept but the States.

    The hidden states are the model's :class:`HiddenState` s. Two are in one *group* where one depends on the other
    element by element. A weight has a trace at each operation through which it reaches a hidden state element by
    element: a product of matrices, a lookup, a convolution (:class:`pp_prop` alone), or an element-wise operation. What
    mixes the elements of a hidden state, as recurrent connections do, passes no derivative from one step to the next:
    this is the approximation. Within a step every path counts.

    Parameters
    ----------
    model
        The module, written for one time step.
    name
        A name, for display.
    vjp_method
        'single-step': the loss of a step is differentiated within this step.

    Raises
    ------
    TypeError
        `model` is not a Module.
    NotSupportedError
        Another `vjp_method`.

    Notes
    -----
    Source: braintrace.ETraceAlgorithm (0.2.6). Differs: weights need not be marked, every operation that keeps
    positions is followed; weights without a trace, such as those of a readout, have their derivative within the step,
    which is zero there; and paths within a step that pass another product of matrices, such as from the reset gate of a
    GRU, are differentiated.
    """

    def __init__(self, model: Module, name: str | None = None, vjp_method: str = "single-step") -> None:
        if not isinstance(model, Module):
            raise TypeError(f"`model` must be a brainstate_torch.nn.Module. Got {kind_of(model)}.")
        if vjp_method != "single-step":
            raise NotSupportedError(
                f"`vjp_method` must be 'single-step'. Got {vjp_method!r}. The loss of several steps is a sum: "
                "see `etrace_grad`."
            )
        super().__init__(name)
        self.model4compile = model
        self.vjp_method = vjp_method
        self.running_index = LongTermState(torch.zeros((), dtype=torch.int64))
        #: The traces by operation and group.
        self.traces: dict[str, EligibilityTrace] = {}
        self._compiled: Programs | None = None

    def _rule(self) -> Rule:
        """How the traces go on; a subclass defines it."""
        raise NotImplementedError(f"{type(self).__name__} must define `_rule`. Use D_RTRL, pp_prop or EProp.")

    @property
    def is_compiled(self) -> bool:
        """Whether :meth:`compile_graph` has been called."""
        return self._compiled is not None

    @property
    def graph(self) -> StepAnalysis:
        """The groups of hidden states, and the operations at which weights have traces."""
        return self._programs.analysis

    @property
    def report(self) -> CompilationReport:
        """What is learnt by traces and what is not."""
        return CompilationReport(self._programs.analysis)

    @property
    def _programs(self) -> Programs:
        if self._compiled is None:
            raise CompilationError(
                "a learner must be compiled before it is used. Got one that is not. Make it by "
                "`brainstate_torch.online.compile(model, algorithm, x)`, or call `learner.compile_graph(x)`."
            )
        return self._compiled

    def compile_graph(self, *args: Any) -> None:
        """Record the model's step, find out where weights enter, and make the traces.

        Parameters
        ----------
        *args
            What the model is called with, of the shapes and dtypes of later calls.

        Raises
        ------
        CompilationError
            The model makes States when it is called.
        NotSupportedError
            What the model does cannot be followed.
        """
        step = Step(self.model4compile, args)
        check_no_custom_functions(self.model4compile, args, [state for _, state, _ in step.weights])
        programs = Programs(StepAnalysis(step), self._rule(), step.like)
        self._compiled = programs
        self.traces = {name: EligibilityTrace(list(start)) for name, start in programs.start.items()}
        with beside([x for start in programs.start.values() for x in start]):
            self.running_index.value = torch.zeros((), dtype=torch.int64)

    def update(self, *args: Any) -> Any:
        """The model's step; States and traces go on.

        Parameters
        ----------
        *args
            What the model is called with.

        Returns
        -------
        Any
            What the model returns.

        Raises
        ------
        CompilationError
            The learner is not compiled, or not for such arguments.
        """
        programs = self._programs
        step = programs.analysis.step
        inputs = step.fetch(args)
        old = [x for trace in self.traces.values() for x in trace.value]
        count = self.running_index.value
        found = programs.advance(*inputs, *old)
        new, drawn = found[: len(old)], found[len(old) :]
        if is_differentiated(*inputs):
            outputs = programs.attached(*inputs, *drawn, *old, *new, count)
        else:
            outputs = programs.plain(*inputs, *drawn)
        result = step.commit(outputs)
        for name, trace in programs.unflatten(new).items():
            self.traces[name].value = trace
        self.running_index.value = count + 1
        return result

    def reset_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Set the traces to zero, and the count of steps; the model's States are not touched.

        Parameters
        ----------
        batch_size, **kwargs
            Accepted so that programs port.
        """
        for trace in self.traces.values():
            trace.value = [torch.zeros_like(x) for x in trace.value]
        self.running_index.value = torch.zeros_like(self.running_index.value)

    @property
    def param_states(self) -> Any:
        """The weights that the model's step uses, by path."""
        used = {id(weight.state) for weight in self._programs.analysis.step.weights}
        found = states(self.model4compile, ParamState)
        return type(found)({path: state for path, state in found.items() if id(state) in used})

    @property
    def hidden_states(self) -> Any:
        """The hidden states of the model, by path."""
        return states(self.model4compile, HiddenState)

    @property
    def other_states(self) -> Any:
        """The other States of the model, by path."""
        return states(self.model4compile, ParamState, HiddenState, ...)[2]

    def get_etrace_of(self, weight: State[Any] | tuple[Any, ...]) -> dict[str, list[torch.Tensor]]:
        """The traces of a weight.

        Parameters
        ----------
        weight
            The State, or its path in the model.

        Returns
        -------
        dict
            By operation and group, the tensors of each trace: see the class of the learner for their shapes.

        Raises
        ------
        ValueError
            The weight has no trace.
        """
        programs = self._programs
        path = programs.analysis.step.path_of(weight) if isinstance(weight, State) else tuple(weight)
        names = [name for name, (i, _) in programs.keys.items() if path in programs.analysis.paths(i)]
        if not names:
            known = sorted({str(path) for i, _ in programs.keys.values() for path in programs.analysis.paths(i)})
            raise ValueError(f"`weight` must have a trace. Got {path}. Weights that have one: {', '.join(known)}.")
        return {name: self.traces[name].value for name in names}

    def show_graph(self, verbose: bool = True, return_msg: bool = False) -> str | None:
        """Print :attr:`report`.

        Parameters
        ----------
        verbose
            Whether to print.
        return_msg
            Whether to return the text.

        Returns
        -------
        str or None
            The text, if it is asked for.
        """
        text = str(self.report)
        if verbose:
            print(text)
        return text if return_msg else None
