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
from .field_potential import unitary_LFP
from .firing import firing_rate, raster_plot
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
from .spike_distances import van_rossum_distance, victor_purpura_distance
from .synchrony import *  # noqa: F403
from .synchrony import __all__ as _synchrony

__all__ = [
    "absolute_error",
    "cosine_distance",
    "cosine_similarity",
    "firing_rate",
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
    "raster_plot",
    "sigmoid_binary_cross_entropy",
    "sigmoid_focal_loss",
    "smooth_labels",
    "softmax_cross_entropy",
    "softmax_cross_entropy_with_integer_labels",
    "squared_error",
    "unitary_LFP",
    "van_rossum_distance",
    "victor_purpura_distance",
    *_correlation,
    *_sequences,
    *_synchrony,
]
