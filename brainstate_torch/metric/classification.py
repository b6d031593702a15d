"""Losses of classes and distributions, one number for each example."""

from typing import Any

import torch

from .._arrays import placed
from ..nn import log_sigmoid, log_softmax, one_hot, sigmoid
from ..units import math

__all__ = [
    "hinge_loss",
    "kl_divergence",
    "kl_divergence_with_log_targets",
    "multiclass_hinge_loss",
    "multiclass_perceptron_loss",
    "nll_loss",
    "perceptron_loss",
    "sigmoid_binary_cross_entropy",
    "sigmoid_focal_loss",
    "smooth_labels",
    "softmax_cross_entropy",
    "softmax_cross_entropy_with_integer_labels",
]


def _floats(name: str, x: Any) -> torch.Tensor:
    tensor: torch.Tensor = math.asarray(x)
    if not tensor.is_floating_point():
        raise TypeError(f"`{name}` must be made of floats. Got {str(tensor.dtype).removeprefix('torch.')}. Convert it.")
    return tensor


def _integers(name: str, x: Any) -> torch.Tensor:
    tensor: torch.Tensor = math.asarray(x)
    if tensor.is_floating_point() or tensor.is_complex() or tensor.dtype == torch.bool:
        seen = str(tensor.dtype).removeprefix("torch.")
        raise TypeError(f"`{name}` must be made of integers. Got {seen}. Pass the numbers of the classes.")
    return tensor.long()


@placed
def sigmoid_binary_cross_entropy(logits: Any, labels: Any) -> Any:
    """Cross entropy of independent probabilities, given as logits, element by element.

    Parameters
    ----------
    logits
        The logits, `[*N]`.
    labels
        The targets from 0 to 1, `[*N]`.

    Returns
    -------
    Tensor
        The losses, `[*N]`.

    Raises
    ------
    TypeError
        `logits` is not made of floats.

    Notes
    -----
    Source: braintools.metric.sigmoid_binary_cross_entropy (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.sigmoid_binary_cross_entropy([0.0, 2.0], [1.0, 1.0])
    tensor([0.6931, 0.1269])
    """
    logits = _floats("logits", logits)
    labels = math.asarray(labels).to(logits.dtype)
    return -labels * log_sigmoid(logits) - (1.0 - labels) * log_sigmoid(-logits)


@placed
def sigmoid_focal_loss(logits: Any, labels: Any, alpha: float | None = None, gamma: float = 2.0) -> Any:
    """The cross entropy of sigmoids, in which examples that are already right count less.

    Parameters
    ----------
    logits
        The logits, `[*N]`.
    labels
        The targets, 0 or 1, `[*N]`.
    alpha
        The weight of the targets that are 1; those that are 0 have the rest. None: no weights.
    gamma
        How much less.

    Returns
    -------
    Tensor
        The losses, `[*N]`.

    Raises
    ------
    TypeError
        `logits` is not made of floats.

    Notes
    -----
    Source: braintools.metric.sigmoid_focal_loss (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.sigmoid_focal_loss([0.0, 2.0], [1.0, 1.0])
    tensor([0.1733, 0.0018])
    """
    logits = _floats("logits", logits)
    labels = math.asarray(labels).to(logits.dtype)
    p = sigmoid(logits)
    right = p * labels + (1 - p) * (1 - labels)
    loss = sigmoid_binary_cross_entropy(logits, labels) * (1 - right) ** gamma
    if alpha is None or alpha < 0:
        return loss
    return (alpha * labels + (1 - alpha) * (1 - labels)) * loss


@placed
def softmax_cross_entropy(logits: Any, labels: Any) -> Any:
    """Cross entropy of the softmax of logits with given probabilities.

    Parameters
    ----------
    logits
        Scores of the classes, `[*N, K]`.
    labels
        A probability for each class, `[*N, K]`.

    Returns
    -------
    Tensor
        The losses, `[*N]`.

    Raises
    ------
    TypeError
        `logits` is not made of floats.

    Notes
    -----
    Source: braintools.metric.softmax_cross_entropy (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.softmax_cross_entropy([[1.0, 1.0]], [[0.0, 1.0]])
    tensor([0.6931])
    """
    logits = _floats("logits", logits)
    return -(math.asarray(labels) * log_softmax(logits, -1)).sum(-1)


