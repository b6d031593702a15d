"""``python -m benchmarks.gpu [--only published,W1] [--quick] [--device cpu] [--tf32]``: our times on a GPU.

Writes ``gpu.md``: the published case of 16,000 leaky neurons, a network with conductances at three sizes, and the
workloads W1 to W12, each with time, peak memory and launches. ``make bench-gpu`` installs what it needs, and tests.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import on_gpu, scales, workloads
from .__main__ import Pool
from .contest import TOLERANCE, Effort, Row, contest, measure_memory
from .table import as_table, head_of, machine, seconds
from .worker import FRAMEWORKS, Failed, Setting

__all__ = ["PARTS", "as_markdown", "main", "measure"]

HERE = Path(__file__).parent
PARTS = ("published", "coba", *workloads.NAMES)


def loaded(part: str) -> Any:
    """The module of a part."""
    if part in on_gpu.NAMES:
        return on_gpu.load(part)
    return scales.load(part) if part in scales.NAMES else workloads.load(part)


def measure(
    part: str, timers: Sequence[Any], weighers: Sequence[Any], effort: Effort, quick: bool
) -> tuple[list[Row], dict[tuple[str, str], int | None]]:
    """The rows of a part, and the launches of a call by case and contestant."""
    module, rows, launches = loaded(part), [], {}
    cases = module.QUICK_CASES if quick and hasattr(module, "QUICK_CASES") else module.CASES
    timers = [worker for worker in timers if hasattr(module, worker.framework)]
    weighers = [worker for worker in weighers if hasattr(module, worker.framework)]
    for case in cases:
        print(f"{part} {case}", file=sys.stderr, flush=True)
        of_case = contest(part, case, timers, effort, getattr(module, "SINGLE", TOLERANCE))
        for worker in timers:
            names = [row.contestant for row in of_case if not row.note]
            try:
                found = worker.ask("launches")
            except Failed:
                continue
            launches |= {(case, name): count for name, count in found.items() if name in names}
        if weighers:
            measure_memory(of_case, weighers)
        rows += of_case
    return rows, launches


def as_markdown(about: dict[str, Any], rows: Sequence[Row], launches: dict[Any, int | None]) -> str:
    """The tables; of the published case, with what others published, and whether ours is ahead of each row."""
    parts = [
        "# Benchmarks on a GPU",
        f"{about.get('gpu', 'No GPU')}. {head_of(about)}",
        "Times are medians over rounds in which every contestant runs one batch, in turn. Memory is the growth at the "
        "peak of one call, the memory of CUDA graphs included; launches are those of one call: kernels and graphs. "
        "Each contestant gave the numbers of the hand-written code first. Products of float32 numbers are "
        f"{'those of tensor cores, TF32' if about.get('tf32') else 'in full precision; `--tf32` is the other table'}.",
    ]
    for part in dict.fromkeys(row.workload for row in rows):
        mine = [row for row in rows if row.workload == part]
        parts += [f"## {part}: {loaded(part).TITLE}", _rows(mine, launches)]
        published = getattr(loaded(part), "PUBLISHED", {})
        if published:
            parts += [
                "Published, on one RTX 4090:",
                as_table(["", "time"], [[k, seconds(x)] for k, x in published.items()]),
            ]
        parts.append(_standing(mine, published if about.get("full") else {}))
    return "\n\n".join(parts) + "\n"


def _rows(rows: Sequence[Row], launches: dict[Any, int | None]) -> str:
    body = []
    for row in rows:
        count = launches.get((row.workload, row.case, row.contestant))
        if row.time is None:
            body.append([row.case, row.contestant, row.note.strip().rpartition("\n")[2], "", "", ""])
            continue
        memory = "" if row.memory is None else f"{row.memory / 2**20:.1f} MiB"
        body.append(
            [
                row.case,
                row.contestant,
                seconds(row.time),
                memory,
                "" if count is None else str(count),
                seconds(row.first_call),
            ]
        )
    return as_table(["case", "contestant", "time", "memory", "launches", "first call"], body)


def _standing(rows: Sequence[Row], published: dict[str, float]) -> str:
    """Of which rows ours is behind."""
    behind = []
    for case in dict.fromkeys(row.case for row in rows):
        timed = [row for row in rows if row.case == case and row.time is not None]
        ours = min((row.time for row in timed if row.contestant.startswith("ours")), default=None)
        if ours is None:
            continue
        others = {row.contestant: row.time for row in timed if not row.contestant.startswith("ours")} | published
        behind += [f"{name} ({case})" for name, time in others.items() if time is not None and time < ours]
    return f"Ours is behind {', '.join(behind)}." if behind else "Ours is ahead of every row."


def _gpu() -> dict[str, Any]:
    import torch

    if not torch.cuda.is_available():
        return {}
    return {"gpu": f"{torch.cuda.get_device_name()}, CUDA {torch.version.cuda}"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write; the exit status is 1 if a contestant failed or had other results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description="Our times on a GPU.")
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts, of {', '.join(PARTS)}")
    parser.add_argument("--frameworks", default=",".join(FRAMEWORKS), help="as in hand,ours")
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cuda")
    parser.add_argument("--tf32", action="store_true", help="products of float32 numbers by tensor cores, for all")
    parser.add_argument("--output", type=Path, default=HERE / "gpu.md")
    options = parser.parse_args(arguments)
    unknown = set(options.only.split(",")) - set(PARTS)
    if unknown:
        parser.error(f"`--only` must name parts among {', '.join(PARTS)}. Got {', '.join(sorted(unknown))}.")
    setting = Setting(options.device, 1, options.quick, options.tf32)
    effort = Effort(3, 0.005, 0.5) if options.quick else Effort(15, 0.05, 20.0)
    pool, rows, launches = Pool(setting), [], {}
    names = options.frameworks.split(",")
    for part in options.only.split(","):
        weighers = [pool.weigher(name) for name in names] if options.device == "cuda" and not options.quick else []
        found, counts = measure(part, [pool.timer(name) for name in names], weighers, effort, options.quick)
        rows += found
        launches |= {(part, *key): count for key, count in counts.items()}
        about = machine([setting], effort) | _gpu() | {"full": not options.quick and options.device == "cuda"}
        # After each part: the next one may end the process.
        options.output.parent.mkdir(exist_ok=True, parents=True)
        options.output.write_text(as_markdown(about, rows, launches))
    print(options.output.read_text())
    failed = [row for row in rows if row.note and not row.note.startswith("not installed")]
    for row in failed:
        print(f"{row.workload} {row.case}, {row.contestant}: {row.note}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
