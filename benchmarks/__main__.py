"""``python -m benchmarks [--only W1,W3] [--frameworks hand,ours] [--threads 1,2] [--repeats N] [--quick]``."""

import argparse
import json
import sys
from pathlib import Path

from . import workloads
from .bars import verdicts
from .contest import Effort, Row, contest, measure_memory
from .table import as_json, as_markdown, machine
from .worker import FRAMEWORKS, Setting, Worker

HERE = Path(__file__).parent


def main() -> int:
    """Measure, print and write; the exit status is 1 if a contestant failed or had other results."""
    options = _options()
    settings = [Setting(options.device, threads, options.quick) for threads in options.threads]
    rounds = options.repeats or (3 if options.quick else 15)
    effort = Effort(rounds, batch=0.005, limit=0.5) if options.quick else Effort(rounds, batch=0.05, limit=8.0)
    pools = [Pool(setting) for setting in settings]
    rows: list[Row] = []
    found, text = [], ""
    for workload in options.only:
        module = workloads.load(workload)
        frameworks = [name for name in options.frameworks if hasattr(module, name)]
        weighed = not options.quick or any(bar.measure == "memory" for bar in module.BARS)
        mine: list[Row] = []
        for case in module.QUICK_CASES if options.quick and hasattr(module, "QUICK_CASES") else module.CASES:
            print(f"{workload} {case}", file=sys.stderr, flush=True)
            of_case = contest(workload, case, [pool.timer(name) for pool in pools for name in frameworks], effort)
            if weighed:
                measure_memory(of_case, [pool.weigher(name) for pool in pools for name in frameworks])
            mine += of_case
        rows += mine
        found += verdicts(workload, mine)
        # After each: all take three quarters of an hour, and what was measured is not to be lost with the last.
        about = machine(settings, effort)
        text = as_markdown(about, rows, found)
        options.output.mkdir(exist_ok=True, parents=True)
        (options.output / "results.md").write_text(text)
        (options.output / "results.json").write_text(json.dumps(as_json(about, rows, found), indent=1) + "\n")
    print(text)
    failed = [row for row in rows if row.note and not row.note.startswith("not installed")]
    for row in failed:
        print(f"{row.workload} {row.case}, {row.contestant}: {row.note}", file=sys.stderr)
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Our time beside others'.")
    parser.add_argument("--only", default=",".join(workloads.NAMES), help="workloads, as in W1,W3")
    parser.add_argument("--repeats", type=int, help="rounds (default 15, with --quick 3)")
    parser.add_argument("--quick", action="store_true", help="a look in less than a minute")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--threads", default="1", help="of each process; several, as in 1,2, are timed in turn")
    parser.add_argument("--frameworks", default=",".join(FRAMEWORKS), help="as in hand,ours")
    parser.add_argument("--output", type=Path, default=HERE, help="where results.md and results.json go")
    options = parser.parse_args()
    options.only = options.only.split(",")
    options.frameworks = options.frameworks.split(",")
    try:
        options.threads = [int(x) for x in options.threads.split(",")]
    except ValueError:
        parser.error(f"`--threads` must be numbers, as in 1,2. Got {options.threads}.")
    if options.frameworks[0] != "hand" or not set(options.frameworks) <= set(FRAMEWORKS):
        given = ",".join(options.frameworks)
        parser.error(f"`--frameworks` must be hand, then others of {', '.join(FRAMEWORKS)}. Got {given}.")
    for name in options.only:
        if name not in workloads.NAMES:
            parser.error(f"`--only` must name workloads among {', '.join(workloads.NAMES)}. Got {name}.")
    return options


class Pool:
    """The workers, each started when it is first wanted."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        threads = str(setting.threads)
        self._environment = {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}
        if setting.threads == 1:
            self._environment["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
        if setting.device == "cpu":
            self._environment["JAX_PLATFORMS"] = "cpu"
        else:
            # JAX takes three quarters of the device's memory at once, which the others need.
            self._environment["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
        self._workers: dict[tuple[str, bool], Worker] = {}

    def timer(self, framework: str) -> Worker:
        """The worker that takes times."""
        return self._worker(framework, False)

    def weigher(self, framework: str) -> Worker:
        """The worker that looks at memory: each block goes back to the system at once when it is freed."""
        return self._worker(framework, True)

    def _worker(self, framework: str, weighs: bool) -> Worker:
        key = framework, weighs
        if key not in self._workers:
            returning = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"} if weighs else {}
            self._workers[key] = Worker(framework, self._setting, self._environment | returning)
        return self._workers[key]


if __name__ == "__main__":
    sys.exit(main())