@placed
def softmax_cross_entropy_with_integer_labels(logits: Any, labels: Any) -> Any:
    """Cross entropy of the softmax of logits with classes that are given by their number.

    Parameters
    ----------
    logits
        Scores of the classes, `[*N, K]`.
    labels
        Integer classes, `[*N]`.

    Returns
    -------
    Tensor
        The losses, `[*N]`.

    Raises
    ------
    TypeError
        `logits` is not made of floats, or `labels` not of integers.

    Notes
    -----
    Source: braintools.metric.softmax_cross_entropy_with_integer_labels (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.softmax_cross_entropy_with_integer_labels([[1.0, 1.0], [0.0, 9.0]], [1, 1])
    tensor([6.9315e-01, 1.2337e-04])
    """
    logits, labels = _floats("logits", logits), _integers("labels", labels)
    return -log_softmax(logits, -1).take_along_dim(labels[..., None], -1)[..., 0]


@placed
def nll_loss(log_probs: Any, target: Any) -> Any:
    """The negative of the log probability of each target class.

    Parameters
    ----------
    log_probs
        Log probabilities, `[K]`, or `[N, K, *S]` with the classes in the second axis.
    target
        Integer classes, `[]`, or `[N, *S]`.

    Returns
    -------
    Tensor
        The losses, in the shape of `target`.

    Raises
    ------
    TypeError
        `log_probs` is not made of floats, or `target` not of integers.
    ValueError
        The numbers of axes do not fit.

    Notes
    -----
    Source: braintools.metric.nll_loss (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.nll_loss([[-0.5, -1.0], [-2.0, -0.1]], [1, 0])
    tensor([1., 2.])
    """
    log_probs, target = _floats("log_probs", log_probs), _integers("target", target)
    if log_probs.ndim != target.ndim + 1:
        raise ValueError(
            f"`log_probs` must have one axis more than `target`, that of the classes. Got {list(log_probs.shape)} and "
            f"{list(target.shape)}. Put the classes in the second axis, or in the only one."
        )
    axis = min(target.ndim, 1)
    return -log_probs.take_along_dim(target.unsqueeze(axis), axis).squeeze(axis)


@placed
def kl_divergence(log_predictions: Any, targets: Any) -> Any:
    """The Kullback-Leibler divergence of targets from predictions.

    Parameters
    ----------
    log_predictions
        Log probabilities, `[*N, K]`.
    targets
        Probabilities, `[*N, K]`; those that are zero add nothing.

    Returns
    -------
    Tensor
        The losses, `[*N]`.

    Raises
    ------
    TypeError
        An argument is not made of floats.

    Notes
    -----
    Source: braintools.metric.kl_divergence (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.kl_divergence([-1.0, -1.0], [1.0, 0.0])
    tensor(1.)
    """
    log_predictions, targets = _floats("log_predictions", log_predictions), _floats("targets", targets)
    zero = targets == 0
    log_targets = torch.where(zero, 0.0, torch.where(zero, 1.0, targets).log())
    return (targets * (log_targets - log_predictions)).sum(-1)


@placed
def kl_divergence_with_log_targets(log_predictions: Any, log_targets: Any) -> Any:
    """The Kullback-Leibler divergence of targets that are given as logarithms.

    Parameters
    ----------
    log_predictions
        Log probabilities, `[*N, K]`.
    log_targets
        Log probabilities, `[*N, K]`; minus infinity adds nothing.

    Returns
    -------
    Tensor
        The losses, `[*N]`.

    Raises
    ------
    TypeError
        An argument is not made of floats.

    Notes
    -----
    Source: braintools.metric.kl_divergence_with_log_targets (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.kl_divergence_with_log_targets([-1.0, -1.0], [0.0, -float('inf')])
    tensor(1.)
    """
    log_predictions = _floats("log_predictions", log_predictions)
    log_targets = _floats("log_targets", log_targets)
    zero = torch.isneginf(log_targets)
    finite = torch.where(zero, 0.0, log_targets)
    return torch.where(zero, 0.0, finite.exp() * (finite - log_predictions)).sum(-1)


