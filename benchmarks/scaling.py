"""``python -m benchmarks.scaling [--only steps,depth] [--frameworks hand,ours] [--largest N]``: how cost grows.

Writes ``scaling.md``: for each way to grow (:mod:`benchmarks.scales`) time, making and memory by size, and their slopes
on log-log axes, beside the rivals'.
"""

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import scales
from .__main__ import Pool
from .contest import Effort, Row, contest, measure_memory
from .table import as_table, head_of, machine, seconds
from .worker import FRAMEWORKS, Setting

__all__ = ["as_markdown", "main", "measure", "measured", "slope", "too_steep"]

HERE = Path(__file__).parent
#: What grows: the seconds of a call, those of the first call beyond that, and the bytes at the peak.
MEASURES = ("time", "making", "memory")
#: Less than this is not fitted: it does not grow yet.
_LEAST = {"time": 0.0, "making": 0.0, "memory": 2**20}


def measured(row: Row, measure: str) -> float | None:
    """A number of a row; None where it is not known, or too small to tell anything of growth."""
    value: float | None = row.memory
    if measure == "time":
        value = row.time
    elif measure == "making":
        value = None if row.time is None or row.first_call is None else row.first_call - row.time
    return value if value is not None and value > _LEAST[measure] else None


def slope(rows: Sequence[Row], measure: str) -> float | None:
    """The slope on log-log axes, of the steeper of two lines: through all sizes, and through the two largest."""
    points = [(math.log(int(row.case)), math.log(x)) for row in rows if (x := measured(row, measure)) is not None]
    if len(points) < 2:
        return None
    sizes, values = np.array(sorted(points)).T
    last = (values[-1] - values[-2]) / (sizes[-1] - sizes[-2])
    return float(max(np.polyfit(sizes, values, 1)[0], last))


def _by_contestant(rows: Sequence[Row]) -> dict[str, list[Row]]:
    return {name: [row for row in rows if row.contestant == name] for name in dict.fromkeys(r.contestant for r in rows)}


def too_steep(scale: str, rows: Sequence[Row]) -> list[str]:
    """What of ours grows faster than it may, in words."""
    found = []
    for name, mine in _by_contestant(rows).items():
        for measure, most in scales.load(scale).MOST.items() if name.startswith("ours") else ():
            value = slope(mine, measure)
            if value is not None and value > most:
                found.append(f"{scale}: {measure} of {name} grows with a slope of {value:.2f}, at most {most:g}")
    return found


def measure(
    scale: str, cases: Sequence[str], timers: Sequence[Any], weighers: Sequence[Any], effort: Effort
) -> list[Row]:
    """The rows of all contestants at all sizes."""
    found = []
    for case in cases:
        print(f"{scale} {case}", file=sys.stderr, flush=True)
        rows = contest(scale, case, timers, effort)
        if weighers:
            measure_memory(rows, weighers)
        found += rows
    return found


def as_markdown(about: dict[str, Any], rows: Sequence[Row]) -> str:
    """The tables."""
    parts = [
        "# How cost grows",
        head_of(about),
        "Medians of calls in turn; making is the first call beyond a later one, memory the growth at the peak of one "
        "call. A slope is that on log-log axes, of the steeper of two lines: through all sizes, and through the two "
        "largest. All contestants gave the hand-written results in double precision.",
    ]
    for scale in dict.fromkeys(row.workload for row in rows):
        mine = [row for row in rows if row.workload == scale]
        parts += [f"## {scale}: {scales.load(scale).TITLE}", _sizes(mine), _slopes(scale, mine)]
    return "\n\n".join(parts) + "\n"


def _sizes(rows: Sequence[Row]) -> str:
    body = []
    for row in rows:
        time = row.note.strip().rpartition("\n")[2] if row.time is None else seconds(row.time)
        memory = "" if row.memory is None else f"{row.memory / 2**20:.1f} MiB"
        body.append([row.case, row.contestant, time, seconds(measured(row, "making")), memory])
    return as_table(["size", "contestant", "time", "making", "memory"], body)


def _slopes(scale: str, rows: Sequence[Row]) -> str:
    most = scales.load(scale).MOST
    body = []
    for name, mine in _by_contestant(rows).items():
        values = [slope(mine, measure) for measure in MEASURES]
        body.append([name, *["" if x is None else f"{x:.2f}" for x in values]])
    body.append(["ours, at most", *[f"{most[measure]:g}" if measure in most else "" for measure in MEASURES]])
    return as_table(["slope of", *MEASURES], body)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print and write; the exit status is 1 if something of ours grows too fast, or had other results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description="How cost grows.")
    parser.add_argument("--only", default=",".join(scales.NAMES), help="ways to grow, as in steps,depth")
    parser.add_argument("--frameworks", default="hand,ours,theirs", help=f"of {', '.join(FRAMEWORKS)}")
    parser.add_argument("--largest", type=int, default=10**9, help="the largest size")
    parser.add_argument("--quick", action="store_true", help="small sizes, which tell nothing of growth")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--output", type=Path, default=HERE, help="where scaling.md goes")
    options = parser.parse_args(argv)
    unknown = [x for x in options.only.split(",") if x not in scales.NAMES]
    if unknown:
        parser.error(f"`--only` must name ways to grow among {', '.join(scales.NAMES)}. Got {', '.join(unknown)}.")
    setting = Setting("cpu", options.threads, options.quick)
    effort = Effort(rounds=3 if options.quick else 5, batch=0.01, limit=20.0)
    pool = Pool(setting)
    rows: list[Row] = []
    for scale in options.only.split(","):
        module = scales.load(scale)
        names = [name for name in options.frameworks.split(",") if hasattr(module, name)]
        cases = [x for x in (module.QUICK_CASES if options.quick else module.CASES) if int(x) <= options.largest]
        weighers = [pool.weigher(name) for name in names] if "memory" in module.MOST and not options.quick else []
        rows += measure(scale, cases, [pool.timer(name) for name in names], weighers, effort)
    text = as_markdown(machine([setting], effort), rows)
    print(text)
    options.output.mkdir(exist_ok=True, parents=True)
    (options.output / "scaling.md").write_text(text)
    failed = [f"{row.workload} {row.case}, {row.contestant}: {row.note}" for row in rows if row.note]
    steep = (
        []
        if options.quick
        else [
            x for scale in options.only.split(",") for x in too_steep(scale, [r for r in rows if r.workload == scale])
        ]
    )
    for line in (*failed, *steep):
        print(line, file=sys.stderr)
    return 1 if failed or steep else 0


if __name__ == "__main__":
    sys.exit(main())
