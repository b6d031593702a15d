"""Random matrices that are drawn anew for each product, and store no entries.

The entries are those of brainevent for the same seed, bit by bit: each line is cut into chunks and lanes, each of which
walks along the line with steps from a stream of its own. Outside of jit a product holds the entries of a block of lines
at a time. A jitted program keeps the places that it was recorded with.
"""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
import torch

from ..units import math
from .representation import DataRepresentation, as_tree

__all__ = [
    "JITCMatrix",
    "JITCNormalC",
    "JITCNormalR",
    "JITCScalarC",
    "JITCScalarMatrix",
    "JITCScalarR",
    "JITCUniformC",
    "JITCUniformR",
]

_LANES, _CHUNKS = 32, 4
#: Streams that walk at once.
_BLOCK = 1 << 18
_WORD = np.uint64(0xFFFFFFFF)


def _times(x: Any, factor: int) -> Any:
    """The lower word of a product."""
    return ((x.astype(np.uint64) * np.uint64(factor)) & _WORD).astype(np.uint32)


def _mixed(x: Any) -> Any:
    x = x ^ (x >> np.uint32(16))
    x = _times(x, 0x7FEB352D)
    x = x ^ (x >> np.uint32(15))
    x = _times(x, 0x846CA68B)
    return x ^ (x >> np.uint32(16))


def _next(x: Any) -> Any:
    """The next state of xorshift32."""
    x = x ^ (x << np.uint32(13))
    x = x ^ (x >> np.uint32(17))
    x = x ^ (x << np.uint32(5))
    return np.where(x == 0, np.uint32(0x6D2B79F5), x)


def _below(x: Any, bound: int) -> Any:
    """A state as a number below a bound."""
    return ((x.astype(np.uint64) * np.uint64(bound)) >> np.uint64(32)).astype(np.int64)


