"""Optimizer: the weights, the memory for each of them, and the step."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Self

import torch

from .._arrays import SCALARS
from .._errors import kind_of
from .._state import State
from ..graph import Node
from ..transform._core.functional import run_and_commit
from ..units import Quantity, get_mantissa
from .for_torch import ForTorch
from .groups import ParamGroup, entries_of, options_of, parts_of
from .saved import Saved
from .schedule import ConstantLR, LRScheduler
from .state import OptimState
from .weights import Registered, Step, Weights, as_row, from_row

__all__ = ["Optimizer", "check_between", "check_positive"]

_MISSING: Any = object()

#: For one leaf of a weight: its moments, by name.
Moments = dict[str, torch.Tensor]


class Optimizer(Node):
    """Base of the optimizers: gradients go in, States are written.

    :meth:`register_trainable_weights` says which States, :meth:`update` moves them by one step. All that is remembered
    lies in States, so a step may stand inside any transform, and is undone with it. A step is all or nothing.

    **Units.** A weight that is a quantity keeps its unit: its number in that unit is what moves. A plain gradient, and
    one in the unit of its weight (as ``grad(..., unit_aware=False)`` gives it), is the derivative by that number.
    Gradients in other units are those of one loss, unit(loss) / unit(weight), and are checked to be. With a unit, `lr`
    times the gradient must have the unit of the weight (:class:`SGD`), or `lr` alone where a step is as long whatever
    the size of the gradient (:class:`Adam`), and some take numbers only. Every other hyperparameter is a number.

    **Frozen weights.** A tensor on whose Parameter ``requires_grad_(False)`` was called, as by
    ``layer.requires_grad_(False)``, is left alone; ``transform.grad`` still gives the gradient of a State that it is
    asked for.

    **Groups.** :meth:`add_param_group` gives some weights a learning rate and options of their own. Gradients are
    clipped group by group.

    A subclass defines :meth:`rule`, and in `remembers` the names of its moments.

    Parameters
    ----------
    lr
        The learning rate, a number or a quantity, or a :class:`LRScheduler`.
    weight_decay
        Adds the weight times this to its gradient.
    grad_clip_norm
        The greatest norm of all gradients together; larger ones are scaled down, before the weight decay is added.
    grad_clip_value
        The greatest absolute value in a gradient; applied after `grad_clip_norm`.

    Attributes
    ----------
    param_states
        The registered States, in their dict, list or tuple; None before.
    step_count
        How many steps were made, an :class:`OptimState` of an integer tensor.
    opt_state
        The :class:`OptimState` of the moments, a list for each of their names; None before States are registered.

    Raises
    ------
    ValueError
        A number is out of its range.

    Notes
    -----
    Source: braintools.optim.OptaxOptimizer (0.3.0). Differs: the numbers are torch.optim's, which for some optimizers
    put `eps` elsewhere than optax; the conjugate of a complex gradient is followed, which is the way down; a gradient
    that is missing is refused; a group moves by the rule of its optimizer, and not always by Adam's.

    Examples
    --------
    Steps of equal length:

    >>> import torch, brainstate_torch as brainstate
    >>> class SignSGD(brainstate.optim.Optimizer):
    ...     def rule(self, x, grad, moments, lr, step):
    ...         return x - lr * grad.sign(), moments
    >>> w = brainstate.ParamState(torch.tensor([1., 2.]))
    >>> optimizer = SignSGD(lr=0.5).register_trainable_weights(w)
    >>> optimizer.update(torch.tensor([3., -0.1]))
    >>> w.value
    tensor([0.5000, 2.5000])
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in vars(cls):
            cls.__init__ = _taking_no_weights(cls.__init__)  # type: ignore[method-assign]

    def __getattr__(self, name: str) -> Any:
        if name == "zero_grad":
            raise AttributeError(
                f"`{name}` belongs to torch.optim. Got an optimizer of this package: States are given to "
                "`register_trainable_weights`, gradients to `update`, and `lr` is a number or a schedule of "
                "`brainstate_torch.optim`. For torch's schedulers take `optimizer.for_torch()`."
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    #: The names of the moments.
    remembers: tuple[str, ...] = ()
    #: What the learning rate measures, which says what unit it may have.
    lr_measures: Step = "length"

    def __init__(
        self,
        lr: Any = 1e-3,
        weight_decay: float = 0.0,
        grad_clip_norm: float | None = None,
        grad_clip_value: float | None = None,
    ) -> None:
        check_positive("weight_decay", weight_decay, or_zero=True)
        check_positive("grad_clip_norm", grad_clip_norm)
        check_positive("grad_clip_value", grad_clip_value)
        self.weight_decay, self.grad_clip_norm, self.grad_clip_value = weight_decay, grad_clip_norm, grad_clip_value
        self._schedule = _as_schedule(lr)
        #: Which of the schedule's learning rates is the optimizer's.
        self._place = 0
        #: The registered States without those of the groups, and the optimizers of these.
        self._own: Any = None
        self._groups: list[Optimizer] = []
        self.step_count: OptimState[torch.Tensor] = OptimState(torch.tensor(0))
        self.opt_state: OptimState[Any] | None = None

    def rule(
        self, x: torch.Tensor, grad: torch.Tensor, moments: Moments, lr: torch.Tensor, step: torch.Tensor
    ) -> tuple[torch.Tensor, Moments]:
        """The new values of one tensor and of its moments; a subclass defines it, out of place.

        Parameters
        ----------
        x, grad
            A tensor of a weight and its gradient: real, with at least one axis.
        moments
            The tensors by the names in `remembers`; see :meth:`first`.
        lr, step
            The learning rate and the number of this step, from 1: scalars of double width.

        Returns
        -------
        tensor, moments
            The new values, of the shapes of the old ones.

        Raises
        ------
        NotImplementedError
            The subclass does not.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `rule`. Got an update without it.")

    def first(self, name: str, x: torch.Tensor) -> torch.Tensor:
        """The first value of a moment of the tensor `x`: zeros.

        Parameters
        ----------
        name
            The name of the moment.
        x
            The tensor, ``[*N]``.

        Returns
        -------
        Tensor
            The value, ``[*N]`` unless the rule of the subclass wants another shape.
        """
        return torch.zeros_like(x)

    @property
    def param_states(self) -> Any:
        """The registered States, in their dict, list or tuple; None before."""
        if not self._groups:
            return self._own
        return Registered({name: entry for optimizer in self._all() for name, entry in optimizer._own.items()})

    @property
    def param_groups(self) -> list[ParamGroup]:
        """The groups of weights, each with its `params`, `lr` and options; those without a group of their own first."""
        return [] if self._own is None else [ParamGroup(optimizer) for optimizer in self._all()]

    def _all(self) -> "list[Optimizer]":
        return [self, *self._groups]

    def add_param_group(self, params: Any, **options: Any) -> None:
        """Move some weights by a learning rate and options of their own.

        Parameters
        ----------
        params
            A dict of States. Those that are registered leave their group, and their moments are forgotten.
        **options
            `lr`, a number, a quantity or a schedule, and arguments of the optimizer such as `weight_decay`. What is
            left out is the optimizer's; the rate is that of the schedule for this group where it has one, else the
            first of the schedule, which then stays.

        Raises
        ------
        TypeError
            `params` is no dict of States, or an option is not an argument of the optimizer.
        ValueError
            No dict of States is registered, a name is taken, or an option is out of its range.

        Examples
        --------
        >>> import torch, brainstate_torch as brainstate
        >>> a, b = brainstate.ParamState(torch.tensor(1.0)), brainstate.ParamState(torch.tensor(1.0))
        >>> optimizer = brainstate.optim.SGD(lr=0.5).register_trainable_weights({'a': a})
        >>> optimizer.add_param_group({'b': b}, lr=0.1)
        >>> optimizer.update({'a': torch.tensor(1.0), 'b': torch.tensor(1.0)})
        >>> a.value, b.value
        (tensor(0.5000), tensor(0.9000))
        """
        if not isinstance(self._own, Registered):
            raise ValueError(
                "`register_trainable_weights` must be called with a dict before `add_param_group`. Got "
                f"{'no weights' if self._own is None else _shown(self._own)}. Pass it for example "
                "`model.states(brainstate.ParamState)`."
            )
        chosen = entries_of(params, self.param_states)
        group = self._like(options)
        place = len(self._groups) + 1
        if not isinstance(options.get("lr"), LRScheduler) and place < len(self._schedule.base_lrs):
            group._schedule, group._place = self._schedule, place
            if "lr" in options:
                group.current_lr = options["lr"]
        group.register_trainable_weights(chosen)
        for optimizer in self._all():
            optimizer._leave(chosen)
        self._groups.append(group)

    def _like(self, options: Mapping[str, Any]) -> "Optimizer":
        """A new optimizer of this kind, with other options."""
        known = options_of(self)
        if unknown := sorted(set(options) - {"lr", *known}):
            raise TypeError(
                f"a group of {type(self).__name__} must have options among lr, {', '.join(known)}. "
                f"Got {', '.join(unknown)}."
            )
        lr = options.get("lr", self.base_lr)
        kept = {name: getattr(self, name) for name in known if hasattr(self, name)}
        return type(self)(**{**kept, **options, "lr": lr})

    def _leave(self, chosen: Mapping[Any, Any]) -> None:
        """Forget the States that a new group takes."""
        if not any(name in self._own for name in chosen):
            return
        assert self.opt_state is not None
        old = Weights(self._own)
        states = [id(state) for state in old.states]
        own = Registered({name: entry for name, entry in self._own.items() if name not in chosen})
        kept = {id(state) for state in Weights(own).states}
        rows = [i for i, row in enumerate(old.rows) if states[row.state] in kept]
        self.opt_state.value = {name: [column[i] for i in rows] for name, column in self.opt_state.value.items()}
        self._own = own

    def register_trainable_weights(self, param_states: Any) -> Self:
        """Say which States are trained; returns the optimizer. What was remembered so far is forgotten.

        Parameters
        ----------
        param_states
            A State, or a dict, list or tuple of States such as ``model.states(brainstate.ParamState)``. A dict is
            added to an earlier one.

        Returns
        -------
        Optimizer
            This optimizer.

        Raises
        ------
        TypeError
            A leaf is not a State.
        ValueError
            States are registered already, and one of the two is not a dict.
        """
        if isinstance(param_states, Mapping):
            param_states = Registered(param_states)
        if self._own is not None:
            if not (isinstance(self._own, dict) and isinstance(param_states, dict)):
                raise ValueError(
                    "`param_states` must be a dict to be added to registered ones, which must be a dict too. "
                    f"Got {_shown(param_states)} after {_shown(self._own)}."
                )
            grouped = {name: entry for group in self._groups for name, entry in group._own.items()}
            own = {name: entry for name, entry in param_states.items() if grouped.get(name) is not entry}
            entries_of(own, grouped)
            param_states = Registered({**self._own, **own})
        rows = Weights(param_states).rows
        first = {name: [self.first(name, as_row(row.value)) for row in rows] for name in self.remembers}
        self._own = param_states
        home = Weights(param_states).home
        self.step_count.value = torch.tensor(0, device=home)
        self._schedule.follow(home)
        if self.opt_state is None:
            self.opt_state = OptimState(first)
        else:
            self.opt_state.value = first
        return self

    def update(self, grads: Any) -> None:
        """Make one step.

        Parameters
        ----------
        grads
            The gradients, in the structure that ``transform.grad`` gives for the registered States. None in the place
            of a State leaves it and its moments alone.

        Raises
        ------
        ValueError
            No States are registered, or the gradients have another structure or shape.
        TypeError
            A gradient is not a tensor or quantity.
        UnitMismatchError
            The units of gradients, weights and learning rate do not fit; see the class.
        """
        if self.opt_state is None:
            raise ValueError(
                "`register_trainable_weights` must be called before `update`. Got an optimizer without weights. "
                "Pass it for example `model.states(brainstate.ParamState)`."
            )
        # A transform of its own: if a hook of a State raises, none is changed.
        run_and_commit(self._steps if self._groups else self._step, (grads,))

    def step(self, grads: Any = _MISSING) -> None:
        """:meth:`update`, under torch's name.

        Parameters
        ----------
        grads
            The gradients.

        Raises
        ------
        TypeError
            There are none: a gradient is not kept in the weights.
        """
        if grads is _MISSING:
            raise TypeError(
                "`step` must get the gradients. Got none: they are not kept in the weights. Write "
                "`optimizer.step(transform.grad(loss, states)())`, or take torch.optim on `model.parameters()`."
            )
        self.update(grads)

    def _steps(self, grads: Any) -> None:
        parts = parts_of(grads, self._all(), self.param_states)
        for optimizer, part in zip(self._all(), parts, strict=True):
            optimizer._step(part)

    def _step(self, grads: Any) -> None:
        weights = Weights(self._own)
        found = weights.gradients(grads)
        used = [i for i, grad in enumerate(found) if grad is not None]
        # A model may move after its optimizer was made.
        self._schedule.follow(weights.home)
        step = self.step_count.value.to(weights.home, non_blocking=True) + 1
        numbers, moments = self._moved(weights, found, used, step.to(torch.float64))
        self.step_count.value = step
        assert self.opt_state is not None
        if self.remembers:
            self.opt_state.value = moments
        weights.assign(used, numbers)

    def _moved(
        self, weights: Weights, grads: Sequence[Any], used: Sequence[int], step: torch.Tensor
    ) -> tuple[list[torch.Tensor], dict[str, list[torch.Tensor]]]:
        """The new numbers of the rows and of their moments."""
        assert self.opt_state is not None
        lr: Any = self.current_lr
        unit = lr.unit if isinstance(lr, Quantity) else None
        scales, sizes = weights.factors(grads, used, unit, self.lr_measures)
        new = [row.value for row in weights.rows]
        flat = self._clipped([_as_gradient(grads[i], new[i], scale) for i, scale in zip(used, scales, strict=True)])
        moments = {name: list(column) for name, column in self.opt_state.value.items()}
        for i, grad, size in zip(used, flat, sizes, strict=True):
            # A model may move after its optimizer was made.
            own = {name: column[i].to(new[i].device) for name, column in moments.items()}
            rate = get_mantissa(lr) if size == 1.0 else get_mantissa(lr) * size
            moved, own = self.rule(as_row(new[i]), grad, own, rate, step)
            new[i] = from_row(moved, new[i])
            for name in moments:
                moments[name][i] = own[name]
        return new, moments

    def _clipped(self, grads: list[torch.Tensor]) -> list[torch.Tensor]:
        if self.grad_clip_norm is not None and grads:
            norms = torch.stack([torch.linalg.vector_norm(grad).to(grads[0]) for grad in grads])
            norm = torch.linalg.vector_norm(norms)
            factor = torch.where(norm < self.grad_clip_norm, torch.ones_like(norm), self.grad_clip_norm / norm)
            grads = [grad * factor.to(grad) for grad in grads]
        if self.grad_clip_value is not None:
            grads = [grad.clamp(-self.grad_clip_value, self.grad_clip_value) for grad in grads]
        return grads

    def _decayed(self, grad: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """The gradient with that of the weight decay."""
        return torch.add(grad, x, alpha=self.weight_decay) if self.weight_decay else grad

    @property
    def lr(self) -> Any:
        """The schedule of the learning rate. A number or another schedule may be assigned."""
        return self._schedule

    @lr.setter
    def lr(self, lr: Any) -> None:
        new, old = _as_schedule(lr), self._schedule
        followers = [optimizer for optimizer in self._all() if optimizer._schedule is old]
        if any(optimizer._place >= len(new.base_lrs) for optimizer in followers):
            raise ValueError(
                f"`lr` must have a learning rate for each of the {len(followers)} groups that follow the schedule. Got "
                f"{len(new.base_lrs)}. Make the schedule with a list of them."
            )
        for optimizer in followers:
            optimizer._schedule = new

    lr_scheduler = lr

    @property
    def base_lr(self) -> Any:
        """The learning rate that the schedule starts from."""
        return self._schedule.base_lrs[self._place]

    @property
    def current_lr(self) -> Any:
        """The learning rate of the next step, a tensor or a quantity. It may be assigned, until the schedule steps."""
        return self._schedule.current_lrs.value[self._place]

    @current_lr.setter
    def current_lr(self, lr: Any) -> None:
        self._schedule.set_current(lr, self._place)

    def get_last_lr(self) -> list[Any]:
        """The learning rates of the next step.

        Returns
        -------
        list of Tensor or Quantity
            Those of the schedule; with groups, one for each.
        """
        return [optimizer.current_lr for optimizer in self._all()] if self._groups else self._schedule.get_last_lr()

    def lr_apply(self, apply_fn: Callable[[Any], Any]) -> None:
        """Put the schedule's learning rate through a function, until the schedule steps.

        Parameters
        ----------
        apply_fn
            Takes a learning rate, returns one.
        """
        self._schedule.apply(apply_fn)

    def for_torch(self) -> ForTorch:
        """The optimizer as torch's schedulers want one: ``StepLR(optimizer.for_torch(), 10)`` sets its learning rate.

        The scheduler steps outside of transforms, as torch's do. A schedule of this package goes inside.

        Returns
        -------
        ForTorch
            A `torch.optim.Optimizer` with as many groups, each of whose `lr` is that of a group here.
        """
        return ForTorch(self)

    def state_dict(self) -> dict[str, Any]:
        """What is remembered, as tensors, numbers and strings that ``torch.save`` takes.

        Returns
        -------
        dict
            The memory, by name.

        Raises
        ------
        ValueError
            No States are registered.
        """
        if self.opt_state is None:
            raise ValueError("`register_trainable_weights` must be called before `state_dict`. Got no weights.")
        saved = {
            "kind": type(self).__name__,
            "step_count": _plain(self.step_count.value),
            "opt_state": {k: [_plain(x) for x in column] for k, column in self.opt_state.value.items()},
            "units": [str(row.unit) for row in Weights(self._own).rows],
            "lr_scheduler": self._schedule.state_dict(),
        }
        if self._groups:
            saved["groups"] = [group.state_dict() for group in self._groups]
        return saved

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what :meth:`state_dict` gave; the optimizer has its weights and its schedule already.

        All or nothing: everything is checked before anything is changed.

        Parameters
        ----------
        state_dict
            What :meth:`state_dict` returned.

        Raises
        ------
        ValueError
            No States are registered, or what was saved belongs to other weights or to another kind of optimizer.
        TypeError
            An entry is of another type than `state_dict` gives.
        """
        if self.opt_state is None:
            raise ValueError("`register_trainable_weights` must be called before `load_state_dict`. Got no weights.")
        groups = state_dict.get("groups", ()) if isinstance(state_dict, Mapping) else ()
        if len(groups) != len(self._groups):
            raise ValueError(
                f"`state_dict` must have as many added groups of weights as the optimizer, {len(self._groups)}. Got "
                f"{len(groups)}. Call `add_param_group` first."
            )
        parts = [group._checked_entries(entry) for group, entry in zip(self._groups, groups, strict=True)]
        run_and_commit(self._take_all, [self._checked_entries(state_dict), *parts])

    def _checked_entries(self, state_dict: Any) -> Any:
        """What :meth:`_take` takes, from what :meth:`state_dict` gave; nothing is changed."""
        assert self.opt_state is not None
        saved = Saved(state_dict, ("kind", "step_count", "opt_state", "units", "lr_scheduler"))
        if saved.entry("kind") != type(self).__name__:
            raise ValueError(
                f"`state_dict` must be that of {kind_of(self)}. Got one of {saved.entry('kind')}. "
                "Make an optimizer of the same kind."
            )
        units, seen = [str(row.unit) for row in Weights(self._own).rows], saved.entry("units")
        if list(seen) != units:
            raise ValueError(
                f"`state_dict` must belong to the registered weights, in the units {units}. Got {seen}. "
                "Register the same weights, in the same order and units."
            )
        moments = saved.columns("opt_state", self.opt_state.value)
        step = saved.count("step_count").to(self.step_count.value.device)
        rates = self._schedule.checked(saved.entry("lr_scheduler"))
        return step, moments, rates

    def _take_all(self, *parts: Any) -> None:
        for optimizer, part in zip(self._all(), parts, strict=True):
            optimizer._take(*part)

    def _take(self, step: torch.Tensor, moments: dict[str, list[torch.Tensor]], rates: Any) -> None:
        assert self.opt_state is not None
        self.step_count.value = step
        self.opt_state.value = moments
        self._schedule.take(*rates)


def _shown(states: Any) -> str:
    return "a dict" if isinstance(states, dict) else kind_of(states)


def _plain(x: torch.Tensor) -> torch.Tensor:
    return x.detach().as_subclass(torch.Tensor).clone()


def _taking_no_weights(initialise: Callable[..., None]) -> Callable[..., None]:
    """Say what to write in place of ``Adam(model.parameters(), lr=...)``, before Python counts the arguments."""

    @functools.wraps(initialise)
    def initialised(self: Any, *args: Any, **kwargs: Any) -> None:
        first = args[0] if args else kwargs.get("params")
        is_named = hasattr(first, "_fields")  # a transformation of gradients, in a subclass of the user's
        if isinstance(first, (State, list, tuple, Mapping, Iterator)) and not is_named:
            name = type(self).__name__
            raise TypeError(
                f"`lr` of {name} must be a number, a quantity or a schedule of this package. Got "
                f"{type(first).__name__}. Write `{name}(lr=...).register_trainable_weights(model.states(ParamState))` "
                f"and `update(grads)`, or take `torch.optim.{name}(model.parameters())`: both move the same numbers."
            )
        initialise(self, *args, **kwargs)

    return initialised


def _as_schedule(lr: Any) -> LRScheduler:
    return lr if isinstance(lr, LRScheduler) else ConstantLR(lr, factor=1.0, total_iters=0)


def _as_gradient(grad: Any, x: torch.Tensor, scale: float) -> torch.Tensor:
    """The numbers of a gradient as the formulas take them: those that torch's backward would give."""
    plain: torch.Tensor = get_mantissa(grad)
    if plain.is_complex():
        plain = plain.conj().resolve_conj()
    plain = as_row(plain.to(dtype=x.dtype))
    return plain if scale == 1.0 else plain * scale


def check_positive(name: str, number: Any, or_zero: bool = False) -> None:
    """Raise unless a hyperparameter is a positive number, or None."""
    if number is None:
        return
    if not isinstance(number, SCALARS) or isinstance(number, complex):
        raise TypeError(f"`{name}` must be a number. Got {type(number).__name__}.")
    if not (number > 0 or (or_zero and number == 0)):
        raise ValueError(f"`{name}` must be {'zero or ' if or_zero else ''}positive. Got {number}.")


def check_between(name: str, *numbers: float) -> None:
    """Raise unless hyperparameters lie in [0, 1)."""
    for number in numbers:
        if not 0.0 <= number < 1.0:
            raise ValueError(f"`{name}` must lie in [0, 1). Got {number}.")
