"""``jax.nn.dot_product_attention``."""

import math
from typing import Any

import torch

__all__ = ["dot_product_attention"]


def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    *,
    scale: float | None = None,
    is_causal: bool = False,
    **hints: Any,
) -> Any:
    """Attention of ``[*B, T, N, H]``, with bias and mask that broadcast to ``[*B, N, T, S]``."""
    unknown = {name for name, given in hints.items() if given is not None} - {"implementation"}
    if unknown:
        raise NotImplementedError(
            f"`dot_product_attention` must be called without {', '.join(sorted(unknown))}. Give a `mask` that says so."
        )
    q, k, v = (x.transpose(-3, -2) for x in (query, key, value))
    if k.shape[-3] != q.shape[-3]:
        k, v = (x.repeat_interleave(q.shape[-3] // k.shape[-3], -3) for x in (k, v))
    scores = q @ k.transpose(-2, -1) * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    if bias is not None:
        scores = scores + bias
    lowest = -0.7 * torch.finfo(scores.dtype).max
    if mask is not None:
        scores = torch.where(mask, scores, lowest)
    if is_causal:
        before = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
        scores = torch.where(before, scores, lowest)
    return (torch.softmax(scores, -1) @ v).transpose(-3, -2)
