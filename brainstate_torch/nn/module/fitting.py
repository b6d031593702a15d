"""Whether a layer that differs between fitting and use, such as dropout, is being fitted."""

import warnings
from typing import Any

from ... import environ
from ...environ._store import read_attribute

__all__ = ["is_fitting"]

_TOLD: list[bool] = []


def is_fitting(module: Any) -> bool:
    """Whether the model is being fitted: ``environ``'s setting `fit`; where it is not set, ``training`` of the module.

    Warns
    -----
    UserWarning
        Once: `fit` is true, and the module was put in evaluation mode.
    """
    fit = environ.get(environ.FIT, None)
    training: bool = read_attribute(module, "training")
    if fit is None:
        return training
    # `training` is True from the start, so that only `eval()` shows what a user wants.
    if fit and not training and not _TOLD:
        _TOLD.append(True)
        warnings.warn(
            f"`eval()` was called on {type(module).__name__}, and `environ` has `fit=True`, which decides. "
            "Leave `fit` unset to let `train()` and `eval()` decide, or set `fit=False`.",
            stacklevel=2,
        )
    return bool(fit)
