"""The methods of torch.nn.Module, for a module whose attributes are its only storage."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, NoReturn, Self

import torch

from ... import _tree
from ..._state import ParamState, State
from ...transform._core.functional import run_and_commit
from .belongings import buffers_of, modules_of, parameters_of, parts
from .constants import moved
from .home import home_of
from .saving import UNITS, Loading, acyclic, restore_on_failure, save
from .tensors import leave_untold
from .views import ModulesView, View

__all__ = ["TORCH_ATTRIBUTES", "TorchSide"]

#: The attributes that torch.nn.Module sets on every object, which are not part of the graph.
TORCH_ATTRIBUTES = frozenset({*vars(torch.nn.Module()), "_compiled_call_impl", "_home"})


class TorchSide(torch.nn.Module):
    """The part of a module that torch knows: names, moves, modes, saved values."""

    _parameters: ClassVar[Any] = View(parameters_of)  # type: ignore[misc]
    _buffers: ClassVar[Any] = View(buffers_of)  # type: ignore[misc]
    _modules: ClassVar[Any] = ModulesView(modules_of)  # type: ignore[misc]

    def modules(  # type: ignore[override]
        self, include_self: bool = True, remove_duplicate: bool = True
    ) -> Iterator[torch.nn.Module]:
        """Every module in this one, and this one first if `include_self`.

        Parameters
        ----------
        remove_duplicate
            Whether a module that is reached twice comes once.
        include_self
            Whether the module itself comes first.

        Yields
        ------
        torch.nn.Module
            One after the other.
        """
        named = self.named_modules(remove_duplicate=remove_duplicate, include_self=include_self)
        return (module for _, module in named)

    def named_modules(
        self, memo: Any = None, prefix: str = "", remove_duplicate: bool = True, include_self: bool = True
    ) -> Iterator[tuple[str, torch.nn.Module]]:
        """Every module in this one by dotted name, and this one first if `include_self`.

        Parameters
        ----------
        memo
            A set of modules to leave out; those that were met are added.
        prefix
            What the names begin with.
        remove_duplicate
            Whether a module that is reached twice comes once.
        include_self
            Whether the module itself comes first.

        Yields
        ------
        name, module
            One pair for each module.
        """
        named = super().named_modules(memo, prefix, remove_duplicate)
        return ((name, module) for name, module in named if include_self or module is not self)

    def register_parameter(self, name: str, param: torch.nn.Parameter | None) -> None:
        """Set a Parameter of torch's own kind as an attribute; a ParamState serves transforms as well.

        Parameters
        ----------
        name
            The name of the attribute.
        param
            The Parameter, or None.
        """
        leave_untold(self, name)
        setattr(self, name, param)

    def register_buffer(self, name: str, tensor: torch.Tensor | None, persistent: bool = True) -> None:
        """Set a Buffer of torch's own kind as an attribute; a LongTermState serves transforms as well.

        Parameters
        ----------
        name
            The name of the attribute.
        tensor
            The tensor, or None.
        persistent
            Whether ``state_dict()`` has it.
        """
        setattr(self, name, None if tensor is None else torch.nn.Buffer(tensor, persistent=persistent))

    def add_module(self, name: str, module: torch.nn.Module | None) -> None:
        """Set a module as an attribute.

        Parameters
        ----------
        name
            The name of the attribute.
        module
            The module, or None.
        """
        setattr(self, name, module)

    def get_submodule(self, target: str) -> torch.nn.Module:
        """The module of a dotted name.

        Parameters
        ----------
        target
            The names on the way, joined by dots.

        Returns
        -------
        torch.nn.Module
            The module.

        Raises
        ------
        AttributeError
            There is none.
        """
        found = dict(self.named_modules(remove_duplicate=False)) if target else {"": self}
        if target not in found:
            raise AttributeError(f"`target` must be the name of a module in {type(self).__name__}. Got {target!r}.")
        return found[target]

    def set_submodule(self, target: str, module: torch.nn.Module, strict: bool = False) -> None:
        """Put a module in the place of the one of a dotted name, in a list or dict too.

        Parameters
        ----------
        target
            The names on the way, joined by dots.
        module
            The module.
        strict
            Whether there must be one of that name; without it a new attribute is set.

        Raises
        ------
        AttributeError
            There is none, nor a module that could hold it.
        """
        found = dict(self.named_modules(remove_duplicate=False))
        names = target.split(".")
        for i in range(len(names)):
            owner, name = found.get(".".join(names[:i])), ".".join(names[i:])
            if owner is not None and name in owner._modules:
                owner._modules[name] = module
                return
        owner = found.get(".".join(names[:-1]))
        if strict or owner is None:
            raise AttributeError(f"`target` must be the name of a module in {type(self).__name__}. Got {target!r}.")
        setattr(owner, names[-1], module)

    def train(self, mode: bool = True) -> Self:
        """Set ``training`` of every module. It decides where ``environ`` has no setting `fit`.

        Parameters
        ----------
        mode
            The value of ``training``.

        Returns
        -------
        Module
            This module.

        Raises
        ------
        TypeError
            `mode` is not a bool.
        """
        if not isinstance(mode, bool):
            raise TypeError(f"`mode` must be a bool. Got {type(mode).__name__}.")
        self.training = mode
        # Not by recursion, because modules may form a cycle. From the inside out, so that a module that overrides
        # `train` decides last about the modules in it.
        for module in reversed(list(self.modules(include_self=False))):
            if type(module).train is TorchSide.train:
                module.training = mode
            else:
                module.train(mode)
        return self

    def apply(self, fn: Callable[[torch.nn.Module], None]) -> Self:
        """Call a function with every module in this one, and with this one last.

        Parameters
        ----------
        fn
            Takes a module.

        Returns
        -------
        Module
            This module.
        """
        for module in reversed(list(self.modules())):
            fn(module)
        return self

    def _apply(self, fn: Callable[[torch.Tensor], torch.Tensor], recurse: bool = True) -> Self:
        """What ``to()``, ``cuda()``, ``half()`` and the like do with a function of one tensor."""
        modules = list(self.modules()) if recurse else [self]
        homes = {module: home_of(module) for module in modules if isinstance(module, TorchSide)}
        held = {id(part): part for module in homes for _, part in parts(module)}
        for part in held.values():
            if isinstance(part, State):
                _apply_to_state(part, fn)
            elif isinstance(part, torch.Tensor):
                _apply_to_parameter(part, fn)
        for module in modules:
            if isinstance(module, TorchSide):
                module._apply_to_constants(fn)
                # Whether `fn` moves an empty tensor tells a move from a change of dtype.
                vars(module)["_home"] = fn(torch.empty(0, device=homes[module])).device
            else:
                module._apply(fn, recurse=False)  # type: ignore[no-untyped-call]
        return self

    def _apply_to_constants(self, fn: Callable[[torch.Tensor], torch.Tensor]) -> None:
        """The part of `_apply` for tensors that are no States and of no kind of torch's, such as a time constant."""
        own = {name: value for name, value in vars(self).items() if name not in TORCH_ATTRIBUTES}
        vars(self).update(moved(own, fn))

    def _slow_forward(self, *args: Any, **kwargs: Any) -> Any:
        """What torch.jit.trace calls in place of :meth:`forward`."""
        self.__prepare_scriptable__()

    def __prepare_scriptable__(self) -> NoReturn:
        """What torch.jit.script asks for."""
        raise NotImplementedError(
            f"`torch.jit` must get modules of torch's own kind. Got {type(self).__name__}, whose States a script has "
            "no place for. Use `torch.export.export(model, args)`; for ONNX "
            "`torch.onnx.export(model, args, dynamo=True)`."
        )

    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """The values of the Parameters and buffers by dotted name, all of them tensors, and the units under ``_units``.

        A number is a tensor without axes, and the units are one tensor of bytes, so that safetensors and the like take
        the whole of it.

        Parameters
        ----------
        *args, **kwargs
            As for ``torch.nn.Module.state_dict``.

        Returns
        -------
        dict
            Tensors by dotted name.

        Raises
        ------
        ValueError
            A module contains itself.
        """
        with acyclic():
            return super().state_dict(*args, **kwargs)

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """Load values, converted to the units of the States; as torch's, but all or nothing.

        Parameters
        ----------
        state_dict
            What :meth:`state_dict` returned.
        strict
            Whether every name must be there, and no other.
        assign
            Whether to keep the given tensors, with their dtype and device, and not copy their numbers.

        Returns
        -------
        NamedTuple
            The names that are missing, and those that are not expected.

        Raises
        ------
        RuntimeError
            With `strict`, a key is missing or unexpected; or a value has another shape or dimension than the State's.
        ValueError
            A module contains itself.
        """
        with acyclic():
            return run_and_commit(self._loaded, (state_dict, strict, assign))

    def _loaded(self, state_dict: Mapping[str, Any], strict: bool, assign: bool) -> Any:
        restore_on_failure(self)
        try:
            return super().load_state_dict(state_dict, strict, assign)
        except RuntimeError as error:
            if strict and not any(name.endswith(UNITS) for name in state_dict) and f'{UNITS}"' in str(error):
                raise RuntimeError(
                    f"{error}\n\tThe values were saved without units. `strict=False` takes them as numbers "
                    "in the units of the States."
                ) from error
            raise

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        save(self, destination, prefix, keep_vars)
        if type(self).get_extra_state is not torch.nn.Module.get_extra_state:
            destination[f"{prefix}_extra_state"] = self.get_extra_state()

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        for hook in self._load_state_dict_pre_hooks.values():
            hook(state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        loading = Loading(state_dict, prefix, local_metadata.get("assign_to_params_buffers", False))
        loading.into(self)
        if type(self).set_extra_state is not torch.nn.Module.set_extra_state:
            loading.known.add("_extra_state")
            self.set_extra_state(state_dict.get(f"{prefix}_extra_state"))
        error_msgs += loading.errors
        if strict:
            missing_keys += loading.missing
            unexpected_keys += loading.unexpected(self._modules)


def _apply_to_state(state: State[Any], fn: Callable[[torch.Tensor], torch.Tensor]) -> None:
    state.restore_value(_tree.map(lambda leaf: fn(leaf) if isinstance(leaf, torch.Tensor) else leaf, state.value))
    if isinstance(state, ParamState):
        for parameter in state.parameters():
            _apply_to_grad(parameter, fn)


def _apply_to_parameter(parameter: torch.Tensor, fn: Callable[[torch.Tensor], torch.Tensor]) -> None:
    parameter.data = fn(parameter.data)
    _apply_to_grad(parameter, fn)


def _apply_to_grad(parameter: torch.Tensor, fn: Callable[[torch.Tensor], torch.Tensor]) -> None:
    if parameter.grad is not None:
        parameter.grad.data = fn(parameter.grad.data)
