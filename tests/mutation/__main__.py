"""Change the package in small ways and look whether its tests notice: ``python -m tests.mutation``.

Each change of `mutations.toml` is made in a copy of the repository, and the tests that it names run there until
one fails. What no test notices is printed at the end. The exit code is 1 if more than a tenth survives unexplained.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "brainstate_torch"
#: Seconds after which a change counts as noticed: the tests do not end.
LIMIT = 900


@dataclass(frozen=True, eq=False)
class Mutation:
    """One change, the tests that should notice it, and why none does."""

    file: str
    old: str
    new: str
    tests: list[str]
    explained: str = ""

    def __str__(self) -> str:
        old, new = (text.strip().splitlines() or [""] for text in (self.old, self.new))
        return f"{self.file}: {old[0].strip()[:90]} -> {new[0].strip()[:90] or '(nothing)'}"


def copied() -> Path:
    """A copy of what git knows of, with uncommitted changes."""
    place = Path(tempfile.mkdtemp(prefix="mutation-"))
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if name.startswith((PACKAGE, "tests", "pyproject.toml")) and (ROOT / name).exists():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / name)
    return place


def outcome(mutation: Mutation, place: Path) -> str:
    """'killed', 'survived', or 'missing' where the text does not stand once in the file."""
    file = place / PACKAGE / mutation.file
    before = file.read_text() if file.exists() else ""
    if before.count(mutation.old) != 1:
        return "missing"
    file.write_text(before.replace(mutation.old, mutation.new))
    try:
        return "survived" if passes(mutation.tests, place) else "killed"
    finally:
        file.write_text(before)


def passes(tests: Iterable[str], place: Path) -> bool:
    """Whether tests pass in a copy."""
    # Found in the copy, and not where an editable install points.
    environment = {**os.environ, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    options = ["-x", "-p", "no:cacheprovider", "--tb=no", "--show-capture=no", "-m", "not slow"]
    command = [sys.executable, "-m", "pytest", *options, *tests]
    try:
        found = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return False
    if found.returncode not in (0, 1, 2):
        raise RuntimeError(f"the tests did not run:\n{found.stdout[-2000:]}{found.stderr[-2000:]}")
    return found.returncode == 0


def main() -> int:
    """Run all changes, or those whose file contains a string."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="?", default="", help="a part of the name of a file, or of its text")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    rows = tomllib.loads(Path(__file__).with_name("mutations.toml").read_text())["mutation"]
    mutations = [x for x in (Mutation(**row) for row in rows) if options.only in x.file or options.only in x.old]
    places = [copied() for _ in range(options.jobs)]
    free = list(places)

    def run(mutation: Mutation) -> str:
        place = free.pop()
        try:
            found = outcome(mutation, place)
        finally:
            free.append(place)
        print(f"{found:8} {mutation}", flush=True)
        return found

    try:
        if not passes(sorted({test for mutation in mutations for test in mutation.tests}), places[0]):
            print("the tests must pass without a change. Got a failure: run `make check` first.")
            return 1
        with ThreadPoolExecutor(options.jobs) as pool:
            found = dict(zip(mutations, pool.map(run, mutations), strict=True)) if mutations else {}
    finally:
        for place in places:
            shutil.rmtree(place)
    return summary(found)


def summary(found: dict[Mutation, str]) -> int:
    """Print what survived and what was not found, and the score."""
    for kind in ("missing", "survived"):
        rows = [x for x, what in found.items() if what == kind]
        if rows:
            print(f"\n{kind}:", *[f"  {x}" + (f"\n      {x.explained}" if x.explained else "") for x in rows], sep="\n")
    counts = Counter(found.values())
    tried = counts["killed"] + counts["survived"]
    unexplained = sum(what == "survived" and not x.explained for x, what in found.items())
    print(
        f"\n{counts['killed']} killed, {counts['survived']} survived ({unexplained} not explained), "
        f"{counts['missing']} not found: {counts['killed'] / max(tried, 1):.0%} killed"
    )
    return int(unexplained > tried / 10)


if __name__ == "__main__":
    sys.exit(main())
