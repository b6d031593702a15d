"""Kernels of Triton for products with events; only where Triton is may this file be imported.

A program looks at a block of inputs and ends at once if all of them are silent; else it adds their rows to the outputs
atomically, or, where a derivative gathers, writes what no other program writes. Offsets have 64 bits.
"""

import math

import torch
import triton  # type: ignore[import-not-found, import-untyped, unused-ignore]
import triton.language as tl  # type: ignore[import-not-found, import-untyped, unused-ignore]

from ..._host.triton import at as on_device

__all__ = ["by_weight", "event_product", "fan_in", "fan_out", "of_rows"]

#: How many inputs a program looks at, and the most connections that it reads at a time.
_ROWS, _BLOCK = 16, 128


@triton.jit  # type: ignore[untyped-decorator, unused-ignore]
def fan_out_kernel(  # type: ignore[no-untyped-def]
    x, weight, indices, out, n_in, n_out, k, blocks,
    EVENT: tl.constexpr, SHARED: tl.constexpr, ROWS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    lane = (tl.program_id(0) // blocks).to(tl.int64)
    first = (tl.program_id(0) % blocks) * ROWS
    rows = first + tl.arange(0, ROWS)
    seen = tl.load(x + lane * n_in + rows, mask=rows < n_in, other=0)
    active = seen > 0 if EVENT else seen != 0
    if tl.max(active.to(tl.int32), 0) > 0:
        for i in range(ROWS):
            row = (first + i).to(tl.int64)
            strength = tl.load(x + lane * n_in + row, mask=row < n_in, other=0)
            counts = strength > 0 if EVENT else strength != 0
            if counts:
                for start in range(0, k, BLOCK):
                    at = start + tl.arange(0, BLOCK)
                    target = tl.load(indices + row * k + at, mask=at < k, other=0)
                    if SHARED:
                        value = tl.load(weight + at * 0)
                    else:
                        value = tl.load(weight + row * k + at, mask=at < k, other=0)
                    value = value.to(out.dtype.element_ty)
                    if not EVENT:
                        value = value * strength.to(out.dtype.element_ty)
                    tl.atomic_add(out + lane * n_out + target, value, mask=at < k, sem="relaxed")


@triton.jit  # type: ignore[untyped-decorator, unused-ignore]
def fan_in_kernel(  # type: ignore[no-untyped-def]
    y, weight, indices, out, n_in, n_out, k, blocks, SHARED: tl.constexpr, ROWS: tl.constexpr, BLOCK: tl.constexpr
):
    lane = (tl.program_id(0) // blocks).to(tl.int64)
    rows = (tl.program_id(0) % blocks) * ROWS + tl.arange(0, ROWS)
    total = tl.zeros([ROWS], out.dtype.element_ty)
    for start in range(0, k, BLOCK):
        at = start + tl.arange(0, BLOCK)
        inside = (rows < n_in)[:, None] & (at < k)[None, :]
        place = rows.to(tl.int64)[:, None] * k + at[None, :]
        target = tl.load(indices + place, mask=inside, other=0)
        value = tl.load(y + lane * n_out + target, mask=inside, other=0).to(out.dtype.element_ty)
        if not SHARED:
            value = value * tl.load(weight + place, mask=inside, other=0).to(out.dtype.element_ty)
        total += tl.sum(value, 1)
    if SHARED:
        total = total * tl.load(weight).to(out.dtype.element_ty)
    tl.store(out + lane * n_in + rows, total, mask=rows < n_in)


@triton.jit  # type: ignore[untyped-decorator, unused-ignore]
def by_weight_kernel(  # type: ignore[no-untyped-def]
    x, y, indices, out, n_in, n_out, k, lanes, columns, ROWS: tl.constexpr, BLOCK: tl.constexpr
):
    rows = (tl.program_id(0) // columns) * ROWS + tl.arange(0, ROWS)
    at = (tl.program_id(0) % columns) * BLOCK + tl.arange(0, BLOCK)
    inside = (rows < n_in)[:, None] & (at < k)[None, :]
    place = rows.to(tl.int64)[:, None] * k + at[None, :]
    target = tl.load(indices + place, mask=inside, other=0)
    total = tl.zeros([ROWS, BLOCK], out.dtype.element_ty)
    for _ in range(lanes):
        strength = tl.load(x + rows, mask=rows < n_in, other=0).to(out.dtype.element_ty)
        value = tl.load(y + target, mask=inside & (strength != 0)[:, None], other=0)
        total += value.to(out.dtype.element_ty) * strength[:, None]
        x += n_in
        y += n_out
    tl.store(out + place, total, mask=inside)


@triton.jit  # type: ignore[untyped-decorator, unused-ignore]
def event_product_kernel(  # type: ignore[no-untyped-def]
    events, weight, out, n, m, columns, ROWS: tl.constexpr, BLOCK: tl.constexpr
):
    first = (tl.program_id(0) // columns) * ROWS
    at = (tl.program_id(0) % columns) * BLOCK + tl.arange(0, BLOCK)
    rows = first + tl.arange(0, ROWS)
    seen = tl.load(events + rows, mask=rows < n, other=0)
    if tl.max(seen.to(tl.int32), 0) > 0:
        total = tl.zeros([BLOCK], out.dtype.element_ty)
        for i in range(ROWS):
            row = (first + i).to(tl.int64)
            if tl.load(events + row, mask=row < n, other=0) > 0:
                total += tl.load(weight + row * m + at, mask=at < m, other=0)
        tl.atomic_add(out + at, total, mask=at < m, sem="relaxed")


@triton.jit  # type: ignore[untyped-decorator, unused-ignore]
def of_rows_kernel(  # type: ignore[no-untyped-def]
    events, data, indices, indptr, out, n, SHARED: tl.constexpr, ROWS: tl.constexpr, BLOCK: tl.constexpr
):
    first = tl.program_id(0) * ROWS
    rows = first + tl.arange(0, ROWS)
    seen = tl.load(events + rows, mask=rows < n, other=0)
    if tl.max(seen.to(tl.int32), 0) > 0:
        for i in range(ROWS):
            row = first + i
            if tl.load(events + row, mask=row < n, other=0) > 0:
                end = tl.load(indptr + row + 1)
                for start in range(tl.load(indptr + row), end, BLOCK):
                    at = start + tl.arange(0, BLOCK)
                    target = tl.load(indices + at, mask=at < end, other=0)
                    if SHARED:
                        value = tl.load(data + at * 0)
                    else:
                        value = tl.load(data + at, mask=at < end, other=0)
                    tl.atomic_add(out + target, value, mask=at < end, sem="relaxed")


def _looked_at(x: torch.Tensor) -> torch.Tensor:
    """Contiguous, and bytes where it is bool: Triton's booleans have a sign."""
    x = x.contiguous()
    return x.view(torch.uint8) if x.dtype is torch.bool else x


def _block(k: int) -> int:
    return min(_BLOCK, 1 << max(k - 1, 0).bit_length())


def fan_out(
    x: torch.Tensor, weight: torch.Tensor, indices: torch.Tensor, n_out: int, event: bool, dtype: torch.dtype
) -> torch.Tensor:
    """See :func:`~brainstate_torch.nn.connection.fan_out.fan_out`."""
    (n_in, k), lanes = indices.shape, math.prod(x.shape[:-1])
    out = torch.zeros((*x.shape[:-1], n_out), dtype=dtype, device=x.device)
    blocks = -(-n_in // _ROWS)
    if out.numel() and blocks * k:
        with on_device(x.device):
            fan_out_kernel[(lanes * blocks,)](
                _looked_at(x), weight.contiguous(), indices.contiguous(), out, n_in, n_out, k, blocks,
                EVENT=event, SHARED=weight.ndim == 0, ROWS=_ROWS, BLOCK=_block(k), num_warps=1,
            )  # fmt: skip
    return out


def fan_in(y: torch.Tensor, weight: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
    """For each input the sum over its connections of weight times what the target has: ``[*B, M]`` to ``[*B, N]``."""
    (n_in, k), lanes = indices.shape, math.prod(y.shape[:-1])
    out = torch.zeros((*y.shape[:-1], n_in), dtype=torch.promote_types(y.dtype, weight.dtype), device=y.device)
    blocks = -(-n_in // _ROWS)
    if out.numel() and k:
        with on_device(y.device):
            fan_in_kernel[(lanes * blocks,)](
                y.contiguous(), weight.contiguous(), indices.contiguous(), out, n_in, y.shape[-1], k, blocks,
                SHARED=weight.ndim == 0, ROWS=_ROWS, BLOCK=_block(k),
            )  # fmt: skip
    return out


def by_weight(x: torch.Tensor, y: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
    """For each connection the sum over lanes of its input times what its target has: ``[N, K]``."""
    (n_in, k), lanes = indices.shape, math.prod(x.shape[:-1])
    out = torch.zeros(indices.shape, dtype=torch.promote_types(x.dtype, y.dtype), device=x.device)
    columns = -(-k // _block(k))
    if out.numel() and lanes:
        with on_device(x.device):
            by_weight_kernel[(-(-n_in // _ROWS) * columns,)](
                _looked_at(x), y.contiguous(), indices.contiguous(), out, n_in, y.shape[-1], k, lanes, columns,
                ROWS=_ROWS, BLOCK=_block(k),
            )  # fmt: skip
    return out


def event_product(events: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """See :func:`~brainstate_torch.nn.connection.event_product.event_product`."""
    n, m = weight.shape
    out = torch.zeros(m, dtype=weight.dtype, device=weight.device)
    columns = -(-m // _block(m)) if m else 0
    if n and m:
        with on_device(weight.device):
            event_product_kernel[(-(-n // _ROWS) * columns,)](
                _looked_at(events), weight.contiguous(), out, n, m, columns, ROWS=_ROWS, BLOCK=_block(m)
            )
    return out


def of_rows(
    events: torch.Tensor, data: torch.Tensor, indices: torch.Tensor, indptr: torch.Tensor, length: int
) -> torch.Tensor:
    """The sum of the rows of a matrix by rows at which there is an event."""
    n = events.numel()
    out = torch.zeros(length, dtype=data.dtype, device=data.device)
    if n and indices.numel():
        with on_device(data.device):
            of_rows_kernel[(-(-n // _ROWS),)](
                _looked_at(events), data.contiguous(), indices.contiguous(), indptr.contiguous(), out, n,
                SHARED=data.numel() == 1, ROWS=_ROWS, BLOCK=_BLOCK, num_warps=1,
            )  # fmt: skip
    return out
