"""``python -m benchmarks.check``: has a ratio of ours to a rival's grown by more than 10 % since the committed table?

Without ``--run`` the workloads are measured as the table was, and those where something fell a second time: what falls
twice fails. Other options go to ``python -m benchmarks``. With ``--quick`` only cases of the same size are compared.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from . import workloads
from .bars import ratio
from .contest import Row

__all__ = ["Change", "changes", "compared", "main"]

HERE = Path(__file__).parent
#: Less memory than this is noise of the allocator.
_LEAST = 2**20

#: workload, case, threads, contestant, reference, measure
Key = tuple[str, str, int, str, str, str]


class Change(NamedTuple):
    """A ratio in the committed table and in a run; more is worse."""

    key: Key
    before: float
    now: float

    @property
    def by(self) -> float:
        """The relative change: 0.1 for a ratio that is 10 % greater."""
        return self.now / self.before - 1


def compared(table: Mapping[str, Any]) -> dict[Key, float]:
    """The ratios of a table: of each contestant of ours to each other one, in time and in memory, and the slopes."""
    rows = [Row(**row) for row in table["rows"]]
    found: dict[Key, float] = {}
    for mine, other in _pairs(rows):
        key = mine.workload, mine.case, mine.threads, mine.contestant, other.contestant
        if times := ratio(mine, other):
            found[*key, "time"] = times.median
        if mine.memory and other.memory and min(mine.memory, other.memory) > _LEAST:
            found[*key, "memory"] = mine.memory / other.memory
    for bar in table["bars"]:
        if bar["measure"] == "slope" and bar["value"] is not None:
            key = bar["workload"], bar["case"] or "", bar.get("threads", 1), bar["contestant"], bar["reference"]
            found[*key, "slope"] = bar["value"]
    return found


def _pairs(rows: Sequence[Row]) -> Iterator[tuple[Row, Row]]:
    for mine in rows:
        for other in rows if mine.contestant.startswith("ours") else ():
            place = other.workload, other.case, other.threads
            if place == (mine.workload, mine.case, mine.threads) and not other.contestant.startswith("ours"):
                yield mine, other


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Change]:
    """What both tables have, the greatest fall first.

    Raises
    ------
    ValueError
        The tables were not measured on the same device, or have nothing in common.
    """
    devices = before["about"]["device"], now["about"]["device"]
    if devices[0] != devices[1]:
        raise ValueError(f"tables must be of one device. Got {devices[0]} and {devices[1]}. Pass `--device`.")
    old, new = compared(before), compared(now)
    # Of a quick run: what is smaller there is another measurement.
    sizes = {before["about"]["quick"], now["about"]["quick"]}
    found = [Change(key, old[key], new[key]) for key in old.keys() & new.keys()]
    if len(sizes) > 1:
        found = [change for change in found if change.key[5] != "slope" and _same_size(*change.key[:2])]
    if not found:
        raise ValueError(
            f"the tables must have ratios in common. Got {_listed(old)} and {_listed(new)}. "
            "Measure the same workloads with the same number of threads."
        )
    return sorted(found, key=lambda change: (-change.by, change.key))


def _listed(ratios: Mapping[Key, float]) -> str:
    return ", ".join(sorted({f"{key[0]} with {key[2]} thread(s)" for key in ratios})) or "none"


def _same_size(workload: str, case: str) -> bool:
    """Whether a quick run gives a case the same inputs."""
    quick, full = (workloads.load(workload).inputs(case, quick) for quick in (True, False))
    return all(np.array_equal(quick[name], full[name]) for name in full)


def _fallen(found: Sequence[Change], limit: float) -> list[Change]:
    return [change for change in found if change.by > limit]


def _shown(change: Change) -> str:
    workload, case, threads, mine, other, measure = change.key
    place = " ".join(filter(None, [workload, case, f"{threads} threads" if threads > 1 else ""]))
    return f"{place}: {measure}, {mine} / {other}: {change.before:.2f} -> {change.now:.2f} ({change.by:+.0%})"


def _measured(arguments: Sequence[str], table: Mapping[str, Any]) -> dict[str, Any]:
    """A new run, with the settings of the table where none are given."""
    threads = table["about"]["threads"]
    given = [*arguments]
    if "--threads" not in given:
        given += ["--threads", ",".join(map(str, threads)) if isinstance(threads, list) else str(threads)]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks", *given, "--output", folder]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        found: dict[str, Any] = json.loads((Path(folder) / "results.json").read_text())
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Compare, and print what changed; the exit status is 1 if a ratio fell, unless it is only for information."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.check", description="Compare with a committed table.")
    parser.add_argument("--table", type=Path, default=HERE / "results.json", help="the committed table")
    parser.add_argument("--run", type=Path, help="the table of a run that has been made; without it one is made")
    parser.add_argument("--limit", type=float, default=0.1, help="the relative growth of a ratio that fails")
    parser.add_argument("--informative", action="store_true", help="print, and never fail")
    options, further = parser.parse_known_args(argv)
    if options.run and further:
        parser.error(f"with `--run` nothing is measured. Got {' '.join(further)} besides.")
    table = json.loads(options.table.read_text())
    try:
        run = json.loads(options.run.read_text()) if options.run else _measured(further, table)
        found = changes(table, run)
        fallen = _fallen(found, options.limit)
        if fallen and not options.run and not options.informative:
            print(f"{len(fallen)} of {len(found)} ratios fell; measured once more:", file=sys.stderr)
            names = ",".join(sorted({change.key[0] for change in fallen}))
            keys = {change.key for change in fallen}
            again = changes(table, _measured([*further, "--only", names], table))
            fallen = [change for change in _fallen(again, options.limit) if change.key in keys]
    except (ValueError, subprocess.CalledProcessError) as error:
        print(f"nothing was compared: {error}", file=sys.stderr)
        return 0 if options.informative else 1
    better = [change for change in found if change.by < -options.limit]
    for title, some in (("fell", fallen), ("better", better[::-1])):
        for change in some:
            print(f"{title}: {_shown(change)}")
    print(
        f"{len(found)} ratios compared, {len(fallen)} fell by more than {options.limit:.0%}, {len(better)} are better."
    )
    return 1 if fallen and not options.informative else 0


if __name__ == "__main__":
    sys.exit(main())
