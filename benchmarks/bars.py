"""The ratios that must hold, worked out from the rows."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from . import workloads
from .contest import Row
from .workloads import Bar

__all__ = ["Ratio", "Verdict", "line", "ratio", "verdicts"]


class Ratio(NamedTuple):
    """The median of the ratios of single rounds, and their quartiles."""

    median: float
    low: float
    high: float


class Verdict(NamedTuple):
    """A bar and what was measured; `value` None where something is missing."""

    workload: str
    bar: Bar
    value: float | None
    threads: int = 1

    @property
    def holds(self) -> bool:
        """Is the measured ratio within the limit?"""
        return self.value is not None and self.value <= self.bar.limit


def ratio(row: Row, reference: Row) -> Ratio | None:
    """The ratio of two rows of one case, round by round."""
    values = [a / b for a, b in zip(row.samples, reference.samples, strict=False)]
    if not values:
        return None
    low, median, high = np.quantile(values, [0.25, 0.5, 0.75])
    return Ratio(float(median), float(low), float(high))


def line(rows: Sequence[Row]) -> tuple[float, float, float] | None:
    """The straight line through times over sizes: start, slope, and the greatest relative distance of a point.

    The fit makes relative distances small, so that small sizes count as much as large ones.
    """
    points = [(int(row.case), row.time) for row in rows if row.time is not None]
    if len(points) < 3:
        return None
    sizes, times = np.array(points, dtype=float).T
    weighted = np.stack([1 / times, sizes / times], axis=1)
    start, slope = np.linalg.lstsq(weighted, np.ones(len(times)), rcond=None)[0]
    return float(start), float(slope), float(np.abs((start + slope * sizes) / times - 1).max())


def verdicts(workload: str, rows: Sequence[Row]) -> list[Verdict]:
    """Each bar of a workload against the rows of all its cases, for each number of threads."""
    bars = workloads.load(workload).BARS
    threads = sorted({row.threads for row in rows})
    return [
        Verdict(workload, bar, _value(bar, [row for row in rows if row.threads == n]), n)
        for n in threads
        for bar in bars
    ]


def _value(bar: Bar, rows: Sequence[Row]) -> float | None:
    mine, other = (
        [row for row in rows if row.contestant == name and bar.case in (None, row.case)]
        for name in (bar.contestant, bar.reference)
    )
    if bar.measure == "slope":
        lines = line(mine), line(other)
        return lines[0][1] / lines[1][1] if lines[0] and lines[1] else None
    if not mine or not other:
        return None
    if bar.measure == "memory":
        return mine[0].memory / other[0].memory if mine[0].memory and other[0].memory else None
    found = ratio(mine[0], other[0])
    return found.median if found else None
