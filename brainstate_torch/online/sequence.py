"""Drivers of sequences: the online gradient of a whole sequence, or the sequence without a gradient."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from .. import _tree
from .._arrays import beside
from ..transform import for_loop, grad, scan
from ..transform._core.functional import Template, combine, partition
from ..units import math as um

__all__ = ["SequenceDriverMixin"]

_REDUCTIONS = ("mean", "sum")
_OUTPUTS = ("per_step", "masked", "scalar")


class SequenceDriverMixin:
    """What learners have besides their call: :meth:`etrace_grad` and :meth:`etrace_evolve`."""

    def etrace_grad(
        self,
        *sequences: Any,
        step_fn: Callable[..., Any],
        mask: Any = None,
        weights: Any = None,
        reduction: str = "mean",
        loss_output: str = "per_step",
        has_aux: bool = False,
        return_value: bool = False,
    ) -> Any:
        """The online gradient of a sequence: the sum of those of its steps.

        Memory does not grow with the number of steps, but for what is returned for each. Run it inside
        ``transform.jit`` to compile the loop.

        Parameters
        ----------
        *sequences
            Trees of tensors ``[T, ...]``, of which each step gets one entry.
        step_fn
            Calls this learner once with what it is given, and returns the loss of the step, a scalar; with `has_aux` a
            pair of that and anything else.
        mask
            ``[T]``: the weight of each step's loss. The learner runs at every step.
        weights
            The States to differentiate by, in a list or dict; None: all weights of the model.
        reduction
            'mean' divides by the sum of the mask, or 1 if that is less; 'sum' does not.
        loss_output
            What `return_value` returns: the losses 'per_step', these times the mask, 'masked', or their 'scalar'.
        has_aux
            Whether `step_fn` returns a pair.
        return_value
            Whether to return the losses, too.

        Returns
        -------
        Any
            The gradients, in the structure of `weights`; with them the losses and the stacked rest, as asked for.

        Raises
        ------
        ValueError
            There is no sequence, lengths differ, the mask has another shape, or an option is unknown.

        Notes
        -----
        Source: braintrace.SequenceDriverMixin.etrace_grad (0.2.6). Differs: there is no `chunk_size`.

        Examples
        --------
        >>> import torch, brainstate_torch as brainstate
        >>> cell = brainstate.nn.ValinaRNNCell(1, 1, w_init=brainstate.nn.init.Constant(0.5))
        >>> xs = torch.ones(2, 1)
        >>> learner = brainstate.online.compile(cell, 'D_RTRL', xs[0])
        >>> grads, loss = learner.etrace_grad(xs, step_fn=lambda x: learner(x).sum(), return_value=True)
        >>> loss, grads['W', 'weight']['bias']
        (tensor([0.5000, 0.7500]), tensor([1.]))
        """
        for name, value, known in (("reduction", reduction, _REDUCTIONS), ("loss_output", loss_output, _OUTPUTS)):
            if value not in known:
                raise ValueError(f"`{name}` must be one of {', '.join(map(repr, known))}. Got {value!r}.")
        length = _length(sequences)
        with beside(_tree.leaves(list(sequences))):
            shares = torch.ones(length) if mask is None else um.asarray(mask)
        if shares.shape != (length,):
            raise ValueError(f"`mask` must have one number for each of {length} steps. Got shape {list(shares.shape)}.")
        weights = dict(self.param_states) if weights is None else weights  # type: ignore[attr-defined]

        def objective(slices: Sequence[Any], share: torch.Tensor) -> Any:
            found = step_fn(*slices)
            loss, aux = found if has_aux else (found, None)
            if isinstance(loss, torch.Tensor) and loss.ndim:
                raise ValueError(f"`step_fn` must return a scalar loss. Got shape {list(loss.shape)}. Take its mean.")
            return loss * share, (loss, aux)

        derivative = grad(objective, weights, has_aux=True)

        templates: list[Template] = []

        def step(total: Any, given: Any) -> Any:
            grads, kept = derivative(*given)
            found, template = partition(grads)
            templates[:] = [template]
            return [x + y for x, y in zip(total, found, strict=True)], kept

        zero = [torch.zeros_like(x) for x in partition(_values(weights))[0]]
        total, (losses, aux) = scan(step, zero, (list(sequences), shares))
        shares = shares.to(losses.device)
        count = shares.sum().clamp(min=1) if reduction == "mean" else torch.ones(())
        grads = combine([x / count for x in total] if reduction == "mean" else total, templates[0])
        value = {"per_step": losses, "masked": losses * shares, "scalar": (losses * shares).sum() / count}[loss_output]
        results = (grads, *([value] if return_value else []), *([aux] if has_aux else []))
        return results if len(results) > 1 else grads

    def etrace_evolve(
        self, *sequences: Any, step_fn: Callable[..., Any] | None = None, return_outputs: bool = False
    ) -> Any:
        """Run a sequence without a gradient; States and traces go on.

        Parameters
        ----------
        *sequences
            Trees of tensors ``[T, ...]``, of which each step gets one entry.
        step_fn
            What is called at each step; None: the learner.
        return_outputs
            Whether to return the results of all steps, stacked.

        Returns
        -------
        Any
            The results, or None.

        Raises
        ------
        ValueError
            There is no sequence, or lengths differ.

        Notes
        -----
        Source: braintrace.SequenceDriverMixin.etrace_evolve (0.2.6). Differs: there is no `chunk_size`.
        """
        _length(sequences)
        call: Callable[..., Any] = self if step_fn is None else step_fn  # type: ignore[assignment]

        def step(*slices: Any) -> Any:
            result = call(*slices)
            return result if return_outputs else None

        return for_loop(step, *sequences)


def _values(weights: Any) -> Any:
    if isinstance(weights, dict):
        return {key: state.value for key, state in weights.items()}
    return [state.value for state in weights] if isinstance(weights, (list, tuple)) else weights.value


def _length(sequences: Sequence[Any]) -> int:
    lengths = [int(x.shape[0]) if getattr(x, "ndim", 0) else 0 for x in _tree.leaves(list(sequences))]
    if len(set(lengths)) != 1 or not lengths[0]:
        raise ValueError(
            "sequences must have one leading axis of a common length, one entry for each step. Got the lengths "
            f"{sorted(set(lengths))}. Close over what is the same for all."
        )
    return lengths[0]
