"""Optax's gradient transformations, as pairs of functions of trees: the commonest of them.

A transformation has ``init(params)``, which gives a state, and ``update(updates, state, params)``, which gives new
updates and the next state. For new programs take the optimizers of ``brainstate.optim``, which write into States.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, cast

import torch

from ...units import math
from . import tree

__all__ = [
    "EmptyState",
    "GradientTransformation",
    "adagrad",
    "adam",
    "adamw",
    "add_decayed_weights",
    "apply_updates",
    "chain",
    "clip",
    "clip_by_global_norm",
    "constant_schedule",
    "cosine_decay_schedule",
    "exponential_decay",
    "global_norm",
    "identity",
    "incremental_update",
    "join_schedules",
    "linear_schedule",
    "piecewise_constant_schedule",
    "polynomial_schedule",
    "rmsprop",
    "scale",
    "scale_by_adam",
    "scale_by_learning_rate",
    "scale_by_rms",
    "scale_by_rss",
    "scale_by_schedule",
    "sgd",
    "trace",
    "warmup_cosine_decay_schedule",
]


class GradientTransformation(NamedTuple):
    """Two functions: ``init(params)`` and ``update(updates, state, params=None)``."""

    init: Callable[[Any], Any]
    update: Callable[..., tuple[Any, Any]]


class EmptyState(NamedTuple):
    """The state of a transformation that has none."""


class ScaleByAdamState(NamedTuple):
    """Steps, and running means of gradients and of their squares."""

    count: Any
    mu: Any
    nu: Any


class ScaleByRmsState(NamedTuple):
    """A running mean of squares."""

    nu: Any


class ScaleByRssState(NamedTuple):
    """A sum of squares."""

    sum_of_squares: Any


class TraceState(NamedTuple):
    """A momentum."""

    trace: Any


class ScaleByScheduleState(NamedTuple):
    """Steps."""

    count: Any


Rate = float | torch.Tensor | Callable[[Any], Any]


def _zeros(params: Any) -> Any:
    return tree.map(math.zeros_like, params)


def _count() -> torch.Tensor:
    return torch.zeros((), dtype=torch.int32)


def _each(function: Callable[..., Any]) -> GradientTransformation:
    """A transformation without a state."""

    def update(updates: Any, state: Any, params: Any = None, **_: Any) -> tuple[Any, Any]:
        return function(updates, params), state

    return GradientTransformation(lambda params: EmptyState(), update)


def identity() -> GradientTransformation:
    """The updates as they are."""
    return _each(lambda updates, params: updates)


def chain(*args: GradientTransformation) -> GradientTransformation:
    """Transformations, one after the other."""

    def update(updates: Any, state: Any, params: Any = None, **named: Any) -> tuple[Any, Any]:
        after = []
        for part, own in zip(args, state, strict=True):
            updates, new = part.update(updates, own, params, **named)
            after.append(new)
        return updates, tuple(after)

    return GradientTransformation(lambda params: tuple(part.init(params) for part in args), update)


def scale(step_size: Any) -> GradientTransformation:
    """The updates times a number."""
    return _each(lambda updates, params: tree.map(lambda g: step_size * g, updates))


def add_decayed_weights(weight_decay: float = 0.0, mask: Any = None) -> GradientTransformation:
    """The updates plus a part of the weights."""
    if mask is not None:
        raise NotImplementedError("`mask` must be None. Got one. Decay the weights by a transformation of each group.")
    return _each(lambda updates, params: tree.map(lambda g, p: g + weight_decay * p, updates, params))


def clip(max_delta: float) -> GradientTransformation:
    """The updates, none larger than a bound."""
    return _each(lambda updates, params: tree.map(lambda g: math.clip(g, -max_delta, max_delta), updates))


def global_norm(updates: Any) -> Any:
    """The square root of the sum of all squares of a tree."""
    return math.sqrt(sum((math.sum(math.square(math.abs(x))) for x in tree.leaves(updates)), start=torch.zeros(())))


def clip_by_global_norm(max_norm: float) -> GradientTransformation:
    """The updates, made smaller together if their global norm is larger than a bound."""

    def clipped(updates: Any, params: Any) -> Any:
        norm = global_norm(updates)
        return tree.map(lambda g: math.where(norm < max_norm, g, g / norm * max_norm), updates)

    return _each(clipped)


def scale_by_schedule(step_size_fn: Callable[[Any], Any]) -> GradientTransformation:
    """The updates times a function of the step."""

    def update(updates: Any, state: Any, params: Any = None, **_: Any) -> tuple[Any, Any]:
        factor = step_size_fn(state.count)
        return tree.map(lambda g: factor * g, updates), ScaleByScheduleState(state.count + 1)

    return GradientTransformation(lambda params: ScaleByScheduleState(_count()), update)


def scale_by_learning_rate(learning_rate: Rate, *, flip_sign: bool = True) -> GradientTransformation:
    """The updates times a rate, which may be a function of the step, downhill."""
    changes = callable(learning_rate)
    sign, rate = -1 if flip_sign else 1, cast(Any, learning_rate)
    return scale_by_schedule(lambda count: sign * rate(count)) if changes else scale(sign * rate)


def scale_by_adam(b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8, eps_root: float = 0.0) -> Any:
    """Adam's step without its rate."""

    def update(updates: Any, state: Any, params: Any = None, **_: Any) -> tuple[Any, Any]:
        mu = tree.map(lambda m, g: (1 - b1) * g + b1 * m, state.mu, updates)
        nu = tree.map(lambda v, g: (1 - b2) * g**2 + b2 * v, state.nu, updates)
        count = state.count + 1
        first, second = 1 - b1**count, 1 - b2**count
        step = tree.map(lambda m, v: m / first / (math.sqrt(v / second + eps_root) + eps), mu, nu)
        return step, ScaleByAdamState(count, mu, nu)

    return GradientTransformation(lambda params: ScaleByAdamState(_count(), _zeros(params), _zeros(params)), update)


