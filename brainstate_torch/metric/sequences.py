"""Losses of sequences, of rankings, and of vectors against each other."""

from collections.abc import Callable
from typing import Any

import torch

from .. import transform
from .._arrays import placed
from ..nn import log_softmax, one_hot, softmax
from ..units import math
from .classification import _floats, kl_divergence, softmax_cross_entropy
from .regression import l1_loss, unit_vector

__all__ = [
    "L1Loss",
    "convex_kl_divergence",
    "ctc_loss",
    "ctc_loss_with_forward_probs",
    "make_fenchel_young_loss",
    "pairwise_cosine_distance",
    "pairwise_cosine_similarity",
    "poly_loss_cross_entropy",
    "ranking_softmax_loss",
    "safe_norm",
]


class L1Loss:
    """:func:`l1_loss` as an object.

    Parameters
    ----------
    reduction
        ``'mean'``, ``'sum'`` or ``'none'``.

    Notes
    -----
    Source: braintools.metric.L1Loss (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.L1Loss().update([1., 4.], [1., 1.])
    tensor(1.5000)
    """

    def __init__(self, reduction: str = "mean") -> None:
        self.reduction = reduction

    def update(self, input: Any, target: Any) -> Any:
        """The loss.

        Parameters
        ----------
        input, target
            The predictions and what they should be.

        Returns
        -------
        Tensor or Quantity
            The loss.
        """
        return l1_loss(input, target, self.reduction)

    __call__ = update


@placed
def poly_loss_cross_entropy(logits: Any, labels: Any, epsilon: float = 2.0) -> Any:
    """Cross entropy plus `epsilon` times what the right classes lack of probability one (Leng et al., 2022).

    Parameters
    ----------
    logits
        The logits, `[*N, classes]`.
    labels
        The targets, probabilities of that shape.
    epsilon
        The factor.

    Returns
    -------
    Tensor
        The losses, `[*N]`.

    Notes
    -----
    Source: braintools.metric.poly_loss_cross_entropy (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.poly_loss_cross_entropy([0., 0.], [1., 0.])
    tensor(1.6931)
    """
    rest = (math.asarray(labels) * (1 - softmax(math.asarray(logits)))).sum(-1)
    return softmax_cross_entropy(logits, labels) + epsilon * rest


@placed
def convex_kl_divergence(log_predictions: Any, targets: Any) -> Any:
    """The divergence of Kullback and Leibler, which is convex also for predictions that do not sum to one.

    Parameters
    ----------
    log_predictions
        The logarithms of the predictions, `[*N, classes]`.
    targets
        The probabilities, of that shape.

    Returns
    -------
    Tensor
        The losses, `[*N]`.

    Notes
    -----
    Source: braintools.metric.convex_kl_divergence (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.convex_kl_divergence([0., 0.], [0.5, 0.5])
    tensor(0.3069)
    """
    predictions = math.asarray(log_predictions)
    return kl_divergence(log_predictions, targets) + (torch.exp(predictions) - math.asarray(targets)).sum(-1)


