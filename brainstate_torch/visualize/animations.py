"""Animations: populations in one and two dimensions."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .. import environ
from ..units import as_quantity, is_quantity, ms
from .plots import numbers, pyplot

__all__ = ["animate_1D", "animate_2D", "animator"]


def _step(dt: Any) -> float:
    dt = environ.get_dt() if dt is None else dt
    return float(as_quantity(dt).in_unit(ms).mantissa if is_quantity(dt) else dt)


def _animation(
    figure: Any, frame: Any, frames: Any, delay: float, save: Any, gif_dpi: Any, fps: Any, show: bool
) -> Any:
    from matplotlib import animation

    made = animation.FuncAnimation(figure, frame, frames=frames, interval=delay, repeat_delay=3000)
    if save is None:
        if show:
            pyplot().show()
    elif str(save).endswith("gif"):
        made.save(save, dpi=gif_dpi, writer="pillow")
    else:
        made.save(save if str(save).endswith("mp4") else f"{save}.mp4", writer="ffmpeg", fps=fps, bitrate=3000)
    return made


def animate_2D(
    values: Any,
    net_size: tuple[int, int],
    dt: Any = None,
    val_min: float | None = None,
    val_max: float | None = None,
    cmap: Any = None,
    frame_delay: float = 10,
    frame_step: int = 1,
    title_size: float = 10,
    figsize: tuple[float, float] | None = None,
    gif_dpi: float | None = None,
    video_fps: float | None = None,
    save_path: str | None = None,
    show: bool = True,
) -> Any:
    """The potentials of a sheet of neurons as a film.

    Parameters
    ----------
    values
        The values, ``[time, height * width]`` or ``[time, height, width]``.
    net_size
        Height and width.
    dt
        The time step; None for that of `environ`.
    val_min, val_max
        The limits of the colours; None for those of the values.
    cmap
        The colours.
    frame_delay
        The time between two pictures, in ms.
    frame_step
        Every which step is shown.
    title_size, figsize
        As matplotlib has them.
    gif_dpi, video_fps
        The resolution of a gif, and the pictures in a second of a film.
    save_path
        Where to save it, a gif or mp4; None for nowhere.
    show
        Whether to show the figure, if it is not saved.

    Returns
    -------
    FuncAnimation
        The animation.

    Raises
    ------
    ValueError
        The shapes do not fit.
    ImportError
        matplotlib is not installed.

    Notes
    -----
    Source: braintools.visualize.animate_2D (0.3.0). Differs: gifs are written by pillow.

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import visualize
    >>> film = visualize.animate_2D(torch.rand(4, 6), (2, 3), dt=1., show=False)
    >>> len(film.to_jshtml()) > 1000
    True
    """
    pictures = numbers(values)
    height, width = net_size
    if (
        pictures.ndim not in (2, 3)
        or pictures[0].size != height * width
        or (pictures.ndim == 3 and pictures.shape[1:] != (height, width))
    ):
        raise ValueError(f"`values` must have the shape [time, {height} * {width}]. Got {pictures.shape}.")
    pictures, step = pictures.reshape(-1, height, width), _step(dt)
    plt = pyplot()
    figure = plt.figure(figsize=figsize or (6, 6), constrained_layout=True)
    ax = figure.add_subplot()
    mesh = ax.pcolor(
        pictures[0], cmap=cmap, vmin=pictures.min() if val_min is None else val_min,
        vmax=pictures.max() if val_max is None else val_max,
    )  # fmt: skip
    figure.colorbar(mesh, ax=ax)
    ax.axis("off")
    title = figure.suptitle(f"Time: {step:.2f} ms", fontsize=title_size, fontweight="bold")

    def frame(t: int) -> list[Any]:
        mesh.set_array(pictures[t].ravel())
        title.set_text(f"Time: {(t + 1) * step:.2f} ms")
        return [mesh, title]

    frames = list(range(1, len(pictures), frame_step))
    return _animation(figure, frame, frames, frame_delay, save_path, gif_dpi, video_fps, show)


def _curve(name: str, given: Any, ndim: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], Any]:
    """Places, values and the label of a curve."""
    label = None
    xs: Any = None
    if isinstance(given, Mapping):
        values = given.get("ys", given.get("data"))
        if values is None:
            raise ValueError(f"`{name}` must have an item 'ys'. Got {sorted(given)}.")
        label, xs, given = given.get("legend"), given.get("xs"), values
    ys = numbers(given)
    if ys.ndim != ndim:
        raise ValueError(f"`{name}` must have {ndim} axes. Got shape {ys.shape}.")
    return np.arange(ys.shape[-1]) if xs is None else numbers(xs), ys, label


def animate_1D(
    dynamical_vars: Any,
    static_vars: Sequence[Any] | Any = (),
    dt: Any = None,
    xlim: Any = None,
    ylim: Any = None,
    xlabel: str | None = None,
    ylabel: str | None = None,
    frame_delay: float = 50.0,
    frame_step: int = 1,
    title_size: float = 10,
    figsize: tuple[float, float] | None = None,
    gif_dpi: float | None = None,
    video_fps: float | None = None,
    save_path: str | None = None,
    show: bool = True,
) -> Any:
    """Curves that move in time as a film.

    Parameters
    ----------
    dynamical_vars
        What moves: values ``[time, N]``, a dict of ``ys``, ``xs`` and ``legend``, or a list of such.
    static_vars
        What stands: the same with values ``[N]``.
    dt
        The time step; None for that of `environ`.
    xlim, ylim
        Pairs of limits; None for those of the data.
    xlabel, ylabel
        Strings; None for none.
    frame_delay
        The time between two pictures, in ms.
    frame_step
        Every which step is shown.
    title_size, figsize
        As matplotlib has them.
    gif_dpi, video_fps
        The resolution of a gif, and the pictures in a second of a film.
    save_path
        Where to save it, a gif or mp4; None for nowhere.
    show
        Whether to show the figure, if it is not saved.

    Returns
    -------
    FuncAnimation
        The animation.

    Raises
    ------
    ValueError
        The shapes do not fit.
    ImportError
        matplotlib is not installed.

    Notes
    -----
    Source: braintools.visualize.animate_1D (0.3.0). Differs: gifs are written by pillow.

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import visualize
    >>> film = visualize.animate_1D(torch.rand(4, 6), dt=1., show=False)
    >>> len(film.to_jshtml()) > 1000
    True
    """
    moving = [_curve("dynamical_vars", each, 2) for each in _listed(dynamical_vars)]
    standing = [_curve("static_vars", each, 1) for each in _listed(static_vars)]
    lengths = {len(ys) for _, ys, _ in moving}
    if len(lengths) != 1:
        raise ValueError(f"`dynamical_vars` must have equally many steps. Got {sorted(lengths)}.")
    step, figure = _step(dt), pyplot().figure(figsize=figsize or (6, 6), constrained_layout=True)
    ax = figure.add_subplot()
    lines = [ax.plot(xs, ys[0], label=label, lw=3)[0] for xs, ys, label in moving]
    for xs, ys, label in standing:
        ax.plot(xs, ys, label=label, lw=3)
    heights = np.concatenate([ys.ravel() for _, ys, _ in [*moving, *standing]])
    low, high = float(heights.min()), float(heights.max())
    ax.set_ylim(*(ylim or (low - 0.05 * (high - low or 1.0), high + 0.05 * (high - low or 1.0))))
    if xlim is not None:
        ax.set_xlim(*xlim)
    if xlabel:
        ax.set_xlabel(xlabel)
    if ylabel:
        ax.set_ylabel(ylabel)
    if any(label for _, _, label in [*moving, *standing]):
        ax.legend()
    title = figure.suptitle(f"Time: {step:.2f} ms", fontsize=title_size, fontweight="bold")

    def frame(t: int) -> list[Any]:
        for line, (_, ys, _) in zip(lines, moving, strict=True):
            line.set_ydata(ys[t])
        title.set_text(f"Time: {(t + 1) * step:.2f} ms")
        return [*lines, title]

    frames = list(range(1, lengths.pop(), frame_step))
    return _animation(figure, frame, frames, frame_delay, save_path, gif_dpi, video_fps, show)


def _listed(given: Any) -> list[Any]:
    return list(given) if isinstance(given, (list, tuple)) else [given]


def animator(
    data: Any, fig: Any, ax: Any, num_steps: int | bool = False, interval: float = 40, cmap: Any = "plasma"
) -> Any:
    """A film of pictures on given axes.

    Parameters
    ----------
    data
        The pictures, ``[time, height, width]``.
    fig, ax
        The figure and the axes.
    num_steps
        How many pictures; False for all.
    interval
        The time between two, in ms.
    cmap
        The colours.

    Returns
    -------
    ArtistAnimation
        The animation.

    Raises
    ------
    ImportError
        matplotlib is not installed.

    Notes
    -----
    Source: braintools.visualize.animator (0.3.0).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import visualize
    >>> figure, grid = visualize.get_figure(1, 1)
    >>> film = visualize.animator(torch.rand(3, 2, 2), figure, figure.add_subplot(grid[0, 0]))
    >>> len(film.to_jshtml()) > 1000
    True
    """
    pyplot()
    from matplotlib import animation

    pictures = numbers(data)
    ax.axis("off")
    artists = [[ax.imshow(picture, cmap=cmap)] for picture in pictures[: num_steps or len(pictures)]]
    return animation.ArtistAnimation(fig, artists, interval=interval)