def scale_by_rms(
    decay: float = 0.9, eps: float = 1e-8, initial_scale: float = 0.0, eps_in_sqrt: bool = True
) -> GradientTransformation:
    """The updates over the root of a running mean of their squares."""

    def update(updates: Any, state: Any, params: Any = None, **_: Any) -> tuple[Any, Any]:
        nu = tree.map(lambda v, g: (1 - decay) * g**2 + decay * v, state.nu, updates)
        inner, outer = (eps, 0.0) if eps_in_sqrt else (0.0, eps)
        return tree.map(lambda g, v: g / (math.sqrt(v + inner) + outer), updates, nu), ScaleByRmsState(nu)

    def init(params: Any) -> Any:
        return ScaleByRmsState(tree.map(lambda p: math.full_like(p, initial_scale), params))

    return GradientTransformation(init, update)


def scale_by_rss(initial_accumulator_value: float = 0.1, eps: float = 1e-7) -> GradientTransformation:
    """The updates over the root of the sum of their squares."""

    def update(updates: Any, state: Any, params: Any = None, **_: Any) -> tuple[Any, Any]:
        total = tree.map(lambda s, g: s + g**2, state.sum_of_squares, updates)
        step = tree.map(lambda g, s: math.where(s > 0, g / math.sqrt(s + eps), 0.0), updates, total)
        return step, ScaleByRssState(total)

    def init(params: Any) -> Any:
        return ScaleByRssState(tree.map(lambda p: math.full_like(p, initial_accumulator_value), params))

    return GradientTransformation(init, update)


def trace(decay: float, nesterov: bool = False) -> GradientTransformation:
    """Momentum."""

    def update(updates: Any, state: Any, params: Any = None, **_: Any) -> tuple[Any, Any]:
        moved = tree.map(lambda g, t: g + decay * t, updates, state.trace)
        return (tree.map(lambda g, t: g + decay * t, updates, moved) if nesterov else moved), TraceState(moved)

    return GradientTransformation(lambda params: TraceState(_zeros(params)), update)


def sgd(learning_rate: Rate, momentum: float | None = None, nesterov: bool = False) -> GradientTransformation:
    """Gradient descent."""
    rate = scale_by_learning_rate(learning_rate)
    return chain(identity() if momentum is None else trace(momentum, nesterov), rate)


def adam(learning_rate: Rate, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8, eps_root: float = 0.0) -> Any:
    """Adam."""
    return chain(scale_by_adam(b1, b2, eps, eps_root), scale_by_learning_rate(learning_rate))


def adamw(
    learning_rate: Rate,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    eps_root: float = 0.0,
    *,
    weight_decay: float = 1e-4,
    mask: Any = None,
) -> GradientTransformation:
    """Adam with weights that decay by themselves."""
    decay = add_decayed_weights(weight_decay, mask)
    return chain(scale_by_adam(b1, b2, eps, eps_root), decay, scale_by_learning_rate(learning_rate))


