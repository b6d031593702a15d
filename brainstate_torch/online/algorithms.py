"""The algorithms: which traces are kept for a weight."""

from typing import Any

from ..nn import Module
from .algorithm import ETraceAlgorithm
from .errors import NotSupportedError
from .traces import FactoredRule, FullRule, Rule

__all__ = ["D_RTRL", "ES_D_RTRL", "EProp", "OSTLFeedforward", "pp_prop"]


class D_RTRL(ETraceAlgorithm):
    """Real-time recurrent learning with a diagonal Jacobian: one trace for each sample, weight and hidden state.

    With ``D`` the Jacobian of the hidden states by themselves one step before, position by position, ``D_f`` that by
    the result of the operation at which a weight enters, and ``x`` the other factor there::

        e[t] = D[t] e[t - 1] + D_f[t] x[t]        dL/dw = sum over t of dL[t]/dh[t] e[t]

    Where the hidden states depend on themselves element by element alone, this is the gradient of backpropagation
    through time. Memory: samples times weights, whatever the number of steps.

    Parameters
    ----------
    model, name, vjp_method
        See :class:`ETraceAlgorithm`.

    Notes
    -----
    Source: braintrace.D_RTRL (0.2.6). Traces are ``[*Y, S, I]``, or ``[*Y, S]`` where a weight enters by elements, with
    Y the shape of the operation's result, S hidden states and I inputs; there the axis of S is the last.
    Method: Wang et al. (2026), Nature Communications, doi:10.1038/s41467-026-68453-w.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> class Leaky(brainstate.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.w = brainstate.ParamState(torch.tensor([[1.]]))
    ...     def init_state(self, batch_size=None):
    ...         self.h = brainstate.HiddenState(torch.zeros(1))
    ...     def update(self, x):
    ...         self.h.value = 0.5 * self.h.value + x @ self.w.value
    ...         return self.h.value
    >>> model = Leaky()
    >>> learner = brainstate.online.compile(model, 'D_RTRL', torch.ones(1))
    >>> loss = brainstate.transform.grad(lambda x: learner(x).sum(), model.w)
    >>> loss(torch.ones(1)), loss(torch.ones(1))  # dh/dw: 1, then 0.5 * 1 + 1
    (tensor([[1.]]), tensor([[1.5000]]))
    """

    def _rule(self) -> Rule:
        return FullRule()


class EProp(ETraceAlgorithm):
    """Eligibility propagation: the traces of :class:`D_RTRL`, smoothed.

    Parameters
    ----------
    model, name, vjp_method
        See :class:`ETraceAlgorithm`.
    feedback
        'symmetric': the loss is differentiated through the readout.
    kappa_filter_decay
        The gradient is that of ``k[t] = kappa * k[t - 1] + e[t]``, in ``[0, 1)``. Zero is :class:`D_RTRL`.
    random_feedback_key
        Accepted so that programs port.

    Raises
    ------
    ValueError
        `kappa_filter_decay` is not in ``[0, 1)``, or `feedback` is unknown.
    NotSupportedError
        `feedback` is 'random'.

    Notes
    -----
    Source: braintrace.EProp (0.2.6). Differs: there is no random feedback.
    Method: Bellec et al. (2020), Nature Communications 11, 3625.
    """

    def __init__(
        self,
        model: Module,
        feedback: str = "symmetric",
        kappa_filter_decay: float = 0.0,
        random_feedback_key: Any = None,
        name: str | None = None,
        vjp_method: str = "single-step",
    ) -> None:
        if feedback not in ("symmetric", "random"):
            raise ValueError(f"`feedback` must be 'symmetric' or 'random'. Got {feedback!r}.")
        if feedback == "random":
            raise NotSupportedError(
                "`feedback` must be 'symmetric'. Got 'random', which this package lacks. Give the model "
                "a readout with fixed random weights, and its loss, for feedback that is not the readout's own."
            )
        super().__init__(model, name, vjp_method)
        self.feedback, self.kappa_filter_decay = feedback, _decay("kappa_filter_decay", kappa_filter_decay)

    def _rule(self) -> Rule:
        return FullRule(self.kappa_filter_decay)


class pp_prop(ETraceAlgorithm):
    """Learning with factored traces: one like the inputs of a weight and one like its outputs.

    With ``D``, ``D_f`` and ``x`` as in :class:`D_RTRL` and a decay ``a``::

        e_x[t] = a e_x[t - 1] + x[t]        e_f[t] = a D[t] e_f[t - 1] + (1 - a) D_f[t]

    and the product of both in the place of ``e``, divided by ``1 - a ** t`` while the run is young. Memory: inputs plus
    outputs of the weights, whatever their number and the number of steps. Also known as ES_D_RTRL.

    Parameters
    ----------
    model, name, vjp_method
        See :class:`ETraceAlgorithm`.
    decay_or_rank
        The decay, a float in ``[0, 1)``; or a rank, an integer from 1 on, for a decay of ``(rank - 1) / (rank + 1)``;
        or a pair of these, for inputs and outputs.

    Raises
    ------
    ValueError
        `decay_or_rank` is none of these.

    Notes
    -----
    Source: braintrace.pp_prop (0.2.6). Traces are ``[*Y, S]`` for outputs and like the input for inputs.
    Method: Wang et al. (2026), Nature Communications, doi:10.1038/s41467-026-68453-w.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> cell = brainstate.nn.GRUCell(3, 4)
    >>> learner = brainstate.online.compile(cell, 'pp_prop', torch.ones(3), decay_or_rank=0.9)
    >>> learner(torch.ones(3)).shape
    torch.Size([4])
    >>> sum(x.numel() for trace in learner.traces.values() for x in trace.value)
    38
    """

    def __init__(
        self, model: Module, decay_or_rank: Any, name: str | None = None, vjp_method: str = "single-step"
    ) -> None:
        super().__init__(model, name, vjp_method)
        pair = decay_or_rank if isinstance(decay_or_rank, (tuple, list)) else (decay_or_rank, decay_or_rank)
        if len(pair) != 2:
            raise ValueError(f"`decay_or_rank` must be one number or a pair. Got {len(pair)} numbers.")
        self.decay_x, self.decay_f = [_decay_of_rank(x) for x in pair]

    def _rule(self) -> Rule:
        return FactoredRule(self.decay_x, self.decay_f)


ES_D_RTRL = pp_prop


class OSTLFeedforward(pp_prop):
    """Online spatio-temporal learning without the recurrent term: :class:`pp_prop` with a negligible decay.

    Parameters
    ----------
    model, decay_or_rank, name, vjp_method
        See :class:`pp_prop`.

    Notes
    -----
    Source: braintrace.OSTLFeedforward (0.2.6). Method: Bohnstingl et al. (2023), doi:10.1109/TNNLS.2022.3153985.
    """

    def __init__(
        self, model: Module, decay_or_rank: Any = 1e-6, name: str | None = None, vjp_method: str = "single-step"
    ) -> None:
        super().__init__(model, decay_or_rank, name, vjp_method)


def _decay(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1:
        raise ValueError(f"`{name}` must be a number in [0, 1). Got {value!r}.")
    return float(value)


def _decay_of_rank(value: Any) -> float:
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 1:
            raise ValueError(f"a rank in `decay_or_rank` must be at least 1. Got {value}. Write a decay as a float.")
        return (value - 1) / (value + 1)
    return _decay("decay_or_rank", value)