def _walks(seed: int, first: int, last: int, length: int, step: int) -> tuple[Any, Any]:
    """The lines `first` to `last`: each entry's line, and its place in it."""
    chunk = max(1, -(-length // _CHUNKS))
    chunks = -(-length // chunk)
    line, part, lane = (
        x.reshape(-1) for x in np.meshgrid(np.arange(first, last), np.arange(chunks), np.arange(_LANES), indexing="ij")
    )
    key = np.uint32(seed & 0xFFFFFFFF) ^ np.uint32(0xD1B54A35)
    state = _mixed(key ^ _times(line, 0x85EBCA6B) ^ _times(part, 0xC2B2AE35) ^ _times(lane, 0x27D4EB2D))
    state = np.where(state == 0, np.uint32(0x6D2B79F5), state)
    bound = max(step, 2) - 1
    # Where the first step ends within a stationary walk, by rejection.
    place, open_ = np.zeros(len(state), np.int64), np.arange(len(state))
    while len(open_):
        one = _next(state[open_])
        two = _next(one)
        state[open_], place[open_] = two, _below(one, bound)
        open_ = open_[_below(two, bound) >= bound - place[open_]]
    start, width = part * chunk, np.minimum(chunk, length - part * chunk)
    lines, places = [], []
    walking = np.arange(len(state))
    while True:
        local = lane[walking] + _LANES * place[walking]
        inside = local < width[walking]
        walking, local = walking[inside], local[inside]
        if not len(walking):
            break
        lines.append(line[walking])
        places.append(start[walking] + local)
        state[walking] = _next(state[walking])
        place[walking] += 1 + _below(state[walking], bound)
    empty = np.zeros(0, np.int64)
    return (np.concatenate(lines), np.concatenate(places)) if lines else (empty, empty)


def _uniform(seed: int, line: Any, place: Any) -> Any:
    """A number of 24 bits in [0, 1) for each entry."""
    key = np.uint32(seed & 0xFFFFFFFF) ^ np.uint32(0xA0761D65)
    word = _mixed(key ^ _times(line, 0xE7037ED1) ^ _times(place, 0x8EBC6AF1))
    return ((word & np.uint32(0x00FFFFFF)) * np.float32(1 / 16777216)).astype(np.float32)


def _rational(x: Any, above: Sequence[float], below: Sequence[float]) -> Any:
    top, bottom = np.float32(0), np.float32(0)
    for c in above:
        top = top * x + np.float32(c)
    for c in below:
        bottom = bottom * x + np.float32(c)
    return top / bottom


_MIDDLE = (
    (-39.696830, 220.94609, -275.92851, 138.35775, -30.664799, 2.5066283),
    (-54.476099, 161.58584, -155.69898, 66.801312, -13.280681, 1.0),
)
_TAIL = (
    (-0.007784894, -0.32239646, -2.4007583, -2.5497325, 4.3746641, 2.9381640),
    (0.007784696, 0.32246713, 2.4451342, 3.7544087, 1.0),
)


def _normal(seed: int, line: Any, place: Any) -> Any:
    """A standard normal number for each entry, by the inverse distribution as a quotient of polynomials."""
    u = np.clip(_uniform(seed, line, place), np.float32(1e-10), np.float32(1 - 1e-10))
    v = u - np.float32(0.5)
    middle = _rational(v * v, *_MIDDLE) * v
    with np.errstate(divide="ignore"):
        low = -_rational(np.sqrt(np.float32(-2) * np.log(u)), *_TAIL)
        high = _rational(np.sqrt(np.float32(-2) * np.log(np.float32(1) - u)), *_TAIL)
    return np.where(u < np.float32(0.02425), low, np.where(u > np.float32(0.97575), high, middle))


class JITCMatrix(DataRepresentation):
    """Base of the matrices that are drawn for each product.

    Parameters
    ----------
    *numbers
        The parameters of the entries, the probability of an entry, and the seed; or one tuple of them.
    shape
        The number of rows and columns.
    corder
        Whether each row is a walk, or each column: other matrices of the same statistics.
    backend, buffers
        Without effect.
    **named
        The numbers by their names.

    Raises
    ------
    ValueError
        The probability is not between 0 and 1.

    Notes
    -----
    Source: brainevent.JITCScalarR, JITCNormalR, JITCUniformR and their transposes (0.2.1).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import event
    >>> matrix = event.JITCScalarR(1.5, 0.1, 42, shape=(10, 4))
    >>> bool(((torch.ones(10) @ matrix) == matrix.todense().sum(0)).all())
    True
    """

    #: The names of the parameters of the entries.
    _names: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, *numbers: Any, shape: Sequence[int], corder: bool = False, backend: str | None = None,
        buffers: Any = None, **named: Any,
    ) -> None:  # fmt: skip
        words = (*self._names, "prob", "seed")
        given = numbers[0] if len(numbers) == 1 and isinstance(numbers[0], (tuple, list)) else numbers
        named = {f"w{key}" if f"w{key}" in self._names else key: x for key, x in named.items()}  # brainevent's words
        found = {**dict(zip(words, given, strict=False)), **named}
        if set(found) != set(words) or len(given) > len(words):
            raise TypeError(f"{type(self).__name__} takes {', '.join(words)}. Got {', '.join(map(str, found))}.")
        prob = float(found["prob"])
        if not 0 <= prob <= 1:
            raise ValueError(f"`prob` must be between 0 and 1. Got {prob}.")
        parameters = [math.asarray(found[name]) for name in self._names]
        super().__init__(parameters[0] if len(parameters) == 1 else math.stack(parameters), shape, backend)
        self.prob, self.seed, self.corder = prob, int(found["seed"]), corder

    # The walk is along rows or columns; what it gives is the same for a matrix and its transpose.

    def _blocks(self) -> Iterator[tuple[Any, Any]]:
        """Lines and places of the entries, some lines at a time."""
        if self.prob == 0:
            return
        count, length = self.shape if self.corder else self.shape[::-1]
        step = int(np.ceil(np.float32(2 / self.prob)))
        lines = max(1, _BLOCK // (_LANES * _CHUNKS))
        for first in range(0, count, lines):
            yield _walks(self.seed, first, min(first + lines, count), length, step)

    def _drawn(self, line: Any, place: Any) -> torch.Tensor | None:
        """A number for each entry, where entries differ."""
        return None

    def _entries(self) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]]:
        """Rows, columns and drawn numbers, some lines at a time."""
        device = self.data.device
        for line, place in self._blocks():
            row, col = (line, place) if self.corder else (place, line)
            drawn = self._drawn(line, place)
            yield (
                torch.from_numpy(row).to(device), torch.from_numpy(col).to(device),
                None if drawn is None else drawn.to(device),
            )  # fmt: skip

    @property
    def row(self) -> torch.Tensor:
        """The row of each entry, drawn now."""
        found = [row for row, _, _ in self._entries()]
        return torch.cat(found) if found else torch.zeros(0, dtype=torch.long)

    @property
    def col(self) -> torch.Tensor:
        """The column of each entry, drawn now."""
        found = [col for _, col, _ in self._entries()]
        return torch.cat(found) if found else torch.zeros(0, dtype=torch.long)

    def _valued(self, numbers: Any, drawn: torch.Tensor | None) -> Any:
        """The entries by their parameters and what was drawn for them."""
        return numbers if drawn is None else numbers[0] + drawn.to(numbers.dtype) * self._spread(numbers)

    def _spread(self, numbers: Any) -> Any:
        return numbers[1]

    def _own(self) -> Any:
        if len(self._names) == 1:
            return self.data.reshape(-1).expand(self.nse)
        values = [self._valued(self.data, drawn) for _, _, drawn in self._entries()]
        return math.concatenate(values) if values else self.data[:0]

    def _lanes(self, x: torch.Tensor, numbers: torch.Tensor, is_left: bool) -> torch.Tensor:
        length = self.shape[1] if is_left else self.shape[0]
        result = torch.zeros(*x.shape[:-1], length, dtype=numbers.dtype, device=x.device)
        for row, col, drawn in self._entries():
            source, target = (row, col) if is_left else (col, row)
            terms = x.index_select(-1, source).to(numbers.dtype) * self._valued(numbers, drawn)
            result = result.index_add(-1, target, terms)
        return result

    def _scaled(self, other: Any, operation: Any) -> Any:
        if math.size(other) != 1:
            raise ValueError(
                f"a matrix that stores nothing takes one factor. Got shape {tuple(math.shape(other))}. "
                "Multiply `matrix.todense()`."
            )
        return self._with(operation(self.data, other))

    def transpose(self) -> "JITCMatrix":
        """Rows and columns exchanged.

        Returns
        -------
        JITCMatrix
            The matrix.
        """
        kind: Any = globals()[type(self).__name__[:-1] + ("C" if type(self).__name__.endswith("R") else "R")]
        other: JITCMatrix = object.__new__(kind)
        vars(other).update(vars(self), shape=self.shape[::-1], corder=not self.corder)
        other._places = other
        return other

    def __getattr__(self, name: str) -> Any:
        if name in type(self)._names:
            return self.data if len(self._names) == 1 else self.data[self._names.index(name)]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)}" for name in self._names)
        return (
            f"{type(self).__name__}(shape={self.shape}, {shown}, prob={self.prob}, seed={self.seed}, "
            f"corder={self.corder})"
        )


