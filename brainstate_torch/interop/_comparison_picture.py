"""The picture of a comparison: which values left the tolerance, where, and when."""

from typing import Any

import numpy as np

from ._extras import extra

__all__ = ["picture"]

#: Powers of ten of (difference / tolerance) between which the colours go.
_RANGE = 4.0


def picture(comparison: Any, ax: Any) -> Any:
    """See :meth:`Comparison.plot`."""
    pyplot = extra("matplotlib.pyplot", "demo")
    rows = list(comparison.rows)
    count = 1 + max([step for row in rows for step in row.steps], default=0)
    if ax is None:
        size = (min(12.0, 4.0 + 0.06 * count), 1.2 + 0.28 * max(len(rows), 1))
        _, ax = pyplot.subplots(figsize=size, layout="constrained")
    grid = np.full((max(len(rows), 1), count), np.nan)
    for i, row in enumerate(rows):
        excess = np.clip(np.array(row.excesses), 10.0**-_RANGE, 10.0**_RANGE)
        grid[i, list(row.steps)] = np.log10(excess)
    image = ax.imshow(
        grid, aspect="auto", interpolation="nearest", cmap="RdBu_r", vmin=-_RANGE, vmax=_RANGE, origin="upper"
    )
    for i, row in enumerate(rows):
        if row.first is not None:
            ax.plot(row.first, i, marker="x", color="black", markersize=7, markeredgewidth=2)
    ax.set_yticks(range(len(rows)), [row.name for row in rows])
    ax.set_xlabel("step")
    first = comparison.first
    ax.set_title(
        "all within the tolerance" if first is None else f"{first.name} is the first to leave, step {first.first}"
    )
    ax.figure.colorbar(image, ax=ax, label="difference / tolerance, power of 10")
    return ax
