"""cond, switch and ifelse: one of several functions, chosen by a value."""

from collections.abc import Callable, Sequence
from typing import Any, overload

import torch

from ..._errors import kind_of
from ..._host.functorch import is_batched
from ..._program.recording import is_recording
from .._compile.choosing import choose
from .._core.carry import as_arrays, protected
from .._core.functional import run
from .._core.signatures import T2, T
from .._core.truth import as_truth, is_undecided, scalar
from .._watch.error_if import jit_error_if
from .select import checked_operands, select

__all__ = ["cond", "ifelse", "switch"]


@overload
def cond(pred: Any, true_fun: Callable[..., T], false_fun: Callable[..., T2], *operands: Any) -> T | T2: ...


@overload
def cond(pred: Any, true_fun: Callable[..., Any], false_fun: Callable[..., Any], *operands: Any) -> Any: ...


def cond(pred: Any, true_fun: Callable[..., Any], false_fun: Callable[..., Any], *operands: Any) -> Any:
    """Call one of two functions.

    Where `pred` is one number, only the chosen function runs. Where a vmap batches it, both run, and results and
    written States are chosen lane by lane; they must then agree in structure, shapes, dtypes and units.

    Parameters
    ----------
    pred
        One boolean, or one real number, which holds if it is not zero.
    true_fun, false_fun
        Called with the operands.
    *operands
        Pytrees; numbers and numpy arrays in them become tensors.

    Returns
    -------
    Any
        The result; numbers become tensors.

    Raises
    ------
    TypeError
        A function cannot be called, `pred` is of another kind, or, under vmap, the functions disagree.

    Notes
    -----
    Source: brainstate.transform.cond (0.5.4). Differs: brainstate traces both functions in any case. Here an error in
    the other function does not show, its States count as untouched, and disagreements show under vmap only.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> n = brainstate.State(torch.tensor(0.))
    >>> def up(x): n.value += x
    >>> def down(x): n.value -= x
    >>> brainstate.transform.cond(n.value < 1, up, down, 3.)
    >>> n.value
    tensor(3.)
    """
    for name, fun in (("true_fun", true_fun), ("false_fun", false_fun)):
        if not callable(fun):
            raise TypeError(f"`{name}` must be callable. Got {kind_of(fun)}.")
    truth = as_truth(pred, "`pred`")
    if isinstance(truth, bool):
        return _taken(true_fun if truth else false_fun, operands)
    if _is_one(truth):
        index = torch.where(truth, 0, 1)
        return choose(
            index,
            [true_fun, false_fun],
            checked_operands(operands, [true_fun, false_fun]),
            ["`true_fun`", "`false_fun`"],
        )
    return select([truth, ~truth], [true_fun, false_fun], operands, ["`true_fun`", "`false_fun`"])


@overload
def switch(index: Any, branches: Sequence[Callable[..., T]], *operands: Any) -> T: ...


@overload
def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any: ...


def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """Call the function with the number `index`.

    Parameters
    ----------
    index
        One integer; one out of range means the nearest function.
    branches
        The functions, called with the operands. A single one is called whatever the index.
    *operands
        See :func:`cond`, also for what runs under vmap.

    Returns
    -------
    Any
        The result; numbers become tensors.

    Raises
    ------
    TypeError
        `index` is not one integer, or as :func:`cond`.
    ValueError
        No function is given.

    Notes
    -----
    Source: brainstate.transform.switch (0.5.4). Differs: as :func:`cond`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> parts = [torch.sin, torch.neg, torch.exp]
    >>> brainstate.transform.switch(1, parts, 2.), brainstate.transform.switch(-5, parts, 0.)
    (tensor(-2.), tensor(0.))
    """
    branches = _checked_branches(branches)
    index = scalar(index, "`index`", "i")
    _check_some(branches)
    if len(branches) == 1:
        return _taken(branches[0], operands)
    last = len(branches) - 1
    if not is_undecided(index):
        return _taken(branches[min(max(int(index), 0), last)], operands)
    if _is_one(index):
        return choose(index.clamp(0, last), branches, checked_operands(operands, branches), _names(branches))
    masks = [index.clamp(0, last) == i for i in range(len(branches))]
    return select(masks, branches, operands, _names(branches))


