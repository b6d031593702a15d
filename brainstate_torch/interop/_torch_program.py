"""Pure functions of tensors, and the derivatives and maps of them that JAX asks for."""

import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from .. import environ
from .._host.functorch import jvp, vjp, vmap
from ._extras import jax
from ._jax_program import numpy_of

__all__ = ["TorchProgram", "array_from", "tensor_from"]

Flags = tuple[bool, ...]
Flat = Callable[..., Sequence[torch.Tensor]]


def tensor_from(array: Any) -> torch.Tensor:
    """A tensor with the numbers of an array that belongs to JAX, in memory of its own."""
    found = np.array(array, order="C")
    if found.dtype.kind == "V":  # bfloat16
        return torch.from_numpy(found.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(found)


def array_from(x: torch.Tensor) -> Any:
    """The numbers of a tensor for JAX."""
    return numpy_of(x.detach().cpu())


class _Origin(NamedTuple):
    program: "TorchProgram"
    moving: Flags


class TorchProgram:
    """A function of tensors for arguments of one shape and dtype each.

    Parameters
    ----------
    fun
        Takes tensors and gives a list of them.
    like, results
        The shapes and dtypes of the arguments and of the results.
    origin
        The program that this one is the derivative of.
    home
        Where the function computes; None: where arrays are.
    """

    def __init__(
        self,
        fun: Flat,
        like: Sequence[Any],
        results: Sequence[Any],
        origin: _Origin | None = None,
        home: torch.device | None = None,
    ) -> None:
        self.fun, self.like, self.results, self.origin, self.home = fun, list(like), list(results), origin, home
        self.real = tuple(_is_real(x) for x in self.results)
        # A callback may run in a thread of JAX's, which has no settings of the user's.
        self._thread, self._settings = threading.get_ident(), environ.all()
        self._derived: dict[Any, TorchProgram] = {}

    def host(self, *arrays: Any) -> list[Any]:
        """The results as numpy's arrays, for JAX's."""
        tensors = [tensor_from(x) if self.home is None else tensor_from(x).to(self.home) for x in arrays]
        if threading.get_ident() == self._thread:
            found = self.fun(*tensors)
        else:
            with environ.context(**{k: v for k, v in self._settings.items() if k not in _EVERYWHERE}):
                found = self.fun(*tensors)
        return [array_from(x) for x in found]

    def _once(self, key: Any, make: Callable[[], "TorchProgram"]) -> "TorchProgram":
        if key not in self._derived:
            self._derived[key] = make()
        return self._derived[key]

    def _about(self, needs: Flags, given: Flags, tensors: Sequence[Any]) -> tuple[Flat, list[torch.Tensor]]:
        """The chosen results as a function of the chosen arguments, and these."""
        places = [i for i, need in enumerate(needs) if need]

        def chosen(*some: torch.Tensor) -> Any:
            every = list(tensors)
            for place, x in zip(places, some, strict=True):
                every[place] = x
            return tuple([x for x, is_given in zip(self.fun(*every), given, strict=True) if is_given])

        return chosen, [tensors[i] for i in places]

    def jvp(self, moving: Flags) -> "TorchProgram":
        """The program (arguments, tangents of the moving ones) -> tangents of the results that can have one."""

        def push(*tensors: torch.Tensor) -> Any:
            count = len(self.like)
            chosen, some = self._about(moving, self.real, tensors[:count])
            return jvp(chosen, tuple(some), tuple(tensors[count:]))[1]

        like = [*self.like, *_where(self.like, moving)]
        results = _where(self.results, self.real)
        return self._once(("jvp", moving), lambda: TorchProgram(push, like, results, _Origin(self, moving), self.home))

    def vjp(self, needs: Flags, given: Flags) -> "TorchProgram":
        """The program (arguments, cotangents of the given results) -> derivatives by the chosen arguments."""

        def pull(*tensors: torch.Tensor) -> Any:
            count = len(self.like)
            chosen, some = self._about(needs, given, tensors[:count])
            pulled = vjp(chosen, *some)[1]
            return [_conjugated(x) for x in pulled(tuple([_conjugated(x) for x in tensors[count:]]))]

        like = [*self.like, *_where(self.results, given)]
        return self._once(
            ("vjp", needs, given), lambda: TorchProgram(pull, like, _where(self.like, needs), home=self.home)
        )

    def transposed(self, undefined: Flags, given: Flags) -> "TorchProgram":
        """The transpose of a program that is linear in some arguments: (the others, cotangents) -> cotangents."""
        if self.origin is not None and not any(undefined[: len(self.origin.program.like)]):
            of, moving = self.origin
            return self._transposed_jvp(of, moving, undefined, given)

        def pull(*tensors: torch.Tensor) -> Any:
            known = iter(tensors)
            every = [_zeros(x) if u else next(known) for x, u in zip(self.like, undefined, strict=True)]
            chosen, some = self._about(undefined, given, every)
            pulled = vjp(chosen, *some)[1]
            return [_conjugated(x) for x in pulled(tuple([_conjugated(x) for x in known]))]

        like = [*_where(self.like, tuple(not u for u in undefined)), *_where(self.results, given)]
        return self._once(
            ("t", undefined, given), lambda: TorchProgram(pull, like, _where(self.like, undefined), home=self.home)
        )

    def _transposed_jvp(self, of: "TorchProgram", moving: Flags, undefined: Flags, given: Flags) -> "TorchProgram":
        """The backward derivative for a forward one, whose tangents that are known have no part in it."""
        count, flags = len(of.like), iter(undefined[len(of.like) :])
        needs = tuple([moves and next(flags) for moves in moving])
        supply = iter(given)
        pulled = of.vjp(needs, tuple([r and next(supply) for r in of.real]))
        skipped = sum(not u for u in undefined[count:])

        def pull(*tensors: torch.Tensor) -> Any:
            return pulled.fun(*tensors[:count], *tensors[count + skipped :])

        like = [*_where(self.like, tuple(not u for u in undefined)), *_where(self.results, given)]
        return self._once(
            ("t", undefined, given), lambda: TorchProgram(pull, like, _where(self.like, undefined), home=self.home)
        )

    def mapped(self, dims: tuple[int | None, ...], size: int) -> "TorchProgram":
        """The program for arguments with an axis more; its results have it first."""

        def every(*tensors: torch.Tensor) -> Any:
            return vmap(lambda *xs: tuple(self.fun(*xs)), dims, 0, randomness="different")(*tensors)

        like = [x if dim is None else _with_axis(x, dim, size) for x, dim in zip(self.like, dims, strict=True)]
        results = [_with_axis(x, 0, size) for x in self.results]
        return self._once(("vmap", dims, size), lambda: TorchProgram(every, like, results, home=self.home))


#: Settings that no context can have.
_EVERYWHERE = ("platform", "host_device_count")


def _where(xs: Sequence[Any], flags: Flags) -> list[Any]:
    return [x for x, flag in zip(xs, flags, strict=True) if flag]


def _is_real(x: Any) -> bool:
    return bool(jax().numpy.issubdtype(x.dtype, jax().numpy.inexact))


def _conjugated(x: torch.Tensor) -> torch.Tensor:
    return x.conj().resolve_conj() if x.is_complex() else x


def _zeros(x: Any) -> torch.Tensor:
    return torch.zeros(x.shape, dtype=getattr(torch, x.dtype.name))


def _with_axis(x: Any, dim: int, size: int) -> Any:
    shape = list(x.shape)
    shape.insert(dim, size)
    return jax().ShapeDtypeStruct(tuple(shape), x.dtype)
