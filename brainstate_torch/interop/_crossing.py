"""One array or tensor from one framework to the other."""

import functools
from typing import Any

import numpy as np
import torch

from .._arrays import short_dtype
from .._host.functorch import FakeTensor, level_of
from .._host.memory import address, apart, halved
from .._program.recording import is_recording
from .._state.value import Value
from ._borrowed import Borrowed
from ._extras import jax

__all__ = [
    "NARROWED",
    "NUMPY",
    "Memory",
    "array_of",
    "check_concrete",
    "is_key",
    "is_of_jax",
    "tensor_of",
    "with_numbers",
]

NARROWED = {
    torch.float64: torch.float32,
    torch.int64: torch.int32,
    torch.uint64: torch.uint32,
    torch.complex128: torch.complex64,
}
#: The dtypes that numpy has too, and that its DLPack supports.
NUMPY = {
    getattr(torch, name): np.dtype(name)
    for name in (
        *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64", "complex64", "complex128"),
    )
}


class Memory:
    """The memory of a tensor for numpy, without torch's knowing of a pointer that could be written."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self.tensor = tensor  # kept alive by the array
        size = tensor.element_size()
        self.__array_interface__ = {
            "data": (address(tensor), False),
            "shape": tuple(tensor.shape),
            "strides": tuple(size * stride for stride in tensor.stride()),
            "typestr": NUMPY[tensor.dtype].str,
            "version": 3,
        }


def check_concrete(x: torch.Tensor, path: str) -> None:
    """Raise if a tensor has no numbers of its own.

    Raises
    ------
    TypeError
        It is fake, of another layout than strided, or on the meta device.
    """
    if is_recording() or isinstance(x, FakeTensor) or x.is_meta:
        raise TypeError(
            f"{path} must have numbers to go to JAX. Got a tensor without, as `jit`, torch.compile and the meta device "
            "have. Make the JAX code a function and give it to `from_jax`, which is one operation there."
        )
    if level_of(x) != -1:
        raise TypeError(
            f"{path} must not be inside a transform to go to JAX. Got one that `grad`, `vmap` or another transform "
            "wraps. Make the JAX code a function and give it to `from_jax`, which can be transformed."
        )
    if x.layout != torch.strided or x.is_quantized:
        raise TypeError(
            f"{path} must be dense to go to JAX. Got layout {x.layout}, {short_dtype(x.dtype)}. Call x.to_dense()."
        )


def with_numbers(x: torch.Tensor, path: str, narrow: bool) -> torch.Tensor:
    """The tensor as JAX can hold it: detached, conjugated if it is to be, and of a width that is switched on there.

    Raises
    ------
    TypeError
        It has no numbers, or JAX would narrow it.
    """
    check_concrete(x, path)
    if x.requires_grad:
        x = x.detach()
    if x.is_complex() or x.is_floating_point():
        x = x.resolve_conj().resolve_neg()
    if x.dtype in NARROWED and not jax().config.jax_enable_x64:
        x = _narrowed(x, path, narrow)
    return x


def _narrowed(x: torch.Tensor, path: str, narrow: bool) -> torch.Tensor:
    less = x.to(NARROWED[x.dtype])
    if not narrow:
        raise TypeError(
            f"{path} must be at most 32 bit wide while jax_enable_x64 is off. Got {short_dtype(x.dtype)}, which JAX "
            f"would narrow. Pass narrow=True, convert it to {short_dtype(less.dtype)}, or call "
            'jax.config.update("jax_enable_x64", True).'
        )
    if not x.dtype.is_floating_point and not x.dtype.is_complex and not bool((less.to(x.dtype) == x).all()):
        raise ValueError(
            f"{path} must fit into {short_dtype(less.dtype)} to be narrowed. Got integers beyond it. "
            'Call jax.config.update("jax_enable_x64", True).'
        )
    return less


def array_of(x: torch.Tensor, path: str, narrow: bool) -> Any:
    """The JAX array of a tensor; neither changes when torch writes the other.

    Without a copy where the memory is torch's own and nobody else has a pointer to it: whoever writes the tensor later
    gets a copy then.
    """
    x = with_numbers(x, path, narrow)
    numpy = jax().numpy
    if x.device.type != "cpu":
        return _from_device(x, path)
    if not x.numel():
        return numpy.zeros(tuple(x.shape), dtype=_dtype_name(x, path))
    if x.dtype in NUMPY:
        dense = x.contiguous()
        mine = halved(dense) if isinstance(x, Value) and not isinstance(x, Borrowed) else apart(dense)
        return numpy.from_dlpack(np.asarray(Memory(mine)))
    _dtype_name(x, path)
    return numpy.from_dlpack(torch.Tensor.clone(x, memory_format=torch.contiguous_format).as_subclass(torch.Tensor))


def _from_device(x: torch.Tensor, path: str) -> Any:
    copy = x.clone(memory_format=torch.contiguous_format).as_subclass(torch.Tensor)
    return jax().numpy.from_dlpack(copy) if is_of_jax(x.device.type) else array_of(copy.cpu(), path, False)


@functools.cache
def is_of_jax(kind: str) -> bool:
    """Whether JAX has devices of this kind: its usual build knows the CPU alone."""
    try:
        jax().devices(kind)
    except RuntimeError:
        return False
    return True


def _dtype_name(x: torch.Tensor, path: str) -> str:
    name = short_dtype(x.dtype)
    if not hasattr(jax().numpy, name) and name != "bool":
        raise TypeError(f"{path} must have a dtype that JAX has. Got {name}. Convert it first: x.to(torch.float32).")
    return name


def is_key(x: Any) -> bool:
    """Whether it is an array of JAX's keys."""
    return bool(jax().dtypes.issubdtype(x.dtype, jax().dtypes.prng_key))


def tensor_of(x: Any, path: str, copy: bool | None) -> torch.Tensor:
    """The tensor of a JAX array.

    Raises
    ------
    TypeError
        It is traced, deleted, or holds what torch has not.
    """
    if isinstance(x, jax().core.Tracer):
        raise TypeError(
            f"{path} must have numbers to go to torch. Got a traced JAX value, as jax.jit, jax.grad and jax.vmap have. "
            "Make the torch code a function and give it to `to_jax`, which can be transformed."
        )
    if x.is_deleted():
        raise TypeError(f"{path} must be alive. Got a JAX array that was deleted or donated. Pass a copy of it.")
    if is_key(x):
        return _words(x, path)
    if len(x.devices()) > 1:
        return torch.from_numpy(np.array(x))
    try:
        tensor = torch.utils.dlpack.from_dlpack(x)
    except (RuntimeError, BufferError, ValueError, TypeError) as error:
        return _by_numpy(x, path, error)
    if copy:
        return tensor.clone()
    tensor.__class__ = Borrowed
    return tensor


def _by_numpy(x: Any, path: str, error: Exception) -> torch.Tensor:
    array = np.asarray(x)
    if array.dtype.kind not in "biufc":
        raise TypeError(
            f"{path} must have a dtype that torch has. Got {x.dtype}. Convert it first: x.astype('float32')."
        ) from error
    return torch.from_numpy(np.array(array, order="C"))


def _words(key: Any, path: str) -> torch.Tensor:
    name = str(jax().random.key_impl(key))
    if "threefry2x32" not in name and "fry" not in name:
        raise TypeError(
            f"{path} must be a key of the generator threefry2x32. Got one of {name}. "
            'Make it with jax.random.key(seed, impl="threefry2x32").'
        )
    return torch.from_numpy(np.array(jax().random.key_data(key)))