@overload
def ifelse(
    conditions: Sequence[Any], branches: Sequence[Callable[..., T]], *operands: Any, check_cond: bool = True
) -> T: ...


@overload
def ifelse(
    conditions: Sequence[Any], branches: Sequence[Callable[..., Any]], *operands: Any, check_cond: bool = True
) -> Any: ...


def ifelse(
    conditions: Sequence[Any], branches: Sequence[Callable[..., Any]], *operands: Any, check_cond: bool = True
) -> Any:
    """Call the function whose condition holds.

    Parameters
    ----------
    conditions
        One boolean for each function.
    branches
        The functions, called with the operands. A single one is called whatever its condition.
    *operands
        See :func:`cond`, also for what runs under vmap.
    check_cond
        Whether exactly one condition must hold. If False, the first that holds counts, and the last if none does.

    Returns
    -------
    Any
        The result; numbers become tensors.

    Raises
    ------
    TypeError
        As :func:`cond`.
    ValueError
        No function is given, there are not as many conditions as functions, or not exactly one condition holds.

    Notes
    -----
    Source: brainstate.transform.ifelse (0.5.4). Differs: as :func:`cond`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> def sign(x):
    ...     return brainstate.transform.ifelse([x < 0, x == 0, x > 0], [lambda: -1., lambda: 0., lambda: 1.])
    >>> torch.func.vmap(sign)(torch.tensor([-3., 0., 2.]))
    tensor([-1.,  0.,  1.])
    """
    branches = _checked_branches(branches)
    _check_some(branches)
    if len(conditions) != len(branches):
        raise ValueError(
            f"`conditions` must have one entry for each of the {len(branches)} `branches`. Got {len(conditions)}."
        )
    if len(branches) == 1:
        return _taken(branches[0], operands)
    truths = [as_truth(condition, f"condition {i}") for i, condition in enumerate(conditions)]
    if check_cond:
        count = sum([int(truth) if isinstance(truth, bool) else truth.int() for truth in truths])
        jit_error_if(count != 1, "exactly one of `conditions` must hold. Got {n}. Pass `check_cond=False`.", n=count)
    if all(isinstance(truth, bool) for truth in truths):
        return _taken(branches[truths.index(True) if True in truths else -1], operands)
    device = next(truth.device for truth in truths if isinstance(truth, torch.Tensor))
    masks = [torch.as_tensor(truth, device=device) for truth in truths]
    if all(map(_is_one, masks)):
        first = torch.stack([*masks[:-1], torch.ones_like(masks[-1])]).to(torch.int8).argmax()
        return choose(first, branches, checked_operands(operands, branches), _names(branches))
    return select(masks, branches, operands, _names(branches))


def _is_one(x: torch.Tensor) -> bool:
    """Whether a graph is being recorded in which `x` is an unbatched scalar."""
    return is_recording() and not is_batched(x)


def _checked_branches(branches: Any) -> tuple[Callable[..., Any], ...]:
    try:
        functions = tuple(branches)
    except TypeError:
        raise TypeError(f"`branches` must be a sequence of functions. Got {kind_of(branches)}.") from None
    for branch in functions:
        if not callable(branch):
            raise TypeError(f"`branches` must be functions. Got {kind_of(branch)} among them.")
    return functions


def _check_some(branches: Sequence[Any]) -> None:
    if not branches:
        raise ValueError("`branches` must hold at least one function. Got none.")


def _names(branches: Sequence[Any]) -> list[str]:
    return [f"branch {i}" for i in range(len(branches))]


def _taken(fun: Callable[..., Any], operands: Sequence[Any]) -> Any:
    """Run the one function that was chosen."""
    outcome = run(fun, protected(checked_operands(operands, [fun])) if operands else operands, {})
    return as_arrays(outcome.committed())
