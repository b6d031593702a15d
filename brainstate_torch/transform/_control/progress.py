"""ProgressBar: how far a loop has come, on stderr."""

import importlib
import importlib.util
import sys
from collections.abc import Callable
from numbers import Integral
from typing import Any, Self

import torch

from ... import _tree
from ..._errors import kind_of
from ..._host.functorch import concrete

__all__ = ["Progress", "ProgressBar", "as_progress"]

Describe = tuple[str, Callable[[dict[str, Any]], dict[str, Any]]]


class ProgressBar:
    """How a loop shows its progress: by tqdm where it is installed, else by a line of text for each update.

    Parameters
    ----------
    freq
        After how many steps to update.
    count
        How many updates there are to be; by default about 20. Not together with `freq`.
    desc
        A string, or ``(format, function)``: the function takes a dict with the number of the step, ``i``, and what the
        loop has at hand (``carry`` and ``y``), and returns the dict that the format is filled with.
    **kwargs
        For tqdm; `file` and `disable` also hold without it.

    Raises
    ------
    ValueError
        `freq` or `count` is not positive, both are given, or `desc` is not a pair.
    TypeError
        `desc` is of another type.

    Notes
    -----
    Source: brainstate.transform.ProgressBar (0.5.4). Differs: the function of `desc` runs only when the bar is updated.

    Examples
    --------
    >>> import sys, torch, brainstate_torch as brainstate
    >>> bar = brainstate.transform.ProgressBar(count=2, desc='steps', disable=True)
    >>> brainstate.transform.for_loop(lambda x: 2 * x, torch.arange(4), pbar=bar)
    tensor([0, 2, 4, 6])
    """

    def __init__(
        self, freq: int | None = None, count: int | None = None, desc: str | Describe | None = None, **kwargs: Any
    ) -> None:
        for name, number in (("freq", freq), ("count", count)):
            if number is not None and (not isinstance(number, Integral) or number < 1):
                raise ValueError(f"`{name}` must be a positive integer. Got {number!r}.")
        if freq is not None and count is not None:
            raise ValueError("`freq` and `count` must not be given together. Got both. Leave one out.")
        self.print_freq, self.print_count, self.desc = freq, count, _checked_desc(desc)
        # The loop decides when to update, and the total.
        self.kwargs = {k: v for k, v in kwargs.items() if k not in ("total", "mininterval", "maxinterval", "miniters")}

    def init(self, n: int) -> "Progress":
        """The bar of one loop of `n` steps.

        Parameters
        ----------
        n
            The number of steps.

        Returns
        -------
        Any
            The bar.

        Raises
        ------
        ValueError
            `freq` or `count` is larger than `n`.
        """
        for name, number in (("freq", self.print_freq), ("count", self.print_count)):
            if number is not None and number > n:
                raise ValueError(f"`{name}` must not exceed the number of steps, {n}. Got {number}.")
        every = self.print_freq or (n // self.print_count if self.print_count else max(n // 20, 1))
        return Progress(n, every, self.desc or f"Running for {n:,} iterations", self.kwargs)


def _checked_desc(desc: Any) -> Any:
    if desc is None or isinstance(desc, str):
        return desc
    if not isinstance(desc, (tuple, list)):
        raise TypeError(f"`desc` must be a string or a pair (format, function). Got {kind_of(desc)}.")
    if len(desc) != 2:
        raise ValueError(f"`desc` must be a string or a pair (format, function). Got {len(desc)} values.")
    if not isinstance(desc[0], str) or not callable(desc[1]):
        seen = f"({type(desc[0]).__name__}, {type(desc[1]).__name__})"
        raise TypeError(f"`desc` must be a string or a pair (format, function). Got {seen}.")
    return tuple(desc)


def as_progress(pbar: Any, n: int) -> "Progress":
    """The bar of one loop, from the argument `pbar`; None gives one that shows nothing."""
    if pbar is None:
        return Progress(n, n + 1, "", {}, active=False)
    if isinstance(pbar, Integral):
        pbar = ProgressBar(freq=int(pbar))
    if not isinstance(pbar, ProgressBar):
        raise TypeError(f"`pbar` must be a ProgressBar or an integer. Got {kind_of(pbar)}.")
    return pbar.init(n)


class Progress:
    """The bar of one loop, counting its steps; a context that closes it."""

    def __init__(
        self, n: int, every: int, desc: str | Describe, kwargs: dict[str, Any], *, active: bool = True
    ) -> None:
        self.n, self.every, self.desc, self.kwargs, self.active = n, every, desc, kwargs, active
        self.done = 0
        self.bar: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """End the bar; the next step starts a new one."""
        if self.bar is not None:
            self.bar.close()
        self.bar, self.done = None, 0

    def step(self, **data: Any) -> None:
        """Count a step, and update the bar if its time has come."""
        if self.done == self.n:
            return
        if self.bar is None:
            self.bar = _bar_class()(total=self.n, **self.kwargs)
            self.bar.set_description(self._text(data), refresh=False)
        behind = (self.done + 1) % self.every
        if behind == 0 or self.done + 1 == self.n:
            if not isinstance(self.desc, str):
                self.bar.set_description(self._text(data), refresh=False)
            self.bar.update(behind or self.every)
        self.done += 1

    def _text(self, data: dict[str, Any]) -> str:
        if isinstance(self.desc, str):
            return self.desc
        template, describe = self.desc
        values = describe({"i": self.done, **_tree.map(_visible, data)})
        if not isinstance(values, dict):
            raise TypeError(f"the function of `desc` must return a dict. Got {kind_of(values)}.")
        return template.format(**values)


def _visible(leaf: Any) -> Any:
    return concrete(leaf).detach() if isinstance(leaf, torch.Tensor) else leaf


def _bar_class() -> Callable[..., Any]:
    if importlib.util.find_spec("tqdm") is None:
        return Lines
    return importlib.import_module("tqdm.auto").tqdm  # type: ignore[no-any-return]


class Lines:
    """The part of tqdm's interface that is used, where tqdm is not installed: each update prints a line."""

    def __init__(self, total: int, file: Any = None, disable: bool = False, **ignored: Any) -> None:
        self.total, self.file, self.disable, self.n = total, file, disable, 0

    def set_description(self, description: str, refresh: bool = True) -> None:
        """Set the text that lines begin with."""
        self.description = description

    def update(self, n: int) -> None:
        """Count `n` more steps."""
        self.n += n
        if not self.disable:
            print(f"{self.description}: {self.n}/{self.total}", file=self.file or sys.stderr, flush=True)

    def close(self) -> None:
        """End the bar."""
