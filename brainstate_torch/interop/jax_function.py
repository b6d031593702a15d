"""from_jax: a function of JAX's in torch."""

import functools
import sys
from collections.abc import Callable
from typing import Any

import torch

from .._program.recording import is_recording
from .._state import State
from ..transform._core.functional import run_and_commit
from ._arguments import CALL, Split, split, torch_signature
from ._crossing import NARROWED
from ._extras import jax
from ._jax_specialized import Specialized, Traced, traced, zeros_like
from ._mirrors import Mirror, mirror_of

__all__ = ["from_jax"]

_NO_VALUES = split([], "a State")


def from_jax(fun: Callable[..., Any], *, narrow: bool = False) -> Callable[..., Any]:
    """A function of JAX's as one operation of torch.

    JAX compiles it, once for each kind of arguments. It can be differentiated, backward and forward, any number of
    times, mapped, looped over, and be part of what ``jit``, torch.compile and torch.export record; derivatives and maps
    are JAX's own.

    It may read and write States of brainstate. Each has a twin here, of the same kind, that the function reads and
    writes in its place, so that transforms see it: ``new.states()`` gives them. JAX's State gets the values by
    ``new.write_back()``; what is assigned to it on that side is taken over at the next call.

    Parameters
    ----------
    fun
        Takes and returns arrays, quantities and containers of them. A model of brainstate is such a function.
    narrow
        Whether arguments of 64 bits may become such of 32 bits while ``jax_enable_x64`` is off.

    Returns
    -------
    Callable
        The same for tensors and our quantities. Numbers of Python stay weakly typed; strings and other objects are
        constants.

    Raises
    ------
    TypeError
        It is no function; or, at a call, an argument is a State, a traced JAX value, or wider than JAX allows.
    MissingDependencyError
        JAX is not installed.

    Notes
    -----
    Source: jax.vjp, jax.jvp, jax.vmap (0.10); brainstate.transform.StatefulFunction (0.5.4).

    Examples
    --------
    >>> import torch, jax.numpy as jnp, brainstate_torch as brainstate
    >>> f = brainstate.interop.from_jax(lambda x: jnp.sum(jnp.sin(x) ** 2))
    >>> x = torch.tensor([0.0, 1.0], requires_grad=True)
    >>> f(x).backward()
    >>> x.grad
    tensor([0.0000, 0.9093])
    """
    if not callable(fun) or isinstance(fun, torch.nn.Module):
        raise TypeError(
            f"`fun` must be a function of JAX's. Got {type(fun).__name__}. Functions of torch go over with `to_jax`."
        )
    jax()
    made = _Function(fun, narrow)

    def called(*args: Any, **kwargs: Any) -> Any:
        return made.call(args, kwargs)

    try:
        functools.update_wrapper(called, fun)
    except AttributeError:  # A callable object.
        called.__name__ = type(fun).__name__
    called.states, called.write_back = made.states, made.write_back  # type: ignore[attr-defined]
    # Without this torch.compile traces into it, and then into JAX.
    torch.compiler.allow_in_graph(called)  # type: ignore[no-untyped-call]
    return called


