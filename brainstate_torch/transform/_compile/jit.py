"""jit: a stateful function as a compiled program."""

from collections.abc import Callable, Iterable
from typing import Any, overload

from ..._errors import kind_of
from ..._program.backend import BACKENDS
from ...typing import Missing
from .._core.signatures import P, T
from .jitted import CAPACITY, Jitted

__all__ = ["jit"]

_MISSING = Missing()


@overload
def jit(
    fun: Callable[P, T],
    in_shardings: Any = None,
    out_shardings: Any = None,
    static_argnums: int | Iterable[int] | None = None,
    donate_argnums: int | Iterable[int] | None = None,
    static_argnames: str | Iterable[str] | None = None,
    donate_argnames: str | Iterable[str] | None = None,
    keep_unused: bool = False,
    device: Any = None,
    backend: str | None = None,
    inline: bool = False,
    name: str | None = None,
    maxsize: int = ...,
    cuda_graphs: bool | None = None,
    tiered: bool | None = None,
) -> Jitted[P, T]: ...


@overload
def jit(
    fun: Callable[P, Any],
    in_shardings: Any = None,
    out_shardings: Any = None,
    static_argnums: int | Iterable[int] | None = None,
    donate_argnums: int | Iterable[int] | None = None,
    static_argnames: str | Iterable[str] | None = None,
    donate_argnames: str | Iterable[str] | None = None,
    keep_unused: bool = False,
    device: Any = None,
    backend: str | None = None,
    inline: bool = False,
    name: str | None = None,
    maxsize: int = ...,
    cuda_graphs: bool | None = None,
    tiered: bool | None = None,
) -> Jitted[P, Any]: ...


@overload
def jit(
    *,
    in_shardings: Any = None,
    out_shardings: Any = None,
    static_argnums: int | Iterable[int] | None = None,
    donate_argnums: int | Iterable[int] | None = None,
    static_argnames: str | Iterable[str] | None = None,
    donate_argnames: str | Iterable[str] | None = None,
    keep_unused: bool = False,
    device: Any = None,
    backend: str | None = None,
    inline: bool = False,
    name: str | None = None,
    maxsize: int = ...,
    cuda_graphs: bool | None = None,
    tiered: bool | None = None,
) -> Callable[[Callable[P, T]], Jitted[P, T]]: ...


