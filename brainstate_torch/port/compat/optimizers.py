"""braintools' optimizer around a gradient transformation of optax."""

from typing import Any, Self

from ..._state import State
from ...optim import Optimizer
from . import tree, updates

__all__ = ["OptaxOptimizer"]


class _Kind(type):
    """Every optimizer of this package is one, as every one of braintools is."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Optimizer) if cls is OptaxOptimizer else super().__instancecheck__(instance)


class OptaxOptimizer(Optimizer, metaclass=_Kind):
    """Steps by what a gradient transformation says.

    Parameters
    ----------
    tx
        The transformation, of :mod:`.updates`; that of Adam if None, with the other arguments, which have a meaning for
        that one only.
    lr, weight_decay, grad_clip_norm, grad_clip_value
        As in :class:`~brainstate_torch.optim.Optimizer`.

    Raises
    ------
    TypeError
        `tx` is no transformation.

    Notes
    -----
    Source: braintools.optim.OptaxOptimizer (0.3.0). Differs: a State does not go from one group to another.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> from brainstate_torch.port.compat.updates import sgd
    >>> w = brainstate.ParamState(torch.tensor([1., 2.]))
    >>> optimizer = OptaxOptimizer(sgd(0.5)).register_trainable_weights({"w": w})
    >>> optimizer.step({"w": torch.tensor([1., 2.])})
    >>> w.value
    tensor([0.5000, 1.0000])
    """

    def __init__(
        self,
        tx: updates.GradientTransformation | None = None,
        lr: Any = 1e-3,
        weight_decay: float = 0.0,
        grad_clip_norm: float | None = None,
        grad_clip_value: float | None = None,
    ) -> None:
        super().__init__(lr, weight_decay, grad_clip_norm, grad_clip_value)
        tx = self.default_tx() if tx is None else tx
        if not isinstance(tx, updates.GradientTransformation):
            raise TypeError(f"`tx` must be a gradient transformation of optax. Got {type(tx).__name__}.")
        self.tx = tx

    def default_tx(self) -> updates.GradientTransformation:
        """Adam's transformation, with decay and clipping."""
        parts = []
        if self.grad_clip_norm is not None:
            parts.append(updates.clip_by_global_norm(self.grad_clip_norm))
        if self.grad_clip_value is not None:
            parts.append(updates.clip(self.grad_clip_value))
        if self.weight_decay > 0:
            parts.append(updates.add_decayed_weights(self.weight_decay))
        parts += [updates.scale_by_adam(), updates.scale_by_schedule(lambda count: -self.current_lr)]
        return updates.chain(*parts)

    def register_trainable_weights(self, param_states: Any) -> Self:
        super().register_trainable_weights(param_states)
        assert self.opt_state is not None
        self.opt_state.value = self.tx.init(self._values())
        return self

    def _like(self, options: Any) -> "OptaxOptimizer":
        made = super()._like({"tx": None, **options})
        assert isinstance(made, OptaxOptimizer)
        return made

    def _leave(self, chosen: Any) -> None:
        if any(name in self._own for name in chosen):
            raise ValueError(
                "`params` must be States that are not registered. Register them by `add_param_group` alone."
            )

    def _values(self) -> Any:
        return tree.map(lambda state: state.value, _plain(self._own), is_leaf=_is_state)

    def _step(self, grads: Any) -> None:
        assert self.opt_state is not None
        values = self._values()
        moves, self.opt_state.value = self.tx.update(_plain(grads), self.opt_state.value, values)
        self.step_count.value = self.step_count.value + 1
        new = updates.apply_updates(values, moves)
        tree.map(_write, _plain(self._own), new, is_leaf=_is_state)


def _is_state(x: Any) -> bool:
    return isinstance(x, State)


def _plain(x: Any) -> Any:
    return dict(x) if isinstance(x, dict) else x


def _write(state: State[Any], value: Any) -> None:
    state.value = value
