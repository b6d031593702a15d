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

__all__ = ["as_json", "as_markdown", "machine"]

PACKAGES = ("torch", "brainstate_torch", "brainstate", "brainunit", "jax", "numpy", "snntorch", "spikingjelly", "norse")


def machine(setting: Setting, effort: Effort) -> dict[str, Any]:
    """What the results depend on."""
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
        **setting._asdict(),
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
        "bars": [{"workload": v.workload, **v.bar._asdict(), "value": v.value, "holds": v.holds} for v in verdicts],
        "rows": [dataclasses.asdict(row) for row in rows],
    }


def as_markdown(about: dict[str, Any], rows: Sequence[Row], verdicts: Sequence[Verdict]) -> str:
    """The tables, first the bars."""
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    parts = [
        "# Benchmarks",
        f"{about['cpu']}, {about['cores']} cores, device {about['device']}, {about['threads']} thread(s), "
        f"Python {about['python']}, {versions}.",
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
        value = "—" if v.value is None else f"{v.value:.2f}"
        mark = "not measured" if v.value is None else "ok" if v.holds else "falls short"
        body.append([what, v.bar.measure, f"{v.bar.contestant} / {v.bar.reference}", value, f"{v.bar.limit:g}", mark])
    return _table(["workload", "measure", "ratio", "measured", "at most", ""], body)


def _rows(rows: Sequence[Row]) -> str:
    body = []
    for case, group in groupby(rows, key=lambda row: row.case):
        members = list(group)
        hand = next((row for row in members if row.contestant == "hand"), None)
        for row in members:
            if row.time is None:
                body.append([case, row.contestant, row.note.strip().rpartition("\n")[2], "", "", "", ""])
                continue
            found = ratio(row, hand) if hand else None
            body.append(
                [
                    case,
                    row.contestant,
                    _seconds(row.time),
                    f"{found.median:.2f} ({found.low:.2f}–{found.high:.2f})" if found else "",
                    str(len(row.samples)),
                    _seconds(row.first_call),
                    "" if row.memory is None else f"{row.memory / 2**20:.1f} MiB",
                ]
            )
    return _table(["case", "contestant", "time", "ratio to hand", "rounds", "first call", "memory"], body)


def _lines(rows: Sequence[Row]) -> list[str]:
    """For a workload whose cases are sizes: the cost of one more."""
    if not all(row.case.isdigit() for row in rows):
        return []
    body = []
    for name in dict.fromkeys(row.contestant for row in rows):
        found = line([row for row in rows if row.contestant == name])
        if found:
            body.append([name, _seconds(found[0]), _seconds(found[1]), f"{found[2]:.0%}"])
    return [_table(["contestant", "start", "slope", "farthest point"], body)]


def _seconds(x: float | None) -> str:
    if x is None:
        return ""
    for scale, unit in ((1.0, "s"), (1e-3, "ms")):
        if abs(x) >= scale:
            return f"{x / scale:.3g} {unit}"
    return f"{x / 1e-6:.3g} µs"


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