def jit(
    fun: Any = _MISSING,
    in_shardings: Any = None,
    out_shardings: Any = None,
    static_argnums: int | Iterable[int] | None = None,
    donate_argnums: int | Iterable[int] | None = None,
    static_argnames: str | Iterable[str] | None = None,
    donate_argnames: str | Iterable[str] | None = None,
    keep_unused: bool = False,
    device: Any = None,
    backend: str | None = None,
    inline: bool = False,
    name: str | None = None,
    maxsize: int = CAPACITY,
    cuda_graphs: bool | None = None,
    tiered: bool | None = None,
) -> Any:
    """A function as a compiled program: recorded at the first call, and from then on run without Python.

    The first call with arguments of a kind, which is their structure, shapes, dtypes, devices and units, and those of
    every State that is touched, runs the function once without numbers. States that it reads become inputs of the
    program, those that it writes outputs. Loops, branches, derivatives, maps, units and random draws are part of it.
    Python side effects such as printing happen at the recording only.

    Each call also checks what else the function reads: settings of ``environ``, of which numbers such as `t` and `i`
    are inputs; switches of torch such as autocast; the mode and the parts of modules; variables. If one has changed,
    another program is made. The page "What a compiled function sees" has the whole list, and what is frozen.

    Inside another transform the function runs as it is.

    Parameters
    ----------
    fun
        Takes and returns trees of tensors, arrays, numbers and quantities. Without it `jit` is a decorator.
    static_argnums, static_argnames
        Arguments that are not tensors: hashable values, which may decide what the program does. In a method ``self`` is
        0, and always static.
    backend
        'inductor' compiles, and needs a C++ compiler; 'replay' runs the recorded operations one by one. None: what
        ``environ.set(jit_backend=...)`` says when a program is made, else 'inductor'.
    name
        A name, for display.
    maxsize
        The number of programs that are kept; beyond it the one that was not used for longest is dropped.
    cuda_graphs
        Whether a program on a GPU is one CUDA graph from its second call on, launched at once. None: where the backend
        is 'inductor'. If something prevents it, such as a `while_loop`, a message says so once; `cost` names it, too.
    tiered
        Whether the first call waits for the compiler. True, for 'inductor' on the CPU: replay at once, while another
        process compiles; each loop and function goes over to machine code when its own is ready, also within a call.
        The numbers are the same to rounding, but where they change depends on time, so that two runs differ in last
        digits: good in a notebook, and not the default. ``compile(*args)`` waits. None: what
        ``environ.set(jit_tiered=...)`` says, else False.
    in_shardings, out_shardings, device
        Belong to JAX's devices: None only. A program runs where its tensors are.
    donate_argnums, donate_argnames, keep_unused, inline
        Accepted so that programs port.

    Returns
    -------
    Callable
        With ``compile(*args)``, ``cost()``, ``clear_cache()``, ``eval_shape(*args)``, ``origin_fun`` and
        ``stateful_fun``.

    Raises
    ------
    TypeError
        `fun` cannot be called; at a call: an argument is not a tensor, a static one holds a tensor, or, as
        ConcretizationError, the function asks for the number of a tensor.
    ValueError
        A number in `static_argnums` or `donate_argnums` is negative, `backend` is unknown, `maxsize` is less than 1, or
        a static argument is not hashable. At a call: as other transforms, or `jit_backend` of environ is unknown.
    NotImplementedError
        `in_shardings`, `out_shardings` or `device` is given.

    Notes
    -----
    Source: brainstate.transform.jit (0.5.4). Differs: settings of environ are not frozen; States made inside stay
    usable; a decorated method is bound to its instance. Compilation that takes longer than two seconds says so once.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> n = brainstate.State(torch.tensor(0.))
    >>> @brainstate.transform.jit(backend='replay')
    ... def count(x):
    ...     n.value += x
    ...     return 2 * n.value
    >>> count(torch.tensor(3.)), count(torch.tensor(4.)), n.value
    (tensor(6.), tensor(14.), tensor(7.))
    """
    for key, value in (("in_shardings", in_shardings), ("out_shardings", out_shardings), ("device", device)):
        if value is not None:
            raise NotImplementedError(f"`{key}` belongs to JAX's devices. Got one. Move tensors with `.to(device)`.")
    _places("donate_argnums", donate_argnums)
    static = frozenset(_places("static_argnums", static_argnums)), frozenset(_texts(static_argnames))
    if backend is not None and backend not in BACKENDS:
        raise ValueError(f"`backend` must be one of {', '.join(map(repr, BACKENDS))}. Got {backend!r}.")

    if maxsize < 1:
        raise ValueError(f"`maxsize` must be at least 1. Got {maxsize}. A program is kept to be run again.")

    def make(target: Any) -> Jitted[..., Any]:
        if not callable(target):
            raise TypeError(f"the function to compile must be callable. Got {kind_of(target)}.")
        return Jitted(target, static, backend, name, maxsize, cuda_graphs, tiered)

    return make if isinstance(fun, Missing) else make(fun)


def _places(name: str, places: int | Iterable[int] | None) -> tuple[int, ...]:
    found = () if places is None else (places,) if isinstance(places, int) else tuple(places)
    for place in found:
        if place < 0:
            raise ValueError(f"`{name}` must not be negative. Got {place}. Count the arguments from 0.")
    return found


def _texts(names: str | Iterable[str] | None) -> tuple[str, ...]:
    return () if names is None else (names,) if isinstance(names, str) else tuple(names)
