"""Giving memory back."""

import gc

import torch

__all__ = ["clear_buffer_memory"]


def clear_buffer_memory(platform: str | None = None, array: bool = True, compilation: bool = False) -> None:
    """Collect garbage and give unused device memory back.

    Parameters
    ----------
    platform
        ``'cpu'`` leaves the accelerator alone; None, ``'gpu'`` and ``'cuda'`` do not.
    array
        Empty the accelerator's cache of freed memory.
    compilation
        Drop everything that ``torch.compile`` has compiled.

    Raises
    ------
    ValueError
        `platform` has another name.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.util.clear_buffer_memory()

    Notes
    -----
    Source: brainstate.util.clear_buffer_memory (0.5.4). Differs: tensors in use stay; JAX deletes them.
    """
    if platform not in (None, "cpu", "gpu", "cuda"):
        raise ValueError(f"`platform` must be 'cpu', 'gpu', 'cuda' or None. Got {platform!r}.")
    gc.collect()
    if array and platform != "cpu" and torch.accelerator.is_available():
        torch.accelerator.empty_cache()
    if compilation:
        torch.compiler.reset()
