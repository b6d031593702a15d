"""Losses and measures of spikes: braintools.metric, of tensors, arrays and quantities."""

from .classification import (
    hinge_loss,
    kl_divergence,
    kl_divergence_with_log_targets,
    multiclass_hinge_loss,
    multiclass_perceptron_loss,
    nll_loss,
    perceptron_loss,
    sigmoid_binary_cross_entropy,
    sigmoid_focal_loss,
    smooth_labels,
    softmax_cross_entropy,
    softmax_cross_entropy_with_integer_labels,
)
from .correlation import *  # noqa: F403
from .correlation import __all__ as _correlation
from .firing import *  # noqa: F403
from .firing import __all__ as _firing
from .regression import (
    absolute_error,
    cosine_distance,
    cosine_similarity,
    huber_loss,
    l1_loss,
    l2_loss,
    l2_norm,
    log_cosh,
    squared_error,
)
from .sequences import *  # noqa: F403
from .sequences import __all__ as _sequences

__all__ = [
    "absolute_error",
    "cosine_distance",
    "cosine_similarity",
    "hinge_loss",
    "huber_loss",
    "kl_divergence",
    "kl_divergence_with_log_targets",
    "l1_loss",
    "l2_loss",
    "l2_norm",
    "log_cosh",
    "multiclass_hinge_loss",
    "multiclass_perceptron_loss",
    "nll_loss",
    "perceptron_loss",
    "sigmoid_binary_cross_entropy",
    "sigmoid_focal_loss",
    "smooth_labels",
    "softmax_cross_entropy",
    "softmax_cross_entropy_with_integer_labels",
    "squared_error",
    *_correlation,
    *_firing,
    *_sequences,
]