class JITCScalarMatrix(JITCMatrix):
    """Base of the matrices with one number for all entries.

    Examples
    --------
    >>> from brainstate_torch import event
    >>> isinstance(event.JITCScalarR(1.5, 0.1, 42, shape=(10, 4)), event.JITCScalarMatrix)
    True
    """

    _names = ("weight",)


class _Normal(JITCMatrix):
    _names = ("wloc", "wscale")

    def _drawn(self, line: Any, place: Any) -> torch.Tensor:
        return torch.from_numpy(_normal(self.seed, line, place))


class _Uniform(JITCMatrix):
    _names = ("wlow", "whigh")

    def _drawn(self, line: Any, place: Any) -> torch.Tensor:
        return torch.from_numpy(_uniform(self.seed, line, place))

    def _spread(self, numbers: Any) -> Any:
        return numbers[1] - numbers[0]


@as_tree
class JITCScalarR(JITCScalarMatrix):
    """A random matrix with one number for all entries: ``(weight, prob, seed)``.

    Examples
    --------
    >>> from brainstate_torch import event
    >>> event.JITCScalarR(1.5, 1.0, 42, shape=(2, 3)).todense().sum().item()
    9.0
    """


@as_tree
class JITCScalarC(JITCScalarMatrix):
    """The same as the transpose of a :class:`JITCScalarR`.

    Examples
    --------
    >>> from brainstate_torch import event
    >>> event.JITCScalarC(1.5, 1.0, 42, shape=(2, 3)).T.shape
    (3, 2)
    """


@as_tree
class JITCNormalR(_Normal):
    """A random matrix of normal numbers: ``(loc, scale, prob, seed)``.

    Examples
    --------
    >>> from brainstate_torch import event
    >>> event.JITCNormalR(0.0, 1.0, 0.5, 42, shape=(2, 3)).todense().shape
    torch.Size([2, 3])
    """


@as_tree
class JITCNormalC(_Normal):
    """The same as the transpose of a :class:`JITCNormalR`.

    Examples
    --------
    >>> from brainstate_torch import event
    >>> event.JITCNormalC(0.0, 1.0, 0.5, 42, shape=(2, 3)).T.shape
    (3, 2)
    """


@as_tree
class JITCUniformR(_Uniform):
    """A random matrix of uniform numbers: ``(low, high, prob, seed)``.

    Examples
    --------
    >>> from brainstate_torch import event
    >>> event.JITCUniformR(0.0, 1.0, 0.5, 42, shape=(2, 3)).todense().shape
    torch.Size([2, 3])
    """


@as_tree
class JITCUniformC(_Uniform):
    """The same as the transpose of a :class:`JITCUniformR`.

    Examples
    --------
    >>> from brainstate_torch import event
    >>> event.JITCUniformC(0.0, 1.0, 0.5, 42, shape=(2, 3)).T.shape
    (3, 2)
    """