class _Function:
    def __init__(self, fun: Callable[..., Any], narrow: bool) -> None:
        self.fun, self.narrow = fun, narrow
        #: The States that calls with arguments of some kind touch, and then the program for values of some kind.
        self.traced: dict[Any, Traced] = {}
        self.programs: dict[Any, Specialized] = {}

    def call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not kwargs and all(type(x) is torch.Tensor for x in args):
            # A cache of what the lines below find out, for the usual call of a function without States.
            specialized = self.programs.get((torch_signature(args), jax().config.jax_enable_x64))
            if specialized is not None:
                return specialized.run(args, ())
        found = self._split(args, kwargs)
        key = (found.key, torch_signature(found.tensors), _settings())
        of = self.traced.get(key)
        if of is None:
            of = self.traced[key] = self._trace(found)
        if of.mirrors:
            if not is_recording():
                for mirror in of.mirrors:
                    mirror.take_over()
            return run_and_commit(self._stateful, (of, found))
        specialized = self.programs.get(key)
        if specialized is None:
            specialized = self.programs[key] = Specialized(self.fun, of, _NO_VALUES, found)
            if not kwargs and all(type(x) is torch.Tensor for x in args) and not _is_wide(args):
                self.programs[torch_signature(args), jax().config.jax_enable_x64] = specialized
        return specialized.run(found.tensors, found.numbers)

    def _split(self, args: Any, kwargs: Any) -> Split:
        return self._checked(split(([], args, kwargs), CALL))

    def _checked(self, found: Split) -> Split:
        if not jax().config.jax_enable_x64 and _is_wide(found.tensors):
            if not self.narrow:
                wide = next(x.dtype for x in found.tensors if x.dtype in NARROWED)
                raise TypeError(
                    f"arguments of a JAX function must be at most 32 bit wide while jax_enable_x64 is off. Got {wide}. "
                    "Pass narrow=True to `from_jax`, convert the argument, or call "
                    'jax.config.update("jax_enable_x64", True).'
                )
            found = found._replace(tensors=[x.to(NARROWED.get(x.dtype, x.dtype)) for x in found.tensors])
        return found

    def _trace(self, found: Split) -> Traced:
        return traced(self.fun, found, [], [])

    def _stateful(self, of: Traced, found: Split) -> Any:
        values = self._checked(split([mirror.ours.value for mirror in of.mirrors], "a State"))
        like = torch_signature([*values.tensors, *found.tensors])
        key = (values.key, found.key, like, _settings(), tuple(map(id, of.mirrors)))
        specialized = self.programs.get(key)
        if specialized is None:
            again = traced(self.fun, found, of.mirrors, zeros_like(values))
            if again.mirrors != of.mirrors:
                raise ValueError(
                    "a JAX function must use the same States whatever shapes they have. Got others for other shapes. "
                    "Make one function for each case."
                )
            specialized = self.programs[key] = Specialized(self.fun, again, values, found)
        return specialized.run([*values.tensors, *found.tensors], [*values.numbers, *found.numbers])

    def states(self, *args: Any, **kwargs: Any) -> dict[Any, State[Any]]:
        """The twins of the States that the function uses.

        Parameters
        ----------
        *args, **kwargs
            Arguments of a call that was not made yet, to find its States.

        Returns
        -------
        dict
            By path for a model; else by their place in the order in which the function uses them.
        """
        owner = getattr(self.fun, "__self__", self.fun)
        brainstate = sys.modules.get("brainstate")
        if brainstate is not None and isinstance(owner, brainstate.graph.Node):
            found = brainstate.graph.states(owner)
            return {path: mirror_of(state).ours for path, state in found.items()}
        if args or kwargs:
            of = self._trace(self._split(args, kwargs))
            return {i: mirror.ours for i, mirror in enumerate(of.mirrors)}
        return {i: mirror.ours for i, mirror in enumerate(self._mirrors())}

    def _mirrors(self) -> list[Mirror]:
        found: dict[int, Mirror] = {}
        for of in self.traced.values():
            found |= {id(mirror): mirror for mirror in of.mirrors}
        return list(found.values())

    def write_back(self) -> None:
        """Assign the values of the twins to brainstate's States."""
        for mirror in self._mirrors():
            mirror.give_back()


def _is_wide(tensors: Any) -> bool:
    return any(x.dtype in NARROWED for x in tensors)


def _settings() -> Any:
    """What a program of JAX's depends on besides its arguments."""
    brainstate = sys.modules.get("brainstate")
    settings = () if brainstate is None else tuple([(k, _frozen(v)) for k, v in brainstate.environ.all().items()])
    return jax().config.jax_enable_x64, settings


def _frozen(x: Any) -> Any:
    return x if isinstance(x, (bool, int, float, str)) else repr(x)