@placed
def ctc_loss_with_forward_probs(
    logits: Any,
    logit_paddings: Any,
    labels: Any,
    label_paddings: Any,
    blank_id: int = 0,
    log_epsilon: float = -1e5,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The loss of connectionist temporal classification (Graves et al., 2006), and its forward probabilities.

    Parameters
    ----------
    logits
        The logits, `[B, T, classes]`.
    logit_paddings
        1 where a step does not count, 0 elsewhere, `[B, T]`.
    labels
        The classes of the sequences, `[B, N]`.
    label_paddings
        1 where a label does not count, 0 elsewhere, `[B, N]`; those at the end.
    blank_id
        The class that stands for no label.
    log_epsilon
        The logarithm that stands for probability zero.

    Returns
    -------
    tuple of Tensor
        The losses, `[B]`, and the logarithms of the forward probabilities of blanks, `[T, B, N + 1]`, and of labels,
        `[T, B, N]`.

    Raises
    ------
    ValueError
        The shapes do not fit.

    Notes
    -----
    Source: braintools.metric.ctc_loss_with_forward_probs (0.3.0).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import metric
    >>> loss, blank, emit = metric.ctc_loss_with_forward_probs(
    ...     torch.zeros(1, 2, 2), torch.zeros(1, 2), torch.tensor([[1]]), torch.zeros(1, 1))
    >>> loss, blank.shape
    (tensor([0.2877]), torch.Size([2, 1, 2]))
    """
    scores, classes = _floats("logits", logits), math.asarray(labels).long()
    steps, missing = (math.asarray(x).to(scores.dtype) for x in (logit_paddings, label_paddings))
    if scores.ndim != 3 or classes.ndim != 2 or len(scores) != len(classes):
        raise ValueError(
            "`logits` must have the axes batch, time and class, and `labels` batch and place. "
            f"Got {tuple(scores.shape)} and {tuple(classes.shape)}."
        )
    if steps.shape != scores.shape[:2] or missing.shape != classes.shape:
        raise ValueError(
            f"the paddings must have the shapes {tuple(scores.shape[:2])} and {tuple(classes.shape)}. "
            f"Got {tuple(steps.shape)} and {tuple(missing.shape)}."
        )
    log = log_softmax(scores, -1)
    count = classes.shape[1]
    again = torch.nn.functional.pad((classes[:, :-1] == classes[:, 1:]).to(log.dtype), (0, 1))
    blank = log[:, :, blank_id : blank_id + 1].transpose(0, 1)
    emit = log.gather(2, classes[:, None].expand(-1, log.shape[1], -1)).transpose(0, 1)
    first = torch.cat([log.new_zeros(len(log), 1), log.new_full((len(log), count), log_epsilon)], 1)

    def scored(phi: torch.Tensor, added: torch.Tensor) -> torch.Tensor:
        return torch.cat([phi[:, :1], torch.logaddexp(phi[:, 1:], added)], -1)

    def step(carry: Any, x: Any) -> Any:
        old_phi, old_emit = carry
        log_emit, log_blank, pad = x
        phi = scored(old_phi, old_emit + log_epsilon * again)
        new_emit = torch.logaddexp(phi[:, :-1] + log_emit, old_emit + log_emit)
        phi = scored(phi + log_blank, old_emit + log_blank + log_epsilon * (1.0 - again))
        kept = pad[:, None]
        new = kept * old_phi + (1.0 - kept) * phi, kept * old_emit + (1.0 - kept) * new_emit
        return new, new

    start = (first, log.new_full((len(log), count), log_epsilon))
    _, (phis, emits) = transform.scan(step, start, (emit, blank, steps.transpose(0, 1)))
    last = scored(phis[-1], emits[-1])
    phis = torch.cat([phis[:-1], last[None]])
    lengths = count - missing.sum(1).long()
    loss = -(last * one_hot(lengths, count + 1).to(last.dtype)).sum(1)
    return loss, phis, emits


@placed
def ctc_loss(
    logits: Any,
    logit_paddings: Any,
    labels: Any,
    label_paddings: Any,
    blank_id: int = 0,
    log_epsilon: float = -1e5,
) -> torch.Tensor:
    """The loss of connectionist temporal classification (Graves et al., 2006).

    Parameters
    ----------
    logits
        The logits, `[B, T, classes]`.
    logit_paddings
        1 where a step does not count, 0 elsewhere, `[B, T]`.
    labels
        The classes of the sequences, `[B, N]`.
    label_paddings
        1 where a label does not count, 0 elsewhere, `[B, N]`; those at the end.
    blank_id
        The class that stands for no label.
    log_epsilon
        The logarithm that stands for probability zero.

    Returns
    -------
    Tensor
        The losses, `[B]`.

    Notes
    -----
    Source: braintools.metric.ctc_loss (0.3.0).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import metric
    >>> metric.ctc_loss(torch.zeros(1, 2, 2), torch.zeros(1, 2), torch.tensor([[1]]), torch.zeros(1, 1))
    tensor([0.2877])
    """
    return ctc_loss_with_forward_probs(logits, logit_paddings, labels, label_paddings, blank_id, log_epsilon)[0]


@placed
def ranking_softmax_loss(
    logits: Any,
    labels: Any,
    *,
    where: Any = None,
    weights: Any = None,
    reduction: str | None = None,
    reduce_fn: Callable[..., Any] | None = torch.mean,
) -> torch.Tensor:
    """The softmax loss of a ranking: ``-sum(labels * log_softmax(logits))``.

    Parameters
    ----------
    logits
        The scores of the items, `[*N, items]`.
    labels
        Their relevance, of that shape.
    where
        Which items count; None for all.
    weights
        The weights of the items; None for one each.
    reduction
        ``'mean'``, ``'sum'`` or ``'none'``; None for `reduce_fn`.
    reduce_fn
        A function of the losses; None for none.

    Returns
    -------
    Tensor
        The loss, or the losses `[*N]`.

    Raises
    ------
    TypeError
        `logits` is not made of floats.
    ValueError
        `reduction` is unknown.

    Notes
    -----
    Source: braintools.metric.ranking_softmax_loss (0.3.0). Differs: `reduce_fn` gets the losses of lists that have an
    item alone.

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.ranking_softmax_loss([0., 0.], [1., 0.])
    tensor(0.6931)
    """
    scores = _floats("logits", logits)
    wanted = math.asarray(labels).to(scores.dtype)
    if reduction is not None:
        known: dict[str, Any] = {"mean": torch.mean, "sum": torch.sum, "none": None}
        if reduction not in known:
            raise ValueError(f"`reduction` must be 'mean', 'sum' or 'none'. Got {reduction!r}.")
        reduce_fn = known[reduction]
    mask = torch.ones_like(scores, dtype=torch.bool) if where is None else math.asarray(where).bool()
    wanted = torch.where(mask, wanted, 0.0)
    wanted = wanted if weights is None else wanted * math.asarray(weights)
    log = log_softmax(torch.where(mask, scores, float("-inf")), -1)
    # Masked entries would be minus infinity times zero.
    losses = -torch.where(mask, wanted * torch.where(mask, log, 0.0), 0.0).sum(-1)
    has_item = mask.any(-1)
    losses = torch.where(has_item, losses, 0.0)
    if reduce_fn is None:
        return losses
    if reduce_fn is torch.mean:
        return losses.sum() / has_item.sum().clamp(min=1)
    reduced: torch.Tensor = reduce_fn(losses)
    return reduced


def make_fenchel_young_loss(max_fun: Callable[..., Any]) -> Callable[..., Any]:
    """The Fenchel-Young loss of a function (Blondel et al., 2020): ``max_fun(scores) - scores @ targets``.

    Parameters
    ----------
    max_fun
        A function of a vector of scores, such as `torch.logsumexp` over its axis.

    Returns
    -------
    function
        Takes scores and targets, `[*N, K]`, and what `max_fun` takes besides; gives losses `[*N]`.

    Notes
    -----
    Source: braintools.metric.make_fenchel_young_loss (0.3.0).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import metric
    >>> loss = metric.make_fenchel_young_loss(lambda s: torch.logsumexp(s, 0))
    >>> loss(torch.tensor([0., 0.]), torch.tensor([1., 0.]))
    tensor(0.6931)
    """

    def fenchel_young_loss(scores: Any, targets: Any, *args: Any, **kwargs: Any) -> Any:
        scores = math.asarray(scores)

        def one(line: Any) -> Any:
            return max_fun(line, *args, **kwargs)

        function = one
        for _ in range(scores.ndim - 1):
            function = transform.vmap(function)
        return function(scores) - (math.asarray(targets) * scores).sum(-1)

    return fenchel_young_loss


@placed
def pairwise_cosine_similarity(X: Any, Y: Any = None, eps: float = 1e-8) -> torch.Tensor:
    """The cosine of each row of one matrix with each row of another.

    Parameters
    ----------
    X, Y
        The matrices, `[N, K]` and `[M, K]`; None for `X` again.
    eps
        The least norm to divide by; of quantities, as this times the largest entry.

    Returns
    -------
    Tensor
        From -1 to 1, `[N, M]`.

    Notes
    -----
    Source: braintools.metric.pairwise_cosine_similarity (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.pairwise_cosine_similarity([[1., 0.], [1., 1.]])
    tensor([[1.0000, 0.7071],
            [0.7071, 1.0000]])
    """
    first = unit_vector(math.asarray(X), eps)
    found: torch.Tensor = first @ (first if Y is None else unit_vector(math.asarray(Y), eps)).mT
    return found


@placed
def pairwise_cosine_distance(X: Any, Y: Any = None, eps: float = 1e-8) -> torch.Tensor:
    """One minus the cosine of each row of one matrix with each row of another.

    Parameters
    ----------
    X, Y
        The matrices, `[N, K]` and `[M, K]`; None for `X` again.
    eps
        The least norm to divide by; of quantities, as this times the largest entry.

    Returns
    -------
    Tensor
        From 0 to 2, `[N, M]`.

    Notes
    -----
    Source: braintools.metric.pairwise_cosine_distance (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.pairwise_cosine_distance([[1., 0.]], [[0., 1.]])
    tensor([[1.]])
    """
    return 1.0 - pairwise_cosine_similarity(X, Y, eps)


@placed
def safe_norm(x: Any, min_norm: float, ord: Any = None, axis: Any = None, keepdims: bool = False) -> torch.Tensor:
    """A norm, or `min_norm` where it is smaller; its derivative is finite at zero too.

    Parameters
    ----------
    x
        The numbers, `[*N]`.
    min_norm
        The least value.
    ord
        The order of the norm; None for the Euclidean one.
    axis
        The axis or axes; None for all.
    keepdims
        Whether reduced axes stay, with length one.

    Returns
    -------
    Tensor
        The norm.

    Notes
    -----
    Source: braintools.metric.safe_norm (0.3.0).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import metric
    >>> metric.safe_norm(torch.zeros(2), 0.1), metric.safe_norm(torch.tensor([3., 4.]), 0.1)
    (tensor(0.1000), tensor(5.))
    """
    array = math.asarray(x)
    norm = torch.linalg.norm(array.detach(), ord, axis, keepdim=True)
    is_small = norm <= min_norm
    kept = torch.linalg.norm(torch.where(is_small, torch.ones_like(array), array), ord, axis, keepdim=True)
    found: torch.Tensor = torch.where(is_small, min_norm, kept)
    if keepdims:
        return found
    axes = tuple(range(array.ndim)) if axis is None else axis
    squeezed: torch.Tensor = found.squeeze(axes) if array.ndim else found
    return squeezed
