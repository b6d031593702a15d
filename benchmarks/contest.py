"""One case of one workload: compare the results, then time the contestants in turn."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from .worker import Failed, Worker

__all__ = ["Effort", "Row", "contest", "measure_memory"]

#: The greatest difference from the hand-written result, in double precision, relative to its greatest number. A
#: workload may allow more in single precision, `SINGLE`: of many neurons some spike a step later.
TOLERANCE = 1e-5


class Effort(NamedTuple):
    """How long to measure: rounds, seconds of a batch, and the seconds after which a contestant drops out."""

    rounds: int
    batch: float
    limit: float


@dataclass
class Row:
    """What is known of a contestant in one case; `note` says why it was not timed."""

    workload: str
    case: str
    contestant: str
    note: str = ""
    first_call: float | None = None
    samples: list[float] = field(default_factory=list)
    memory: int | None = None
    threads: int = 1

    @property
    def time(self) -> float | None:
        """The median of the seconds per call."""
        return statistics.median(self.samples) if self.samples else None


def contest(
    workload: str, case: str, workers: Sequence[Worker], effort: Effort, single: float = TOLERANCE
) -> list[Row]:
    """The rows of all contestants; the first worker's results are those that the others must have.

    Parameters
    ----------
    single
        The tolerance for results in single precision.
    """
    entries: list[tuple[Worker, Row]] = []
    reference = _Reference(workload, case, workers[0], single)
    for worker in workers:
        try:
            found = reference.differences(worker).items()
            entries += [(worker, Row(workload, case, *pair, threads=worker.threads)) for pair in found]
        except Failed as error:
            entries.append((worker, Row(workload, case, worker.framework, str(error), threads=worker.threads)))
    for worker in {worker: None for worker, row in entries if not row.note}:
        rows = [row for owner, row in entries if owner is worker]
        try:
            first_calls = worker.ask("build", workload, case)
        except Failed as error:
            for row in rows:
                row.note = str(error)
            continue
        for row in rows:
            row.first_call = first_calls[row.contestant]
    _time([(worker, row) for worker, row in entries if not row.note], effort)
    return [row for _, row in entries]


class _Reference:
    """What the hand-written code computes in one case, in double and in single precision."""

    def __init__(self, workload: str, case: str, worker: Worker, single: float) -> None:
        self._case, self._worker, self._single = (workload, case), worker, single
        self._known: dict[bool, list[np.ndarray]] = {}

    def differences(self, worker: Worker) -> dict[str, str]:
        """For each contestant of a worker how its results differ in double precision, or nothing.

        Some libraries compute in single precision whatever comes in: theirs are compared in single precision.
        """
        found: dict[str, str] = {}
        for double in (True, False):
            results = worker.ask("results", *self._case, double)
            if results and double not in self._known:
                own = results if worker is self._worker else self._worker.ask("results", *self._case, double)
                self._known[double] = next(iter((own or results).values()))
            for name, result in results.items():
                if double or found[name]:
                    found[name] = _difference(self._known[double], result, TOLERANCE if double else self._single)
            if not any(found.values()):
                break
        return found


def _difference(expected: list[np.ndarray], result: list[np.ndarray], tolerance: float) -> str:
    """What is different, or nothing."""
    if [x.shape for x in expected] != [x.shape for x in result]:
        return f"other shapes: {[x.shape for x in result]}"
    scale = max(float(np.abs(x).max()) for x in expected)
    worst = max(float(np.abs(x * 1.0 - y * 1.0).max()) for x, y in zip(expected, result, strict=True))
    return "" if worst <= tolerance * scale else f"other results, by {worst / scale:.0e}"


def _time(entries: Sequence[tuple[Worker, Row]], effort: Effort) -> None:
    """One batch of each contestant in turn, so that noise of the machine meets all alike."""
    numbers: dict[int, int] = {}
    for turn in range(effort.rounds + 1):
        for place, (worker, row) in enumerate(entries):
            try:
                if not turn:
                    numbers[place] = worker.ask("batch_size", row.contestant, effort.batch)
                elif not row.note and sum(row.samples) * numbers[place] <= effort.limit:
                    row.samples.append(worker.ask("batch", row.contestant, numbers[place]))
            except Failed as error:
                # On a GPU memory may run out. The others go on.
                row.note, row.samples = str(error), []


def measure_memory(rows: Sequence[Row], workers: Sequence[Worker]) -> None:
    """Fill in the peak memory, in workers that time nothing. All rows are of one case."""
    for worker in workers:
        try:
            names = worker.ask("build", rows[0].workload, rows[0].case)
        except Failed:
            continue
        for row in rows:
            if row.contestant in names and row.threads == worker.threads and not row.note:
                growths = [worker.ask("memory", row.contestant) for _ in range(3)]
                row.memory = None if None in growths else statistics.median(growths)
