"""The Parameters behind a State: made when first asked for, the same objects ever after."""

import contextlib
from typing import Any

import torch

from .. import _tree
from .._errors import BrainStateError
from .._host.functorch import is_transformed, level_of, outside_of_transforms
from .._program.recording import is_recording, with_numbers
from .value import Shared, StateParameter, Value

__all__ = ["Backed", "filled", "shown"]


class Backed:
    """The part of a State that keeps its value and its Parameters in step.

    Until somebody asks for them there are no Parameters, and a write is an assignment. From then on the value shows the
    storage of the Parameters: an optimizer's step is seen in the value, and a write to the value goes to the storage.
    """

    _value: Any
    _parameters: list[StateParameter] | None
    _been_writen: bool

    def parameters(self) -> list[StateParameter]:
        """The Parameters behind the tensor leaves, in the order in which the value shows them: the same at every call.

        ``requires_grad`` is set for the floating and complex leaves of a :class:`ParamState`. An optimizer of
        torch.optim that steps on them changes the value in place, older reads of it included.

        Examples
        --------
        >>> import torch, brainstate_torch as brainstate
        >>> w = brainstate.ParamState(torch.ones(2))
        >>> p, = w.parameters()
        >>> w.value = torch.zeros(2)
        >>> w.parameters()[0] is p, p.requires_grad, p.data
        (True, True, tensor([0., 0.]))
        """
        held = self._parameters_now()
        leaves, spec = _tree.flatten(self._value)
        if not spec.reordered:
            return list(held)
        place = {i: k for k, i in enumerate(i for i, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor))}
        return [held[place[i]] for i in spec.shown() if i in place]

    def _parameters_now(self) -> list[StateParameter]:
        if self._parameters is not None:
            return self._parameters
        self.check_if_deleted()
        tensors = [leaf for leaf in _tree.leaves(self._value) if isinstance(leaf, torch.Tensor)]
        if any(x.requires_grad or level_of(x) != -1 for x in tensors):
            raise BrainStateError(
                "a State made inside a transform gets its Parameters after it. Got a call of `parameters` inside. "
                "Make the State outside, or use its `.value`."
            )
        self._parameters = []
        self._back(self._value)
        return self._parameters

    def check_if_deleted(self) -> None:
        """Raise if the State cannot be read."""
        raise NotImplementedError

    def _trains(self, leaf: torch.Tensor) -> bool:
        """Does the Parameter of this leaf require a gradient?"""
        return False

    def _back(self, value: Any) -> None:
        """Point the Parameters at a value, reusing them in order; the State then shows their storage.

        The tensors are copied: an optimizer writes in place, and what it writes to must be the State's alone.
        """
        assert self._parameters is not None
        old_leaves, old_spec = _tree.flatten(self._value)
        new_leaves, spec = _tree.flatten(value)
        held = [leaf for leaf in old_leaves if isinstance(leaf, torch.Tensor)]
        leaves = [leaf for leaf in new_leaves if isinstance(leaf, torch.Tensor)]
        if spec.reordered or old_spec.reordered:
            # The Parameters keep their order where the keys of a dict only come in another one.
            value = _tree.unflatten(old_spec if spec == old_spec else spec, new_leaves)
        kept = self._parameters[: len(leaves)]
        for parameter, leaf, old in zip(kept, leaves, held, strict=False):
            if leaf is not old or not _shows(leaf, parameter):
                _point(parameter, leaf)
        # Inside a torch.func transform too the Parameters are plain tensors: they outlive it.
        with outside_of_transforms() if is_transformed() else contextlib.nullcontext():
            for leaf in leaves[len(kept) :]:
                kept.append(StateParameter(_apart(leaf), requires_grad=self._trains(leaf)))
        self._parameters = kept
        self._value = filled(value, [shown(parameter) for parameter in kept])

    def _mirrored(self) -> Any:
        """The State's own value, after looking whether a move gave a Parameter other storage."""
        if not is_recording():
            return self._looked_at()
        with with_numbers():
            return self._looked_at()

    def _looked_at(self) -> Any:
        assert self._parameters is not None
        if type(self._value) is Value and _shows(self._value, self._parameters[0]):
            return self._value
        held = [leaf for leaf in _tree.leaves(self._value) if isinstance(leaf, torch.Tensor)]
        for parameter, leaf in zip(self._parameters, held, strict=True):
            if not _shows(leaf, parameter):
                self._value = filled(self._value, [shown(parameter) for parameter in self._parameters])
                break
        return self._value

    def _with_parameters(self) -> Any:
        """The value with the Parameters themselves as leaves."""
        return filled(self._value, self._parameters_now())


def _shows(leaf: torch.Tensor, parameter: torch.Tensor) -> bool:
    """Whether a tensor has the storage of a Parameter; a tensor on the meta device has none that could be compared."""
    return not (parameter.is_meta or leaf.is_meta) and parameter.is_set_to(leaf)


def _apart(leaf: torch.Tensor) -> torch.Tensor:
    """A plain copy."""
    return leaf.detach().as_subclass(torch.Tensor).clone()


def _point(parameter: StateParameter, leaf: torch.Tensor) -> None:
    """Give a Parameter the numbers of a tensor, of whatever dtype and shape; its gradient goes along where it fits."""
    exact = not (leaf.is_floating_point() or leaf.is_complex())
    data, grad = _apart(leaf), parameter.grad
    if grad is not None and (exact or grad.shape != leaf.shape):
        parameter.grad = grad = None
    if exact and parameter.requires_grad:
        parameter.paused = True
        parameter.requires_grad_(False)
    if parameter.is_meta != data.is_meta:
        # torch assigns no data of another kind of tensor; swapped, the Parameter stays the object that it is.
        twin = StateParameter(data, requires_grad=parameter.requires_grad)
        torch.utils.swap_tensors(parameter, twin)  # type: ignore[no-untyped-call]
    else:
        parameter.data = data
    if not exact and getattr(parameter, "paused", False):
        parameter.requires_grad_(True)
        parameter.paused = False
    if grad is not None and (grad.dtype != leaf.dtype or grad.device != leaf.device):
        parameter.grad = grad.to(device=leaf.device, dtype=leaf.dtype)


def shown(parameter: torch.Tensor) -> torch.Tensor:
    """A Parameter as the value of its State shows it: the same storage, off the tape, safe from writes in place."""
    base = parameter.detach()
    base.__class__ = Shared
    value = base.view_as(base)
    value.__class__ = Value
    return value


def filled(value: Any, tensors: list[Any]) -> Any:
    """The tree with other tensors in the places of its tensors."""
    leaves, spec = _tree.flatten(value)
    supply = iter(tensors)
    return _tree.unflatten(spec, [next(supply) if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves])