@placed
def hinge_loss(predictor_outputs: Any, targets: Any) -> Any:
    """The hinge loss of a decision between two classes.

    Parameters
    ----------
    predictor_outputs
        The outputs, `[*N]`.
    targets
        The classes, -1 or 1, `[*N]`.

    Returns
    -------
    Tensor
        The losses, `[*N]`.

    Notes
    -----
    Source: braintools.metric.hinge_loss (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.hinge_loss([0.5, 2.0], [1.0, 1.0])
    tensor([0.5000, 0.0000])
    """
    return math.maximum(0.0, 1 - math.asarray(predictor_outputs) * math.asarray(targets))


@placed
def perceptron_loss(predictor_outputs: Any, targets: Any) -> Any:
    """The loss of the perceptron for a decision between two classes.

    Parameters
    ----------
    predictor_outputs
        The outputs, `[*N]`.
    targets
        The classes, -1 or 1, `[*N]`.

    Returns
    -------
    Tensor
        The losses, `[*N]`.

    Raises
    ------
    ValueError
        The shapes differ.

    Notes
    -----
    Source: braintools.metric.perceptron_loss (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.perceptron_loss([0.5, -2.0], [1.0, 1.0])
    tensor([0., 2.])
    """
    outputs, targets = math.asarray(predictor_outputs), math.asarray(targets)
    if outputs.shape != targets.shape:
        raise ValueError(
            "`targets` must have the shape of `predictor_outputs`. "
            f"Got {list(targets.shape)} and {list(outputs.shape)}. Reshape one."
        )
    return math.maximum(0.0, -outputs * targets)


@placed
def multiclass_hinge_loss(scores: Any, labels: Any) -> Any:
    """The hinge loss of several classes: how far the best wrong one comes to within one of the right one.

    Parameters
    ----------
    scores
        Scores of the classes, `[*N, K]`.
    labels
        Integer classes, `[*N]`.

    Returns
    -------
    Tensor
        The losses, `[*N]`.

    Raises
    ------
    TypeError
        `scores` is not made of floats, or `labels` not of integers.

    Notes
    -----
    Source: braintools.metric.multiclass_hinge_loss (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.multiclass_hinge_loss([[1.0, 1.5]], [1])
    tensor([0.5000])
    """
    scores, labels = _floats("scores", scores), _integers("labels", labels)
    right = one_hot(labels, scores.shape[-1])
    return (scores + 1.0 - right).amax(-1) - (scores * right).sum(-1)


@placed
def multiclass_perceptron_loss(scores: Any, labels: Any) -> Any:
    """The loss of the perceptron for several classes.

    Parameters
    ----------
    scores
        Scores of the classes, `[*N, K]`.
    labels
        Integer classes, `[*N]`.

    Returns
    -------
    Tensor
        The losses, `[*N]`.

    Raises
    ------
    TypeError
        `scores` is not made of floats, or `labels` not of integers.

    Notes
    -----
    Source: braintools.metric.multiclass_perceptron_loss (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.multiclass_perceptron_loss([[1.0, 1.5]], [1])
    tensor([0.])
    """
    scores, labels = _floats("scores", scores), _integers("labels", labels)
    right = one_hot(labels, scores.shape[-1])
    return scores.amax(-1) - (scores * right).sum(-1)


@placed
def smooth_labels(labels: Any, alpha: float) -> Any:
    """Labels that are moved towards equal probabilities.

    Parameters
    ----------
    labels
        A probability for each class, `[*N, K]`.
    alpha
        How far, from 0 to 1.

    Returns
    -------
    Tensor
        The labels, `[*N, K]`.

    Raises
    ------
    TypeError
        `labels` is not made of floats.
    ValueError
        `alpha` is not between 0 and 1.

    Notes
    -----
    Source: braintools.metric.smooth_labels (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.smooth_labels([[0.0, 1.0]], 0.1)
    tensor([[0.0500, 0.9500]])
    """
    labels = _floats("labels", labels)
    if not 0.0 <= alpha <= 1.0:
        raise ValueError(f"`alpha` must be between 0 and 1. Got {alpha}. 0 leaves the labels as they are.")
    return (1.0 - alpha) * labels + alpha / labels.shape[-1]
