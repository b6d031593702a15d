"""The results as Markdown and as JSON."""

import dataclasses
import os
import platform
from collections.abc import Sequence
from importlib import metadata
from itertools import groupby
from typing import Any

from . import workloads
from .bars import Verdict, line, ratio
from .contest import Effort, Row
from .worker import Setting

__all__ = ["as_json", "as_markdown", "as_table", "head_of", "machine", "seconds"]

PACKAGES = ("torch", "brainstate_torch", "brainstate", "brainunit", "jax", "numpy", "snntorch", "spikingjelly", "norse")
PACKAGES += ("brian2", "numba")


def machine(settings: Sequence[Setting], effort: Effort) -> dict[str, Any]:
    """What the results depend on, the load of the machine included."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **settings[0]._asdict(),
        "threads": [setting.threads for setting in settings],
        "load": os.getloadavg()[0],
        **effort._asdict(),
        "versions": versions,
    }


def _cpu() -> str:
    try:
        with open("/proc/cpuinfo") as file:
            return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def as_json(about: dict[str, Any], rows: Sequence[Row], verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Everything measured, all samples included."""
    return {
        "about": about,
        "bars": [
            {"workload": v.workload, **v.bar._asdict(), "threads": v.threads, "value": v.value, "holds": v.holds}
            for v in verdicts
        ],
        "rows": [dataclasses.asdict(row) for row in rows],
    }


def head_of(about: dict[str, Any]) -> str:
    """The line on the machine."""
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    threads = " and ".join(map(str, about["threads"]))
    return (
        f"{about['cpu']}, {about['cores']} cores, device {about['device']}, threads {threads}, "
        f"load {about['load']:.1f} at the end, Python {about['python']}, {versions}."
    )


def as_markdown(about: dict[str, Any], rows: Sequence[Row], verdicts: Sequence[Verdict]) -> str:
    """The tables, first the bars."""
    parts = [
        "# Benchmarks",
        head_of(about),
        "Times are medians over rounds in which every contestant runs one batch, in turn, each framework in a process "
        "of its own. A ratio is the median over rounds, with quartiles. Memory is the growth at the peak of one call. "
        "Before it was timed, each contestant gave the hand-written results in double precision.",
        _bars(verdicts),
    ]
    for workload, group in groupby(rows, key=lambda row: row.workload):
        members = list(group)
        parts += [f"## {workload}: {workloads.load(workload).TITLE}", _rows(members), *_lines(members)]
    return "\n\n".join(parts) + "\n"


def _bars(verdicts: Sequence[Verdict]) -> str:
    body = []
    for v in verdicts:
        what = f"{v.workload} {v.bar.case}" if v.bar.case else v.workload
        what += f", {v.threads} threads" if v.threads > 1 else ""
        value = "—" if v.value is None else f"{v.value:.2f}"
        mark = "not measured" if v.value is None else "ok" if v.holds else "falls short"
        body.append([what, v.bar.measure, f"{v.bar.contestant} / {v.bar.reference}", value, f"{v.bar.limit:g}", mark])
    return as_table(["workload", "measure", "ratio", "measured", "at most", ""], body)


def _rows(rows: Sequence[Row]) -> str:
    several = len({row.threads for row in rows}) > 1
    body = []
    for row in rows:
        beside = [x for x in rows if x.case == row.case]
        cells = [row.case, row.contestant, *([str(row.threads)] if several else [])]
        if row.time is None:
            cells += [row.note.strip().rpartition("\n")[2], *[""] * (5 if several else 4)]
        else:
            hand = next((x for x in beside if x.contestant == "hand" and x.threads == row.threads), None)
            cells += [seconds(row.time), _ratio(row, hand)]
            if several:
                fewest = min(beside, key=lambda x: (x.contestant != row.contestant, x.threads))
                cells.append(_ratio(row, fewest))
            memory = "" if row.memory is None else f"{row.memory / 2**20:.1f} MiB"
            cells += [str(len(row.samples)), seconds(row.first_call), memory]
        body.append(cells)
    head = ["case", "contestant", *(["threads"] if several else []), "time", "ratio to hand"]
    head += [*(["ratio to fewest threads"] if several else []), "rounds", "first call", "memory"]
    return as_table(head, body)


def _ratio(row: Row, reference: Row | None) -> str:
    found = ratio(row, reference) if reference else None
    return f"{found.median:.2f} ({found.low:.2f}–{found.high:.2f})" if found else ""


def _lines(rows: Sequence[Row]) -> list[str]:
    """For a workload whose cases are sizes: the cost of one more."""
    if not all(row.case.isdigit() for row in rows):
        return []
    body = []
    for name, threads in dict.fromkeys((row.contestant, row.threads) for row in rows):
        found = line([row for row in rows if (row.contestant, row.threads) == (name, threads)])
        if found:
            label = f"{name}, {threads} threads" if threads > 1 else name
            body.append([label, seconds(found[0]), seconds(found[1]), f"{found[2]:.0%}"])
    return [as_table(["contestant", "start", "slope", "farthest point"], body)]


def seconds(x: float | None) -> str:
    """A time in the unit that suits it."""
    if x is None:
        return ""
    for scale, unit in ((1.0, "s"), (1e-3, "ms")):
        if abs(x) >= scale:
            return f"{x / scale:.3g} {unit}"
    return f"{x / 1e-6:.3g} µs"


def as_table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
