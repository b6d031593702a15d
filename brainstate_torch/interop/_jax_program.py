"""Pure functions of JAX's arrays as programs that torch's tensors go through."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from .._host.memory import is_halved
from .._program.recording import Like
from ._crossing import NUMPY, Memory, is_of_jax
from ._extras import jax

__all__ = ["JaxProgram", "Pulled", "like_of", "numpy_of"]

Flat = Callable[..., Any]
Flags = tuple[bool, ...]


class _Writable:
    """The memory of an array on the CPU that a program has just made, to which nothing else leads."""

    __slots__ = ("__array_interface__", "array")

    def __init__(self, array: Any, shape: tuple[int, ...], typestr: str) -> None:
        self.array = array.block_until_ready()  # kept alive
        memory = (array.unsafe_buffer_pointer(), False)
        self.__array_interface__ = {"data": memory, "shape": shape, "typestr": typestr, "version": 3}


def numpy_of(x: torch.Tensor) -> Any:
    """What a compiled function of JAX takes without a copy; its numbers must not be written before it returns."""
    if x.device.type != "cpu":
        if not is_of_jax(x.device.type):
            return numpy_of(x.detach().cpu())
        return jax().numpy.from_dlpack(x.detach().contiguous())
    try:
        if x.dtype in NUMPY and is_halved(x):
            return np.asarray(Memory(x.detach()))  # torch's own `numpy` would end the sharing by a copy
        return torch.Tensor.numpy(x)
    except (RuntimeError, TypeError):
        pass
    x = x.detach().resolve_conj().resolve_neg()
    if x.dtype is torch.bfloat16:
        return x.view(torch.int16).numpy().view(jax().numpy.bfloat16)
    # A tangent that is zero has no memory.
    return (x + torch.zeros(x.shape, dtype=x.dtype)).numpy()


def _maker(like: Like) -> Callable[[Any], torch.Tensor]:
    """What makes the tensor of an array that a program has just made, in the same memory.

    By way of numpy, which takes a third of the time of DLPack. What depends on the shape is found out once.
    """
    if not is_of_jax(like.device.type):
        make = _maker(like._replace(device=torch.device("cpu")))
        return lambda array: make(array).to(like.device)
    known = NUMPY.get(like.dtype)
    if known is None or like.device.type != "cpu" or not like.shape.numel():
        return lambda array: torch.utils.dlpack.from_dlpack(array.block_until_ready())
    shape, typestr = tuple(like.shape), known.str
    return lambda array: torch.from_numpy(np.asarray(_Writable(array, shape, typestr)))


def like_of(x: Any, device: torch.device) -> Like:
    """What a tensor of JAX's shape and dtype is like."""
    return Like(torch.Size(x.shape), getattr(torch, x.dtype.name), device)


def _struct(x: Any) -> Any:
    return jax().ShapeDtypeStruct(tuple(x.shape), str(x.dtype).removeprefix("torch."))


def _is_real(like: Like) -> bool:
    return like.dtype.is_floating_point or like.dtype.is_complex


def _conjugated(xs: Sequence[Any]) -> list[Any]:
    """Torch's derivatives of complex numbers are the conjugates of JAX's."""
    return [x.conj() if x.dtype.kind == "c" else x for x in xs]


