"""Plots of the tutorials: a grid of axes, lines, spikes."""

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np

from .._state import State
from ..units import as_quantity, as_unit, get_mantissa, is_quantity, math, ms

__all__ = ["get_figure", "line_plot", "raster_plot", "remove_axis"]


def pyplot() -> ModuleType:
    """matplotlib.pyplot.

    Raises
    ------
    ImportError
        It is not installed.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            "`visualize` draws with matplotlib. Got an environment without it. Write `pip install matplotlib`."
        ) from error
    return plt


def numbers(x: Any) -> np.ndarray[Any, Any]:
    """Numbers for matplotlib: of a State, a quantity (in its unit), a tensor or an array."""
    x = x.value if isinstance(x, State) else x
    array: np.ndarray[Any, Any] = get_mantissa(math.asarray(x)).numpy(force=True)
    return array


def times(ts: Any) -> np.ndarray[Any, Any]:
    """Times in ms, or as they are where they have no unit of time."""
    if is_quantity(ts) and as_quantity(ts).unit.dim == as_unit(ms).dim:
        ts = as_quantity(ts).in_unit(ms)
    return numbers(ts)


def _finished(ax: Any, labels: dict[str, Any], limits: dict[str, Any], show: bool) -> Any:
    for name, text in labels.items():
        if text:
            getattr(ax, f"set_{name}")(text)
    for name, pair in limits.items():
        if pair is not None:
            getattr(ax, f"set_{name}")(pair[0], pair[1])
    if show:
        pyplot().show()
    return ax


def _check_times(ts: np.ndarray[Any, Any], values: np.ndarray[Any, Any], name: str) -> None:
    if len(ts) != len(values):
        raise ValueError(f"`{name}` must have one row for each of `ts`. Got {len(values)} rows and {len(ts)} times.")


def get_figure(row_num: int, col_num: int, row_len: float = 3, col_len: float = 6) -> tuple[Any, Any]:
    """A figure, and a grid of places for axes in it.

    Parameters
    ----------
    row_num, col_num
        How many rows and columns the grid has.
    row_len, col_len
        The height of a row and the width of a column, in inches.

    Returns
    -------
    tuple
        The figure and the grid.

    Raises
    ------
    ImportError
        matplotlib is not installed.

    Notes
    -----
    Source: braintools.visualize.get_figure (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import visualize
    >>> figure, grid = visualize.get_figure(2, 3)
    >>> axes = figure.add_subplot(grid[0, 1])
    >>> [float(x) for x in figure.get_size_inches()]
    [18.0, 6.0]
    """
    figure = pyplot().figure(figsize=(col_num * col_len, row_num * row_len), constrained_layout=True)
    return figure, figure.add_gridspec(row_num, col_num)


def line_plot(
    ts: Any,
    val_matrix: Any,
    plot_ids: int | Sequence[int] | None = None,
    ax: Any = None,
    xlim: Any = None,
    ylim: Any = None,
    xlabel: str | None = "Time (ms)",
    ylabel: str | None = None,
    legend: str | None = None,
    title: str | None = None,
    show: bool = False,
    colors: Sequence[Any] | None = None,
    alpha: float = 1.0,
    linewidth: float = 1.0,
    **kwargs: Any,
) -> Any:
    """Some columns of a matrix as lines over time.

    Parameters
    ----------
    ts
        The times, ``[time]``; in ms where they have a unit.
    val_matrix
        The values, ``[time, *N]``.
    plot_ids
        Which columns; None for the first.
    ax
        Where to draw; None for matplotlib's present axes.
    xlim, ylim
        Pairs of limits; None for those of the data.
    xlabel, ylabel, title
        Strings; None for none.
    legend
        The name of the lines.
    show
        Whether to show the figure.
    colors
        The colours of the lines, used again from the first.
    alpha, linewidth
        As matplotlib has them.
    **kwargs
        Further arguments of matplotlib's `plot`.

    Returns
    -------
    Axes
        The axes.

    Raises
    ------
    ValueError
        There are not as many times as rows, or no such column.
    ImportError
        matplotlib is not installed.

    Notes
    -----
    Source: braintools.visualize.line_plot (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch.units as u
    >>> from brainstate_torch import visualize
    >>> axes = visualize.line_plot(torch.arange(3.) * u.ms, torch.ones(3, 2), [0, 1])
    >>> len(axes.lines)
    2
    """
    values = numbers(val_matrix)
    if not len(values):
        raise ValueError("`val_matrix` must have a row at least. Got none.")
    values, ts = values.reshape(len(values), -1), times(ts)
    _check_times(ts, values, "val_matrix")
    places = [0] if plot_ids is None else [plot_ids] if isinstance(plot_ids, int) else [int(i) for i in plot_ids]
    wrong = [place for place in places if not 0 <= place < values.shape[1]]
    if wrong:
        raise ValueError(f"`plot_ids` must be at least 0 and below {values.shape[1]}. Got {wrong}.")
    ax = pyplot().gca() if ax is None else ax
    for i, place in enumerate(places):
        style = {"alpha": alpha, "linewidth": linewidth, **kwargs}
        if colors is not None:
            style["color"] = colors[i % len(colors)]
        if legend:
            style["label"] = legend if len(places) == 1 else f"{legend}-{place}"
        ax.plot(ts, values[:, place], **style)
    if legend:
        ax.legend()
    return _finished(ax, {"xlabel": xlabel, "ylabel": ylabel, "title": title}, {"xlim": xlim, "ylim": ylim}, show)


def raster_plot(
    ts: Any,
    sp_matrix: Any,
    ax: Any = None,
    marker: str = ".",
    markersize: float = 2,
    color: Any = "k",
    xlabel: str | None = "Time (ms)",
    ylabel: str | None = "Neuron index",
    xlim: Any = None,
    ylim: Any = None,
    title: str | None = None,
    show: bool = False,
    alpha: float = 1.0,
    **kwargs: Any,
) -> Any:
    """Spikes as points over time.

    Parameters
    ----------
    ts
        The times, ``[time]``; in ms where they have a unit.
    sp_matrix
        The spikes, ``[time, neurons]``: what is above zero is one.
    ax
        Where to draw; None for matplotlib's present axes.
    marker, markersize, color, alpha
        As matplotlib has them.
    xlabel, ylabel, title
        Strings; None for none.
    xlim, ylim
        Pairs of limits; None for those of the data.
    show
        Whether to show the figure.
    **kwargs
        Further arguments of matplotlib's `scatter`.

    Returns
    -------
    Axes
        The axes.

    Raises
    ------
    ValueError
        There are not as many times as rows.
    ImportError
        matplotlib is not installed.

    Notes
    -----
    Source: braintools.visualize.raster_plot (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch.units as u
    >>> from brainstate_torch import visualize
    >>> axes = visualize.raster_plot(torch.arange(3.) * u.ms, torch.eye(3))
    >>> axes.get_ylabel()
    'Neuron index'
    """
    values, ts = numbers(sp_matrix), times(ts)
    if values.ndim != 2 or not len(values):
        raise ValueError(f"`sp_matrix` must have two axes, time and neurons. Got shape {values.shape}.")
    _check_times(ts, values, "sp_matrix")
    step, neuron = np.nonzero(values > 0)
    ax = pyplot().gca() if ax is None else ax
    ax.scatter(ts[step], neuron, marker=marker, c=color, s=markersize, alpha=alpha, **kwargs)
    return _finished(ax, {"xlabel": xlabel, "ylabel": ylabel, "title": title}, {"xlim": xlim, "ylim": ylim}, show)


def remove_axis(ax: Any, *pos: str) -> None:
    """Take the frame, or some of its sides, from axes.

    Parameters
    ----------
    ax
        The axes.
    *pos
        ``'left'``, ``'right'``, ``'top'``, ``'bottom'``; none for all, and the ticks.

    Raises
    ------
    ValueError
        A side is another one.

    Notes
    -----
    Source: braintools.visualize.remove_axis (0.3.0).

    Examples
    --------
    >>> from brainstate_torch import visualize
    >>> figure, grid = visualize.get_figure(1, 1)
    >>> axes = figure.add_subplot(grid[0, 0])
    >>> visualize.remove_axis(axes, 'right', 'top')
    >>> axes.spines['right'].get_visible()
    False
    """
    sides = ("left", "right", "top", "bottom")
    for side in pos:
        if side not in sides:
            raise ValueError(f"`pos` must be one of {', '.join(sides)}. Got {side!r}.")
    for side in pos or sides:
        ax.spines[side].set_visible(False)
    if not pos:
        ax.set_xticks([])
        ax.set_yticks([])
