"""Change the package in small ways and look whether its tests notice: ``python -m tests.mutation``.

The changes are those of `mutations.toml`, or with ``--sample N`` so many that are drawn at random. Each is made in a
copy of the repository, and the tests of its file, its folder and the laws about it run there until one fails. What no
test notices is printed at the end. The exit code is 1 if more than a tenth survives unexplained, or a
change of the list no longer stands in its file.
"""

import os

# Before torch, which is loaded once for all.
os.environ.update(OMP_NUM_THREADS="1", MPLBACKEND="agg", JAX_PLATFORMS="cpu")

import argparse
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np  # noqa: F401
import pint  # noqa: F401
import pytest  # noqa: F401
import torch

from .changes import Mutation, written
from .running import NO_RUN, Run, changed, copied
from .sampled import sample

torch.set_num_threads(1)


def main() -> int:
    """Run the changes of the files whose names begin with a string."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", default=[""], help="how the name of a file of the package begins: optim")
    parser.add_argument("--sample", type=int, metavar="N", help="draw N changes for each of the names")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--list", action="store_true", help="print the changes, run nothing")
    options = parser.parse_args()
    known, missing = written()
    if options.sample:
        explained = {(x.file, x.made(x.text())): x.explained for x in known}
        drawn = [x for only in options.only for x in sample(only, options.sample, options.seed)]
        mutations, missing = [x.with_reason(explained.get((x.file, x.made(x.text())), "")) for x in drawn], []
    else:
        mutations = [x for x in known if x.file.startswith(tuple(options.only))]
        missing = [x for x in missing if x.startswith(tuple(options.only))]
    if options.list:
        print(*mutations, sep="\n")
        return 0
    os.nice(5)
    place = copied()
    others: list[Path] = []
    try:
        limits = unchanged(sorted({x.room for x in mutations}), place)
        if limits is None:
            return 1
        others += [Path(f"{place}-{i}") for i in range(1, options.jobs)]
        for other in others:
            shutil.copytree(place, other)  # with what Python has compiled
        found = outcomes(mutations, limits, [place, *others])
    finally:
        for x in (place, *others):
            shutil.rmtree(x, ignore_errors=True)
    return summary(found, missing)


def unchanged(groups: list[tuple[str, ...]], place: Path) -> dict[tuple[str, ...], float] | None:
    """Run the tests without a change; the seconds that each group may compute, or None if one fails."""
    sys.dont_write_bytecode = False
    limits = {}
    for tests in groups:
        run = Run.of(tests, place, "not slow")
        while (end := run.ended()) is None:
            time.sleep(0.1)
        status, seconds = end
        if status:
            print(f"{tests[0]} must pass without a change. Got:\n{run.said()}")
            return None
        print(f"passed   {' '.join(tests)}: {seconds:.0f} s", flush=True)
        limits[tests] = 60 + 3 * seconds
    return limits


def outcomes(
    mutations: list[Mutation], limits: dict[tuple[str, ...], float], places: list[Path]
) -> dict[Mutation, str]:
    """'killed' or 'survived', for each change; as many at once as there are copies."""
    sys.dont_write_bytecode = True  # of a changed file nothing may stay
    waiting, free = list(mutations), list(places)
    running: list[tuple[Mutation, Iterator[str | None]]] = []
    found = {}
    while waiting or running:
        while waiting and free:
            mutation, place = waiting.pop(0), free.pop()
            running.append((mutation, outcome(mutation, place, limits[mutation.room], free)))
        time.sleep(0.05)
        for entry in list(running):
            if end := next(entry[1]):
                running.remove(entry)
                found[entry[0]] = end
                print(f"{end:8} {entry[0]}", flush=True)
    return found


def outcome(mutation: Mutation, place: Path, limit: float, free: list[Path]) -> Iterator[str | None]:
    """None until it is known; then 'killed' or 'survived', and the copy is free."""
    end = "survived"
    with changed(mutation, place):
        for tests, chosen in (((*mutation.own, *mutation.room), "not slow"), (mutation.last, "")):
            run = Run.of(tests, place, chosen, limit)
            while (status := run.ended()) is None:
                yield None
            if status[0] in (5, NO_RUN):
                raise RuntimeError(f"the tests of {mutation} did not run:\n{run.said()}")
            if status[0]:
                end = "killed"
                break
    free.append(place)
    yield end


def summary(found: dict[Mutation, str], missing: list[str]) -> int:
    """Print what survived and what was not found, and the score."""
    if missing:
        print("\nmissing in their files:", *missing, sep="\n  ")
    survived = [x for x, what in found.items() if what == "survived"]
    if survived:
        print(
            "\nsurvived:", *[f"  {x}" + (f"\n      {x.explained}" if x.explained else "") for x in survived], sep="\n"
        )
    counts = Counter(found.values())
    unexplained = sum(not x.explained for x in survived)
    print(
        f"\n{counts['killed']} killed, {counts['survived']} survived ({unexplained} not explained), "
        f"{len(missing)} not found: {counts['killed'] / max(len(found), 1):.0%} killed"
    )
    return int(unexplained > len(found) / 10 or bool(missing))


if __name__ == "__main__":
    sys.exit(main())