class JaxProgram:
    """A function of JAX's, compiled for arguments of one shape and dtype each.

    Parameters
    ----------
    fun
        ``fun(numbers, *arrays)`` gives a list of arrays.
    like
        What the tensors are like.
    numbers
        Numbers of Python, whose kinds count.
    name
        What it is called where a program is printed.
    """

    def __init__(self, fun: Flat, like: Sequence[Any], numbers: Sequence[Any], name: str) -> None:
        self.fun, self.name, self.numbers = fun, name, tuple(numbers)
        self.like = [Like(x.shape, x.dtype, x.device) for x in like]
        self.device = next((x.device for x in self.like), torch.device("cpu"))
        self._compiled = jax().jit(fun)
        shapes = self._compiled.eval_shape(self.numbers, *map(_struct, self.like))
        self.results = [like_of(x, self.device) for x in shapes]
        self.makers = [_maker(like) for like in self.results]
        self.real = tuple(map(_is_real, self.results))
        self._derived: dict[Any, Any] = {}

    def __call__(self, numbers: Sequence[Any], tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        found = self._compiled(tuple(numbers), *[numpy_of(x) for x in tensors])
        return [make(x) for make, x in zip(self.makers, found, strict=True)]

    def _once(self, key: Any, make: Callable[[], Any]) -> Any:
        if key not in self._derived:
            self._derived[key] = make()
        return self._derived[key]

    def _about(self, needs: Flags, given: Flags, numbers: Any, arrays: Sequence[Any]) -> tuple[Flat, list[Any]]:
        """The chosen results as a function of the chosen arguments, and these."""
        places = [i for i, need in enumerate(needs) if need]

        def chosen(*some: Any) -> list[Any]:
            all_arrays = list(arrays)
            for place, x in zip(places, some, strict=True):
                all_arrays[place] = x
            return [x for x, is_given in zip(self.fun(numbers, *all_arrays), given, strict=True) if is_given]

        return chosen, [arrays[i] for i in places]

    def vjp(self, needs: Flags, given: Flags) -> "JaxProgram":
        """The program (arguments, cotangents of the results that have one) -> derivatives by the chosen arguments."""

        def pull(numbers: Any, *arrays: Any) -> list[Any]:
            count = len(self.like)
            chosen, some = self._about(needs, given, numbers, arrays[:count])
            _, pulled = jax().vjp(chosen, *some)
            return _conjugated(pulled(_conjugated(arrays[count:])))

        like = [*self.like, *[x for x, is_given in zip(self.results, given, strict=True) if is_given]]
        make = lambda: JaxProgram(pull, like, self.numbers, f"{self.name}_backward")
        return self._once(("vjp", needs, given), make)  # type: ignore[no-any-return]

    def jvp(self, moving: Flags) -> "JaxProgram":
        """The program (arguments, tangents of the moving ones) -> tangents of the results that can have one."""

        def push(numbers: Any, *arrays: Any) -> list[Any]:
            count = len(self.like)
            chosen, some = self._about(moving, self.real, numbers, arrays[:count])
            return list(jax().jvp(chosen, some, list(arrays[count:]))[1])

        like = [*self.like, *[x for x, moves in zip(self.like, moving, strict=True) if moves]]
        make = lambda: JaxProgram(push, like, self.numbers, f"{self.name}_forward")
        return self._once(("jvp", moving), make)  # type: ignore[no-any-return]

    def mapped(self, dims: tuple[int | None, ...], size: int) -> "JaxProgram":
        """The program for arguments with an axis more; its results have it first."""

        def every(numbers: Any, *arrays: Any) -> list[Any]:
            one = lambda *arrays: self.fun(numbers, *arrays)
            return list(jax().vmap(one, in_axes=dims, out_axes=0, axis_size=size)(*arrays))

        like = [_with_axis(x, dim, size) for x, dim in zip(self.like, dims, strict=True)]
        make = lambda: JaxProgram(every, like, self.numbers, f"{self.name}_mapped")
        return self._once(("vmap", dims, size), make)  # type: ignore[no-any-return]

    def keeping(self, needs: Flags) -> "Pulled":
        """The program and its first derivative, which computes nothing twice."""
        return self._once(("keep", needs), lambda: Pulled(self, needs))  # type: ignore[no-any-return]


def _with_axis(x: Like, dim: int | None, size: int) -> Like:
    if dim is None:
        return x
    shape = list(x.shape)
    shape.insert(dim, size)
    return Like(torch.Size(shape), x.dtype, x.device)


class Pulled:
    """A program that keeps what its backward pass needs, as JAX's arrays."""

    def __init__(self, program: JaxProgram, needs: Flags) -> None:
        self.program = program
        real = program.real

        def forward(numbers: Any, *arrays: Any) -> Any:
            def split(*some: Any) -> Any:
                every = list(arrays)
                for place, x in zip(places, some, strict=True):
                    every[place] = x
                found = program.fun(numbers, *every)
                return [x for x, r in zip(found, real, strict=True) if r], [
                    x for x, r in zip(found, real, strict=True) if not r
                ]

            results, pull, others = jax().vjp(split, *[arrays[i] for i in places], has_aux=True)
            kept, shape[:] = jax().tree.flatten(pull)[0], [jax().tree.structure(pull)]
            found, rest = iter(results), iter(others)
            return [next(found if r else rest) for r in real], kept

        def backward(kept: Any, cotangents: Any) -> list[Any]:
            return _conjugated(jax().tree.unflatten(shape[0], kept)(_conjugated(cotangents)))

        # The structure of what is kept is noted here, because JAX would take it apart and rebuild it at every call.
        shape: list[Any] = []
        places = [i for i, need in enumerate(needs) if need]
        self._makers = [_maker(program.like[i]) for i in places]
        self._forward, self._backward = jax().jit(forward), jax().jit(backward)

    def forward(self, numbers: Any, tensors: Sequence[torch.Tensor]) -> tuple[list[torch.Tensor], Any]:
        """The results, and what the backward pass needs."""
        found, kept = self._forward(tuple(numbers), *[numpy_of(x) for x in tensors])
        return [make(x) for make, x in zip(self.program.makers, found, strict=True)], kept

    def backward(self, kept: Any, cotangents: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """The derivatives by the chosen arguments, for cotangents of the results that can have one."""
        found = self._backward(kept, [numpy_of(x) for x in cotangents])
        return [make(x) for make, x in zip(self._makers, found, strict=True)]
