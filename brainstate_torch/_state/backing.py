"""The Parameters that back a State: made when first asked for, the same objects from then on."""

import contextlib
from collections.abc import Iterable
from typing import Any, NamedTuple

import torch

from .. import _tree
from .._errors import BrainStateError
from .._host.dispatch import dispatch_modes
from .._host.functorch import is_transformed, level_of, outside_of_transforms
from .._host.memory import is_intact, shows
from .._host.sharding import is_distributed
from .._program.recording import is_recording, with_numbers
from ..units import Quantity
from .value import StateParameter, Value, guarded, handed_out, marked

__all__ = ["INVALIDATED", "Backed", "filled", "shown"]

_detach = torch.Tensor.detach


class _Invalidated:
    def __repr__(self) -> str:
        return "<made inside a transform that raised>"


#: What a State holds that was made inside a transform that raised.
INVALIDATED = _Invalidated()


class _HandedOut(NamedTuple):
    """A container that was handed out, and what was in it then."""

    tree: Any
    spec: _tree.Spec
    leaves: list[Any]


class Backed:
    """The part of a State that keeps its value and its Parameters in step.

    Until they are asked for there are no Parameters, and a write is an assignment. From then on the value shows the
    storage of the Parameters: an optimizer's step is seen in the value, and a write to the value goes to the storage.

    The tensor that is held is never handed out. A read returns a copy-on-write alias, called a half: a write through it
    copies the memory first, and the next read makes another half.
    """

    #: What is held.
    _value: Any
    #: What was handed out last: a tensor, a quantity, or a :class:`_HandedOut`. None after a write.
    _shown: Any = None
    _parameters: list[StateParameter] | None
    _been_writen: bool
    #: Whether a value that is read where nothing records it has a note of that.
    _trained = False

    def parameters(self) -> list[StateParameter]:
        """The Parameters that back the tensor leaves, in the order of the value: the same objects at every call.

        ``requires_grad`` is set for the floating and complex leaves of a :class:`ParamState`. An optimizer of
        torch.optim that steps on them changes the value; what was read before keeps its numbers.

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

    def exchange(self, place: int, parameter: Any) -> None:
        """Let another Parameter back a leaf, in the order of the leaves.

        torch's FSDP exchanges the part that a process holds for the whole, and back. The shapes are the same.
        """
        held = list(self._parameters_now())
        held[place] = parameter
        self._parameters = held
        self._hold(filled(self._value, [shown(x) for x in held]))

    def check_if_deleted(self) -> None:
        """Raise if the State cannot be read."""
        raise NotImplementedError

    def _told(self, value: Any) -> Any:
        """A value that is read where nothing records it, with a note of that; a container has it already."""
        if type(value) is Value:
            return marked(value, self)
        if type(value) is Quantity and type(value.mantissa) is Value:
            return Quantity._make(marked(value.mantissa, self), value.unit)
        return value

    def _trains(self, leaf: torch.Tensor) -> bool:
        """Whether the Parameter of this leaf requires a gradient."""
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
        if torch.compiler.is_compiling() and _fit(leaves, self._parameters):
            # A write of the graph to its inputs, which is all that a compiler, or torch.export, knows of State.
            with torch.no_grad():
                for parameter, leaf in zip(self._parameters, leaves, strict=True):
                    parameter.copy_(leaf)
            self._hold(filled(value, held))
            return
        if spec.reordered or old_spec.reordered:
            # If only the order of a dict's keys differs, the Parameters keep theirs.
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
        self._hold(filled(value, [shown(parameter) for parameter in kept]))

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

    def _hold(self, value: Any) -> None:
        """Set what is held. In this order, since a signal may arrive between the two."""
        # Past `__setattr__`, which looks for misspelt names. A subclass may make a property of the value.
        vars(self)["_shown"] = None
        object.__setattr__(self, "_value", value)

    def _held(self) -> Any:
        """The value that is held, for a program that reads raw memory; the cached half is dropped."""
        if isinstance(self._shown, _HandedOut):
            self._show()
        else:
            self._shown = None
        return self._value if self._parameters is None else self._mirrored()

    def _show(self) -> Any:
        """The value to hand out."""
        if torch.compiler.is_compiling():  # there a write in place is an operation of the graph
            # Storages are not compared, since a compiler knows none: the value is made from the Parameters.
            if self._parameters is not None:
                return filled(self._value, map(_detach, self._parameters))
            return _tree.map(_plain, self._value) if torch.compiler.is_exporting() else self._value
        if is_recording() or is_transformed() or dispatch_modes():
            with with_numbers():
                return self._half()
        return self._half()

    def _half(self) -> Any:
        held, shown = self._value, self._shown
        if isinstance(held, torch.Tensor):
            if not self._is_current(shown, held, 0):
                shown = handed_out(self._mirrored() if self._parameters is not None else held)
                self._shown = shown if shown.layout is torch.strided else None
            return shown
        if type(held) is Quantity and isinstance(held.mantissa, torch.Tensor):
            if shown is None or not self._is_current(shown.mantissa, held.mantissa, 0):
                held = held if self._parameters is None else self._looked_at()
                shown = self._shown = Quantity._make(handed_out(held.mantissa), held.unit)
            return shown
        if not _tree.is_container(held):
            return held
        return self._container()

    def _is_current(self, shown: Any, held: torch.Tensor, place: int) -> bool:
        """Whether what was handed out still shows what is held."""
        if not isinstance(shown, Value):
            return False
        if not self._parameters:
            return shown is held or is_intact(shown)
        return shows(shown, self._parameters[place])

    def _container(self) -> Any:
        """A list or dict to hand out; one that was edited since it was handed out is a write."""
        old = self._shown
        if old is not None:
            leaves, spec = _tree.flatten(old.tree)
            if spec != old.spec or any(x is not y for x, y in zip(leaves, old.leaves, strict=True)):
                known = {id(x): y for x, y in zip(old.leaves, _tree.leaves(self._value), strict=True)}
                edited = [known[id(x)] if id(x) in known else self._own(x) for x in leaves]
                self._commit(_tree.unflatten(spec, edited))
                old = _HandedOut(old.tree, spec, leaves)
        held, spec = _tree.flatten(self._value if self._parameters is None else self._looked_at())
        places = [i for i, x in enumerate(held) if isinstance(x, torch.Tensor)]
        if old is None or not all(self._is_current(old.leaves[i], held[i], k) for k, i in enumerate(places)):
            leaves = [handed_out(x) for x in held]
            if self._trained:
                leaves = [marked(x, self) if type(x) is Value else x for x in leaves]
            old = _HandedOut(_tree.unflatten(spec, leaves), spec, leaves)
        self._shown = old
        return old.tree

    def _own(self, v: Any) -> Any:
        """The tree as a State holds it."""
        raise NotImplementedError

    def _commit(self, value: Any) -> None:
        """Set what is held."""
        raise NotImplementedError

    def _with_parameters(self) -> Any:
        """The value with the Parameters themselves as leaves."""
        return filled(self._value, self._parameters_now())


def _shows(leaf: torch.Tensor, parameter: torch.Tensor) -> bool:
    """Whether a tensor has the storage of a Parameter; a tensor on the meta device has none that could be compared."""
    if parameter.is_meta or leaf.is_meta:
        return False
    if is_distributed(parameter) or is_distributed(leaf):
        # `is_set_to` has no rule for a DTensor, but for its local shard.
        both = is_distributed(parameter) and is_distributed(leaf)
        return both and bool(parameter.to_local().is_set_to(leaf.to_local()))  # type: ignore[attr-defined]
    return parameter.is_set_to(leaf)


def _fit(leaves: list[torch.Tensor], parameters: list[StateParameter]) -> bool:
    """Whether tensors can be copied into Parameters as they are."""
    return len(leaves) == len(parameters) and all(
        leaf.shape == parameter.shape and leaf.dtype == parameter.dtype and leaf.device == parameter.device
        for leaf, parameter in zip(leaves, parameters, strict=True)
    )


def _plain(leaf: Any) -> Any:
    return leaf.as_subclass(torch.Tensor) if type(leaf) is Value else leaf


def _apart(leaf: torch.Tensor) -> torch.Tensor:
    """A plain copy."""
    return torch.Tensor.detach(leaf).clone()


def _point(parameter: StateParameter, leaf: torch.Tensor) -> None:
    """Give a Parameter the numbers of a tensor of any dtype and shape; its gradient is kept where it fits."""
    exact = not (leaf.is_floating_point() or leaf.is_complex())
    if is_distributed(parameter) and is_distributed(leaf) and parameter.shape == leaf.shape:
        # Assigned, its data would not be those of the part that this process holds.
        with torch.no_grad():
            parameter.copy_(leaf)
        return
    data, grad = _apart(leaf), parameter.grad
    if grad is not None and (exact or grad.shape != leaf.shape):
        parameter.grad = grad = None
    if exact and parameter.requires_grad:
        parameter.paused = True
        parameter.requires_grad_(False)
    if parameter.is_meta != data.is_meta:
        # torch refuses to assign `.data` from or to the meta device. After a swap the Parameter is still the same
        # object.
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
    """A Parameter as its State holds it: the same storage, off the tape."""
    return guarded(parameter.detach(), mine=True)


def filled(value: Any, tensors: Iterable[Any]) -> Any:
    """The tree with other tensors in the places of its tensors."""
    leaves, spec = _tree.flatten(value)
    supply = iter(tensors)
    return _tree.unflatten(spec, [next(supply) if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves])
