"""A choice between functions by a batched number: all run, and each lane takes the result of its own."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from ... import _tree
from ..._arrays import SCALARS, as_tensor, is_arraylike, short_dtype
from ..._errors import kind_of
from ..._state import Frame, State
from ...random import RandomState
from .._core.carry import as_arrays, protected
from .._core.functional import Outcome, checked_arguments, run
from .._core.stacking import aligned
from .masked import InLanes, first_that_holds

__all__ = ["checked_operands", "select"]


def checked_operands(operands: Sequence[Any], branches: Sequence[Any]) -> list[Any]:
    """The operands of branches, numbers and numpy arrays made tensors."""
    return [as_arrays(operand) for operand in checked_arguments(operands, {}, branches)[0]]


def select(
    masks: Sequence[torch.Tensor],
    branches: Sequence[Callable[..., Any]],
    operands: Sequence[Any],
    names: Sequence[str],
) -> Any:
    """Run every branch from the same start, and choose results and States by the first mask that holds.

    Where none holds, the last branch counts. A RandomState of torch's generator ends after the draws of all branches.

    Raises
    ------
    TypeError
        The branches disagree in the structure, shape, dtype or unit of a result or a State.
    """

    def every(*operands: Any) -> Any:
        outcomes = []
        for branch, lanes in zip(branches, first_that_holds(masks), strict=True):
            with InLanes(lanes):
                outcomes.append(run(branch, protected(operands), {}))
            # Such draws are not batched, so no lane can choose: each branch continues where the one before it stopped.
            for state, value in zip(outcomes[-1].frame.written(), outcomes[-1].written, strict=True):
                if _is_torch_stream(state):
                    state.restore_value(value)
        result = _chosen(masks, [outcome.result for outcome in outcomes], names, "result")
        written = dict.fromkeys([state for outcome in outcomes for state in outcome.frame.written()])
        chosen = {state: _chosen_state(masks, state, outcomes, names) for state in written}
        for outcome in outcomes:
            outcome.frame.commit([chosen[state] for state in outcome.frame.written()], outcome.created)
        return result

    whole = run(every, checked_operands(operands, branches), {}, frame=Frame(name="select"))
    whole.frame.commit(whole.written, whole.created)
    return whole.result


def _chosen_state(
    masks: Sequence[torch.Tensor], state: State[Any], outcomes: Sequence[Outcome], names: Sequence[str]
) -> Any:
    before = state._get()
    if _is_torch_stream(state):
        return before
    values = []
    for outcome in outcomes:
        written = dict(zip(outcome.frame.written(), outcome.written, strict=True))
        values.append(written.get(state, before))
    try:
        return _chosen(masks, values, names, f"value of {state!r}")
    except TypeError as error:
        state.raise_error_with_source_info(error)


def _is_torch_stream(state: State[Any]) -> bool:
    return isinstance(state, RandomState) and state.impl == "torch"


def _chosen(masks: Sequence[torch.Tensor], trees: Sequence[Any], names: Sequence[str], what: str) -> Any:
    spec = _tree.structure(trees[0])
    rows = []
    for tree, name in zip(trees, names, strict=True):
        leaves = aligned(spec, tree)
        if leaves is None:
            raise TypeError(
                f"branches must agree in the structure and units of the {what}. "
                f"Got {spec} from {names[0]} and {_tree.structure(tree)} from {name}."
            )
        rows.append(leaves)
    columns = zip(*rows, strict=True)
    return _tree.unflatten(spec, [_chosen_leaf(masks, column, names, what) for column in columns])


def _chosen_leaf(masks: Sequence[torch.Tensor], column: Sequence[Any], names: Sequence[str], what: str) -> Any:
    if all(leaf is column[0] for leaf in column):
        return column[0]
    tensors = _like_tensors(column, names, what)
    result = tensors[-1]
    for mask, tensor in zip(reversed(masks[:-1]), reversed(tensors[:-1]), strict=True):
        result = _where(mask, tensor, result)
    return result


def _where(mask: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    # torch 2.13 has no `where` for keys, which are uint32.
    if x.dtype == torch.uint32:
        return torch.where(mask, x.view(torch.int32), y.view(torch.int32)).view(torch.uint32)
    return torch.where(mask, x, y)


def _like_tensors(column: Sequence[Any], names: Sequence[str], what: str) -> list[torch.Tensor]:
    """The leaves as tensors of one shape and dtype; a number takes the dtype of a tensor of its kind."""
    for leaf, name in zip(column, names, strict=True):
        if not is_arraylike(leaf):
            raise TypeError(f"branches must have tensors or numbers in the {what}. Got {kind_of(leaf)} from {name}.")
    tensors = [as_tensor(leaf) for leaf in column]
    strong = [tensor for tensor, leaf in zip(tensors, column, strict=True) if not isinstance(leaf, SCALARS)]
    for i, tensor in enumerate(tensors):
        if strong and isinstance(column[i], SCALARS) and _kind(tensor) == _kind(strong[0]):
            tensors[i] = tensor.to(strong[0])
    first = tensors[0]
    for tensor, name in zip(tensors, names, strict=True):
        if tensor.shape != first.shape or tensor.dtype != first.dtype:
            raise TypeError(
                f"branches must agree in the shape and dtype of the {what}. "
                f"Got {_described(first)} from {names[0]} and {_described(tensor)} from {name}."
            )
    return tensors


def _kind(tensor: torch.Tensor) -> tuple[bool, bool, bool]:
    return tensor.dtype == torch.bool, tensor.is_floating_point(), tensor.is_complex()


def _described(tensor: torch.Tensor) -> str:
    return f"{short_dtype(tensor.dtype)}{list(tensor.shape)}"
