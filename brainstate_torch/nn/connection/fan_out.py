"""fan_out: the product of a vector, most of it zeros, with a matrix that has a fixed number of entries in each row."""

import math
from typing import Any

import torch

from ..._host.dispatch import is_observed
from ..._host.functorch import applied, forward_levels, is_batched, is_differentiated, is_spelled_out
from ..._host.library import defined
from ..._host.triton import module, runs_triton
from . import event_cpp

__all__ = ["fan_out", "has_kernels", "kernels"]


def fan_out(x: torch.Tensor, weight: torch.Tensor, indices: torch.Tensor, n_out: int, event: bool) -> torch.Tensor:
    """The sum over all connections of input times weight, at the targets of each.

    Takes time in proportion to the inputs that are not zero, on a CPU and where Triton is: on a CPU 2 % of 4,000 inputs
    with 80 connections each take 40 µs where all take 500. It is a single operator because a tracer cannot know how
    many inputs are active.

    Parameters
    ----------
    x
        Inputs ``[*B, N]``. They may be bool.
    weight
        One weight ``[]``, or one for each connection, ``[N, K]``; floating.
    indices
        The targets of each input, ``[N, K]``, in the range of `n_out`.
    n_out
        The number of outputs.
    event
        Take each input above zero for 1 and the others for 0. Derivatives with respect to the input are those without
        `event`.

    Examples
    --------
    >>> indices = torch.tensor([[0, 1], [1, 1]])
    >>> fan_out(torch.tensor([1., 2.]), torch.tensor(10.), indices, 3, event=False)
    tensor([10., 50.,  0.])
    """
    if not is_differentiated(x, weight):
        # Straight to the kernel saves the dispatcher's 20 µs.
        direct = not torch.compiler.is_dynamo_compiling() and not is_observed() and type(x) is torch.Tensor
        return (_kernel if direct else _fan_out)(x, weight, indices, n_out, event)
    # torch.compile refuses a Function with `jvp`; the other cases are those that its rules do not cover. It is asked
    # first, since it does not know the functions that ask for the others.
    plain = torch.compiler.is_dynamo_compiling() or is_spelled_out()
    if plain or is_batched(weight) or is_batched(indices) or forward_levels() > 1:
        return _spelled_out(x, weight, indices, n_out, event)
    return applied(_FanOut, x, weight, indices, n_out, event)  # type: ignore[no-any-return]


def _dtype(x: torch.Tensor, weight: torch.Tensor, event: bool) -> torch.dtype:
    return weight.dtype if event else torch.promote_types(x.dtype, weight.dtype)


def _is_plain(cotangent: torch.Tensor, weight: torch.Tensor) -> bool:
    """Whether a derivative is asked for on the spot, where kernels of Triton compute it."""
    if not has_kernels(weight, torch.promote_types(cotangent.dtype, weight.dtype)) or is_observed():
        return False
    return not (torch.compiler.is_dynamo_compiling() or is_differentiated(cotangent, weight))


def _strength(x: torch.Tensor, weight: torch.Tensor, event: bool) -> torch.Tensor:
    """The factor of each input: itself, or 1 for an event."""
    return (x > 0 if event else x).to(_dtype(x, weight, event))


def _of_all(strength: torch.Tensor, weight: torch.Tensor, indices: torch.Tensor, n_out: int) -> torch.Tensor:
    values = (strength.unsqueeze(-1) * weight).expand(*strength.shape, indices.shape[-1])
    empty = values.new_zeros(*strength.shape[:-1], n_out)
    return empty.index_add(-1, indices.reshape(-1), values.flatten(-2))


def _of_active(x: torch.Tensor, weight: torch.Tensor, indices: torch.Tensor, n_out: int, event: bool) -> torch.Tensor:
    active = _events(x, event).nonzero().view(-1)
    targets = indices.index_select(0, active)
    values = weight.index_select(0, active) if weight.ndim else weight.expand(targets.shape)
    if not event:
        values = values * x.index_select(0, active).unsqueeze(-1)
    return values.new_zeros(n_out).index_add_(0, targets.view(-1), values.reshape(-1))


def _of_active_lanes(
    x: torch.Tensor, weight: torch.Tensor, indices: torch.Tensor, n_out: int, event: bool
) -> torch.Tensor:
    lanes = math.prod(x.shape[:-1])
    rows = x.reshape(lanes, x.shape[-1])
    lane, active = _events(rows, event).nonzero().unbind(1)
    targets = indices.index_select(0, active) + n_out * lane.unsqueeze(-1)
    values = weight.index_select(0, active) if weight.ndim else weight.expand(targets.shape)
    if not event:
        values = values * rows[lane, active].unsqueeze(-1)
    out = values.new_zeros(lanes * n_out).index_add_(0, targets.view(-1), values.reshape(-1))
    return out.view(*x.shape[:-1], n_out)


def _events(x: torch.Tensor, event: bool) -> torch.Tensor:
    """A tensor that is zero where nothing is to be added."""
    return x > 0 if event and x.dtype is not torch.bool else x


