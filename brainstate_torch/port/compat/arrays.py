"""Functions of arrays that units.math lacks."""

import contextlib
import functools
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch

from ... import random, transform
from ...units import math
from ..arrays import numpy_dtype

__all__ = [
    "apply_along_axis",
    "dtype",
    "frombuffer",
    "identity",
    "load",
    "lognormal",
    "named_scope",
    "optax_l2_loss",
    "packbits",
    "save",
    "select",
    "select_n",
    "set_printoptions",
    "unpackbits",
    "vectorize",
]


def dtype(x: Any) -> torch.dtype:
    """The dtype that a word, a numpy dtype or a torch dtype names."""
    return x if isinstance(x, torch.dtype) else math.zeros(0, dtype=x).dtype


def select(which: Any, on_true: Any, on_false: Any) -> Any:
    """`on_true` where `which` holds, else `on_false`: ``jax.lax.select``."""
    return math.where(which, on_true, on_false)


def select_n(which: Any, *cases: Any) -> Any:
    """The case whose number `which` holds, element by element; False is the first: ``jax.lax.select_n``."""
    number = math.asarray(which).long()
    result = cases[0]
    for i, case in enumerate(cases[1:], 1):
        result = math.where(number == i, case, result)
    return result


def identity(x: Any) -> Any:
    """The same."""
    return x


def lognormal(key: Any, sigma: Any = 1.0, shape: Any = None, dtype: Any = None) -> Any:
    """Numbers whose logarithm is normal with standard deviation `sigma`: ``jax.random.lognormal``."""
    size = np.shape(sigma) if shape is None else shape
    return math.exp(sigma * random.normal(size=size, dtype=dtype, key=key))


def packbits(a: Any, axis: int | None = None, bitorder: str = "big") -> Any:
    """Bits, eight to a byte: ``jnp.packbits``."""
    x = math.asarray(a).reshape(-1) if axis is None else math.asarray(a)
    axis = -1 if axis is None else axis
    x = (x != 0).movedim(axis, -1)
    x = torch.nn.functional.pad(x, (0, -x.shape[-1] % 8))
    x = x.reshape(*x.shape[:-1], -1, 8)
    weights = 2 ** torch.arange(8, dtype=torch.int32, device=x.device)
    packed = (x * (weights.flip(0) if bitorder == "big" else weights)).sum(-1).to(torch.uint8)
    return packed.movedim(-1, axis)


def unpackbits(a: Any, axis: int | None = None, count: int | None = None, bitorder: str = "big") -> Any:
    """The bits of bytes: ``jnp.unpackbits``."""
    x = math.asarray(a).reshape(-1) if axis is None else math.asarray(a)
    axis = -1 if axis is None else axis
    places = torch.arange(8, device=x.device, dtype=torch.int32)
    places = places.flip(0) if bitorder == "big" else places
    bits = ((x.movedim(axis, -1).int()[..., None] >> places) & 1).to(torch.uint8).flatten(-2)
    return bits[..., :count].movedim(-1, axis)


def frombuffer(buffer: Any, dtype: Any = float, count: int = -1, offset: int = 0) -> Any:
    """An array of the bytes of a buffer."""
    return math.asarray(np.frombuffer(buffer, numpy_dtype(dtype), count, offset).copy())


def set_printoptions(**options: Any) -> None:
    """How arrays are printed, numpy's and torch's."""
    np.set_printoptions(**options)
    known = {k: v for k, v in options.items() if k in ("precision", "threshold", "edgeitems", "linewidth")}
    if "suppress" in options:
        known["sci_mode"] = not options["suppress"]
    printed: Any = torch.set_printoptions
    printed(**known)


def optax_l2_loss(predictions: Any, targets: Any = None) -> Any:
    """Half of the squared difference, as optax defines its ``l2_loss``."""
    difference = predictions if targets is None else predictions - targets
    return 0.5 * difference**2


def save(file: Any, arr: Any) -> None:
    """Write an array to a file of numpy's format."""
    np.save(file, np.asarray(torch.as_tensor(arr).detach().cpu()))


def load(file: Any, *args: Any, **kwargs: Any) -> Any:
    """Read an array from a file of numpy's format."""
    return math.asarray(np.load(file, *args, **kwargs))


def apply_along_axis(func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    """A function of vectors along one axis of an array."""
    moved = math.moveaxis(arr, axis, -1)
    mapped: Callable[..., Any] = lambda row: func1d(row, *args, **kwargs)
    for _ in range(moved.ndim - 1):
        mapped = transform.vmap(mapped)
    result = mapped(moved)
    place = axis % arr.ndim
    extra = result.ndim - (moved.ndim - 1)
    if extra == 0:
        return result
    first = moved.ndim - 1
    return math.moveaxis(result, list(range(first, first + extra)), list(range(place, place + extra)))


def vectorize(
    pyfunc: Callable[..., Any], *, excluded: Sequence[Any] = (), signature: str | None = None
) -> Callable[..., Any]:
    """A function, mapped over the axes that broadcast: ``jnp.vectorize``.

    Parameters
    ----------
    pyfunc
        A function of arrays.
    excluded
        Places and names of arguments that are handed on as they are.
    signature
        The axes that the function itself takes, such as ``'(n),(n)->()'``; None for none.

    Returns
    -------
    Callable
        The mapped function.
    """
    inner = None if signature is None else [part.count(",") + bool(part.strip()) for part in _CORE.findall(signature)]
    taken = None if signature is None else len(_CORE.findall(signature.partition("->")[0]))

    @functools.wraps(pyfunc)
    def whole(*args: Any, **named: Any) -> Any:
        places = [i for i in range(len(args)) if i not in excluded]
        if taken is not None and len(places) != taken:
            raise TypeError(
                f"`{signature}` takes {taken} arguments. Got {len(places)}. Leave the others in `excluded`."
            )
        arrays = [math.asarray(args[i]) for i in places]
        cores = [0] * len(arrays) if inner is None else inner[: len(arrays)]
        outer = [tuple(x.shape[: x.ndim - n]) for x, n in zip(arrays, cores, strict=True)]
        lanes = torch.broadcast_shapes(*outer)  # type: ignore[no-untyped-call]
        arrays = [math.broadcast_to(x, (*lanes, *x.shape[x.ndim - n :])) for x, n in zip(arrays, cores, strict=True)]

        def one(*parts: Any) -> Any:
            merged = list(args)
            for i, part in zip(places, parts, strict=True):
                merged[i] = part
            return pyfunc(*merged, **named)

        mapped: Callable[..., Any] = one
        for _ in lanes:
            mapped = transform.vmap(mapped)
        return mapped(*arrays)

    return whole


#: The axes of one argument or result in a signature.
_CORE = re.compile(r"\(([^)]*)\)")


@contextlib.contextmanager
def named_scope(name: str) -> Iterator[None]:
    """A name for what happens in a block, in torch's profiler."""
    with torch.profiler.record_function(name):
        yield
