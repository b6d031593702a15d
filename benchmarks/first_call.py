"""``python -m benchmarks.first_call [--only W1,W5] [--rounds N]``: from the start of a process to its first result.

Writes ``first_call.md``. Each line is a process of its own. `cold`: nothing in the compiler's cache on disk; `warm`: an
earlier process has compiled the same.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any

from . import workloads
from .contest import Effort
from .table import as_table, head_of, machine, seconds
from .worker import Setting

__all__ = ["main"]

HERE = Path(__file__).parent
#: Workloads whose compiled contestants are measured, and the case of each.
CASES = {"W1": "default", "W3": "gradient", "W5": "gradient", "W10": "gradient"}
#: How a compiled contestant of ours is made: settings of `environ`.
OURS = {"replay": {"jit_backend": "replay"}, "tiered": {"jit_tiered": True}, "inductor": {}}
#: What is measured, in order: the second line of a warm pair finds what the first has compiled.
LINES = (("replay", "cold"), ("tiered", "cold"), ("inductor", "cold"), ("inductor", "warm"), ("brainstate jit", "cold"))


def _measured(way: str, workload: str) -> dict[str, float]:
    """In a process of its own: seconds of importing, of the first result and of a later call."""
    begin = time.perf_counter()
    if way == "brainstate jit":
        import brainstate
        import jax

        array, settled = jax.numpy.asarray, jax.block_until_ready
        brainstate.environ.set(precision=32)
        framework, contestant = "theirs", "brainstate jit"
    else:
        import torch

        import brainstate_torch

        array, settled = torch.tensor, lambda result: result
        brainstate_torch.environ.set(**OURS[way])
        framework, contestant = "ours", "ours, jit"
    imported = time.perf_counter()
    module = workloads.load(workload)
    inputs = module.inputs(CASES[workload], False)
    data = SimpleNamespace(
        **{name: array(x.astype("float32") if x.dtype.kind == "f" else x) for name, x in inputs.items()}
    )
    run = getattr(module, framework)(CASES[workload], data)[contestant]
    ready = time.perf_counter()
    settled(run())
    first = time.perf_counter()
    settled(run())
    return {
        "import": imported - begin,
        "first result": first - ready,
        "second": time.perf_counter() - first,
    }


def _process(way: str, workload: str, cache: str) -> dict[str, Any]:
    environment = {**os.environ, "TORCHINDUCTOR_CACHE_DIR": cache, "JAX_PLATFORMS": "cpu"}
    found = subprocess.run(
        [sys.executable, "-m", "benchmarks.first_call", "--measure", way, workload],
        check=True, capture_output=True, text=True, env=environment,
    )  # fmt: skip
    answer: dict[str, Any] = json.loads(found.stdout.splitlines()[-1])
    return answer


def _rows(workload: str, rounds: int) -> list[list[str]]:
    samples: dict[tuple[str, str], list[dict[str, Any]]] = {line: [] for line in LINES}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as shared:
            for way, state in LINES:
                with tempfile.TemporaryDirectory() as own:
                    # What is compiled cold in the shared folder is warm there afterwards.
                    samples[way, state].append(_process(way, workload, shared if way == "inductor" else own))
    rows = []
    for (way, state), found in samples.items():
        cells = [seconds(median(sample[key] for sample in found)) for key in ("import", "first result", "second")]
        rows.append([workload, way, state, *cells])
    return rows


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_call", description="How long a first call takes.")
    parser.add_argument("--only", default=",".join(CASES), help="workloads, as in W1,W5")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=HERE, help="where first_call.md goes")
    parser.add_argument("--measure", nargs=2, metavar=("WAY", "WORKLOAD"), help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.measure:
        print(json.dumps(_measured(*options.measure)))
        return 0
    unknown = [x for x in options.only.split(",") if x not in CASES]
    if unknown:
        parser.error(f"`--only` must name workloads among {', '.join(CASES)}. Got {', '.join(unknown)}.")
    rows = [row for workload in options.only.split(",") for row in _rows(workload, options.rounds)]
    about = machine([Setting("cpu", len(os.sched_getaffinity(0)), False)], Effort(options.rounds, 0.0, 0.0))
    head = ["workload", "contestant", "cache", "import", "first result", "second call"]
    parts = ["# First calls", head_of(about), "Medians, each in a process of its own.", as_table(head, rows)]
    text = "\n\n".join(parts)
    print(text)
    options.output.mkdir(exist_ok=True, parents=True)
    (options.output / "first_call.md").write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