def kernels() -> Any:
    """The kernels of Triton."""
    return module("brainstate_torch.nn.connection.event_kernels")


def has_kernels(x: torch.Tensor, dtype: torch.dtype) -> bool:
    """Whether kernels of Triton compute this. A number of 16 bits could not be added to by many."""
    return dtype in (torch.float32, torch.float64) and runs_triton(x.device)


def _kernel(x: torch.Tensor, weight: torch.Tensor, indices: torch.Tensor, n_out: int, event: bool) -> torch.Tensor:
    if has_kernels(weight, dtype := _dtype(x, weight, event)) and not torch.are_deterministic_algorithms_enabled():
        return kernels().fan_out(x, weight, indices, n_out, event, dtype)  # type: ignore[no-any-return]
    # Elsewhere than on a CPU, `nonzero` would make the host wait for the device.
    if x.is_cpu:
        # A derivative, a map or a mode has no memory to read.
        found = event_cpp.add_rows(x, weight, indices, None, n_out, event, dtype)
        if found is not None:
            return found
        return (_of_active if x.ndim == 1 else _of_active_lanes)(x, weight, indices, n_out, event)
    return _of_all(_strength(x, weight, event), weight, indices, n_out)


def _shape(x: torch.Tensor, weight: torch.Tensor, indices: torch.Tensor, n_out: int, event: bool) -> torch.Tensor:
    return weight.new_empty(*x.shape[:-1], n_out, dtype=_dtype(x, weight, event))


def _build(x: torch.Tensor, weight: torch.Tensor, indices: torch.Tensor, n_out: int, event: bool) -> None:
    if x.is_cpu:
        event_cpp.build(x, weight, indices, _dtype(x, weight, event))


_fan_out = defined(
    "fan_out(Tensor x, Tensor weight, Tensor indices, int n_out, bool event) -> Tensor", _kernel, _shape, build=_build
)


def _spelled_out(x: torch.Tensor, weight: torch.Tensor, indices: torch.Tensor, n_out: int, event: bool) -> torch.Tensor:
    """The same, of operations that every transform knows."""
    return _of_all(_differentiable(x, weight, event), weight, indices, n_out)


def _differentiable(x: torch.Tensor, weight: torch.Tensor, event: bool) -> torch.Tensor:
    """The factor of each input, with the derivative of the input itself."""
    strength = _strength(x, weight, event)
    return strength + (x - x.detach()) if event and x.is_floating_point() else strength


class _FanOut(torch.autograd.Function):
    """The operation with its derivatives: it is linear in the weights, and in the inputs."""

    @staticmethod
    def forward(x: torch.Tensor, weight: torch.Tensor, indices: torch.Tensor, n_out: int, event: bool) -> torch.Tensor:
        return _fan_out(x, weight, indices, n_out, event)  # type: ignore[no-any-return]

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        x, weight, indices, ctx.n_out, ctx.event = inputs
        ctx.save_for_backward(x, weight, indices)
        ctx.save_for_forward(x, weight, indices)

    @staticmethod
    def backward(ctx: Any, cotangent: torch.Tensor) -> Any:
        x, weight, indices = ctx.saved_tensors
        by_x, by_weight, *_ = ctx.needs_input_grad
        strength = _differentiable(x, weight, ctx.event)
        for_x = for_weight = None
        if by_weight and not weight.ndim:
            one = torch.ones_like(weight)
            for_weight = (cotangent * fan_out(strength, one, indices, ctx.n_out, False)).sum().to(weight.dtype)
        if by_x and _is_plain(cotangent, weight):
            for_x = kernels().fan_in(cotangent, weight, indices).to(x.dtype)
            by_x = False
        if by_weight and weight.ndim and _is_plain(cotangent, weight):
            for_weight = kernels().by_weight(strength, cotangent, indices).to(weight.dtype)
            by_weight = False
        if by_x or (by_weight and weight.ndim):
            gathered = cotangent.index_select(-1, indices.reshape(-1)).view(*x.shape, indices.shape[1])  # [*B, N, K]
            if by_weight and weight.ndim:
                for_weight = (gathered * strength.unsqueeze(-1)).sum_to_size(weight.shape).to(weight.dtype)
            if by_x:
                for_x = (gathered * weight).sum(-1).to(x.dtype)
        return for_x, for_weight, None, None, None

    @staticmethod
    def jvp(ctx: Any, along_x: torch.Tensor | None, along_weight: torch.Tensor | None, *_: None) -> Any:
        x, weight, indices = ctx.saved_tensors
        parts = []
        if along_x is not None:
            parts.append(_spelled_out(along_x, weight, indices, ctx.n_out, False))
        if along_weight is not None:
            parts.append(fan_out(x, along_weight, indices, ctx.n_out, ctx.event))
        return sum(parts[1:], parts[0])

    @staticmethod
    def vmap(info: Any, in_dims: Any, x: Any, weight: Any, indices: Any, n_out: int, event: bool) -> Any:
        # A batched weight is handled elsewhere; lanes are one more batch axis.
        return fan_out(x.movedim(in_dims[0], 0), weight, indices, n_out, event), 0