def rmsprop(
    learning_rate: Rate,
    decay: float = 0.9,
    eps: float = 1e-8,
    initial_scale: float = 0.0,
    eps_in_sqrt: bool = True,
    *,
    momentum: float | None = None,
    nesterov: bool = False,
) -> GradientTransformation:
    """RMSProp."""
    last = identity() if momentum is None else trace(momentum, nesterov)
    return chain(scale_by_rms(decay, eps, initial_scale, eps_in_sqrt), scale_by_learning_rate(learning_rate), last)


def adagrad(learning_rate: Rate, initial_accumulator_value: float = 0.1, eps: float = 1e-7) -> GradientTransformation:
    """Adagrad."""
    return chain(scale_by_rss(initial_accumulator_value, eps), scale_by_learning_rate(learning_rate))


def apply_updates(params: Any, updates: Any) -> Any:
    """The weights plus the updates, in the dtypes of the weights."""
    return tree.map(lambda p, g: math.astype(p + g, math.asarray(p).dtype), params, updates)


def incremental_update(new_tensors: Any, old_tensors: Any, step_size: Any) -> Any:
    """A part of the way from old to new."""
    return tree.map(lambda new, old: step_size * new + (1.0 - step_size) * old, new_tensors, old_tensors)


# Schedules: functions of the step ------------------------------------------------------------------------------------

Schedule = Callable[[Any], Any]


def _step(count: Any) -> torch.Tensor:
    found: torch.Tensor = math.asarray(count)
    return found.to(torch.get_default_dtype())


def constant_schedule(value: float) -> Schedule:
    """One value."""
    return lambda count: value


def polynomial_schedule(
    init_value: Any, end_value: Any, power: Any, transition_steps: int, transition_begin: int = 0
) -> Schedule:
    """From one value to another by a power of what is left."""

    def schedule(count: Any) -> Any:
        done = torch.clamp(_step(count) - transition_begin, 0, transition_steps)
        return (init_value - end_value) * (1 - done / transition_steps) ** power + end_value

    return schedule


def linear_schedule(init_value: Any, end_value: Any, transition_steps: int, transition_begin: int = 0) -> Schedule:
    """From one value to another on a line."""
    return polynomial_schedule(init_value, end_value, 1, transition_steps, transition_begin)


def exponential_decay(
    init_value: float,
    transition_steps: int,
    decay_rate: float,
    transition_begin: int = 0,
    staircase: bool = False,
    end_value: float | None = None,
) -> Schedule:
    """A value times a power of the step."""

    def schedule(count: Any) -> Any:
        since = _step(count) - transition_begin
        turns = since / transition_steps
        turns = torch.floor(turns) if staircase else turns
        value = torch.where(since <= 0, init_value, init_value * decay_rate**turns)
        if end_value is None:
            return value
        return torch.clamp(value, min=end_value) if decay_rate < 1.0 else torch.clamp(value, max=end_value)

    return schedule


def cosine_decay_schedule(init_value: float, decay_steps: int, alpha: float = 0.0, exponent: float = 1.0) -> Schedule:
    """Half a wave of a cosine, down to the part `alpha`."""

    def schedule(count: Any) -> Any:
        done = torch.clamp(_step(count), max=decay_steps)
        wave = 0.5 * (1 + torch.cos(torch.pi * done / decay_steps))
        return init_value * ((1 - alpha) * wave**exponent + alpha)

    return schedule


def piecewise_constant_schedule(
    init_value: float, boundaries_and_scales: Mapping[int, float] | None = None
) -> Schedule:
    """A value that is scaled at steps."""

    def schedule(count: Any) -> Any:
        value = torch.as_tensor(init_value)
        for step, factor in sorted((boundaries_and_scales or {}).items()):
            value = torch.where(_step(count) >= step, value * factor, value)
        return value

    return schedule


def join_schedules(schedules: Sequence[Schedule], boundaries: Sequence[int]) -> Schedule:
    """Schedules, each from a step on and counting from there."""

    def schedule(count: Any) -> Any:
        value = torch.as_tensor(schedules[0](count))
        for step, following in zip(boundaries, schedules[1:], strict=True):
            value = torch.where(_step(count) < step, value, following(math.asarray(count) - step))
        return value

    return schedule


def warmup_cosine_decay_schedule(
    init_value: float,
    peak_value: float,
    warmup_steps: int,
    decay_steps: int,
    end_value: float = 0.0,
    exponent: float = 1.0,
) -> Schedule:
    """A line up, and a cosine down."""
    alpha = 0.0 if peak_value == 0.0 else end_value / peak_value
    parts = [
        linear_schedule(init_value, peak_value, warmup_steps),
        cosine_decay_schedule(peak_value, decay_steps - warmup_steps, alpha, exponent),
    ]
    return join_schedules(parts, [warmup_steps])
