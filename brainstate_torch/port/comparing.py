"""``port compare``: the original on JAX and the port on torch, and the first number in which they differ."""

import argparse
import json
import os
import pickle
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .files import programs

__all__ = ["Comparison", "Difference", "compare", "main"]

_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|(?<!\w)[-+]?(?:nan|inf)(?!\w)")
#: No numbers of the program: how the two libraries write dtypes, shapes, devices and units, addresses of objects,
#: places in files, times of the clock.
_WORDS = re.compile(
    r"\b0x[0-9a-fA-F]+\b|\bFile \".*?\", line \d+"
    r"|\b\d\d:\d\d:\d\d\b|dtype=[\w.]+|device='[^']*'|weak_type=\w+|torch\.\w+"
    r"|(?<=[^\W\d]) ?(?:\^|\*\*) ?-?\d+(?:\.\d+)?|\b(?:u?int|b?float|complex)\d+\b(?:\[[\d, ]*\])?"
)


@dataclass(frozen=True)
class Difference:
    """The first difference of a kind.

    Parameters
    ----------
    kind
        ``print``, ``save``, ``figure`` or ``state``.
    label
        Where.
    original, port
        What each has there.
    """

    kind: str
    label: str
    original: str
    port: str


@dataclass
class Comparison:
    """What two runs have in common.

    Parameters
    ----------
    differences
        The first difference of each kind, in the order in which they happened.
    compared
        How many numbers of each kind were compared.
    seconds, memory
        Of the original and the port; memory in MiB.
    failures
        Why a run ended early, by ``original`` and ``port``.
    """

    differences: list[Difference] = field(default_factory=list)
    compared: dict[str, int] = field(default_factory=dict)
    seconds: tuple[float, float] = (float("nan"), float("nan"))
    memory: tuple[float, float] = (float("nan"), float("nan"))
    failures: dict[str, str] = field(default_factory=dict)

    @property
    def same(self) -> bool:
        """Whether both ran and no number differs."""
        return not self.differences and not self.failures

    @property
    def verdict(self) -> str:
        """One line: how the port fares."""
        if "original" in self.failures:
            return "not judged, the original fails: " + _last_line(self.failures["original"])
        if "port" in self.failures:
            return "fails: " + _last_line(self.failures["port"])
        if self.same:
            return "the same numbers"
        first = self.differences[0]
        what = f"{first.kind} differs at {first.label}: {first.original.strip()!r}, port {first.port.strip()!r}"
        return f"prints the same numbers; {what}" if self.prints_same else what

    @property
    def prints_same(self) -> bool:
        """Whether both ran and no printed number differs."""
        return not self.failures and all(difference.kind != "print" for difference in self.differences)

    def __str__(self) -> str:
        lines = [f"{kind}: {count} numbers compared" for kind, count in self.compared.items()]
        lines += [
            f"{d.kind}: first difference at {d.label}\n  original {d.original}\n  port     {d.port}"
            for d in self.differences
        ]
        lines += [f"the {who} failed:\n{text.rstrip()}" for who, text in self.failures.items()]
        lines.append(f"time: {self.seconds[0]:.2f} s on JAX, {self.seconds[1]:.2f} s on torch")
        lines.append(f"memory: {self.memory[0]:.0f} MiB on JAX, {self.memory[1]:.0f} MiB on torch")
        lines.append("the same numbers" if self.same else "not the same")
        return "\n".join(lines)


def compare(
    script: str | Path,
    arguments: Sequence[str] = (),
    *,
    seed: int = 0,
    rtol: float = 1e-4,
    atol: float = 1e-6,
    python: str | None = None,
    packages: Sequence[str] = (),
    compiled: bool = True,
    timeout: float | None = None,
) -> Comparison:
    """Run a program on JAX and its port on torch, each in a process of its own, with draws from one Threefry seed.

    Parameters
    ----------
    script
        The program or notebook.
    arguments
        What it finds in ``sys.argv``.
    seed
        The seed of both default generators.
    rtol, atol
        Numbers agree up to these tolerances.
    python
        The interpreter that has JAX and brainstate, this one if None.
    packages
        Installed packages to port as they are imported.
    compiled
        Whether the port compiles jitted functions.
    timeout
        Seconds for each run.

    Returns
    -------
    Comparison
        The first differences, times and memory.

    Examples
    --------
    >>> from brainstate_torch.port.comparing import compare
    >>> print(compare('my_model.py'))  # doctest: +SKIP
    """
    options = json.dumps({"seed": seed, "packages": list(packages), "compiled": compiled})
    with tempfile.TemporaryDirectory() as folder:
        runs = {
            mode: _run(mode, Path(script).resolve(), arguments, options, program, Path(folder), timeout)
            for mode, program in (("original", python or sys.executable), ("port", sys.executable))
        }
    first, second = runs["original"], runs["port"]
    result = Comparison(
        seconds=(first["seconds"], second["seconds"]),
        memory=(first["memory"], second["memory"]),
        failures={mode: run["failure"] for mode, run in runs.items() if run["failure"]},
    )
    _compare_events(first["events"], second["events"], result, rtol, atol)
    return result


def _last_line(text: str) -> str:
    return (text.strip() or "no message").splitlines()[-1]


def _compare_folder(folder: Path, **options: Any) -> int:
    """A line for each program below a folder, and how many of those that run on JAX run and print the same on torch."""
    results = []
    for script in programs(folder):
        result = compare(script, **options)
        results.append(result)
        print(f"{script.relative_to(folder)}: {result.verdict}", flush=True)
    judged = [result for result in results if "original" not in result.failures]
    run, same = sum(not result.failures for result in judged), sum(result.prints_same for result in judged)
    counts = f"of these {run} run on torch, {same} print the same numbers"
    print(f"{len(judged)} of {len(results)} programs run on JAX; {counts}")
    return 2 if run < len(judged) else int(same < len(judged))


def _run(
    mode: str, script: Path, arguments: Sequence[str], options: str, program: str, folder: Path, timeout: float | None
) -> dict[str, Any]:
    record = folder / f"{mode}.pickle"
    work = folder / mode
    work.mkdir()
    environment = dict(os.environ, MPLBACKEND="agg", JAX_THREEFRY_PARTITIONABLE="1")
    environment["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parents[2]), environment.get("PYTHONPATH", "")])
    command = [
        program,
        str(Path(__file__).with_name("recorder.py")),
        str(record),
        mode,
        options,
        str(script),
        *arguments,
    ]
    try:
        done = subprocess.run(
            command, cwd=work, env=environment, capture_output=True, text=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        return {"events": [], "seconds": timeout, "memory": float("nan"), "failure": f"more than {timeout} s"}
    if not record.exists():
        return {"events": [], "seconds": float("nan"), "memory": float("nan"),
                "failure": done.stderr or f"exit status {done.returncode}"}  # fmt: skip
    found: dict[str, Any] = pickle.loads(record.read_bytes())
    return found


def numbers_in(line: str) -> list[tuple[float, float]]:
    """The numbers of a line of text, without those that are parts of words, each with half of its last decimal."""
    found = []
    for text in _NUMBER.findall(_WORDS.sub("", line)):
        digits, _, exponent = text.lower().partition("e")
        decimals = len(digits.partition(".")[2])
        found.append((float(text), 0.5 * 10.0 ** (int(exponent or 0) - decimals) if decimals else 0.0))
    return found


def _compare_events(first: Any, second: Any, result: Comparison, rtol: float, atol: float) -> None:
    for kind in ("print", "save", "figure", "state"):
        mine = [event for event in first if event[0] == kind]
        theirs = [event for event in second if event[0] == kind]
        difference, count = (
            _printed(mine, theirs, rtol, atol) if kind == "print" else _arrays(kind, mine, theirs, rtol, atol)
        )
        if count:
            result.compared[kind] = count
        if difference is not None:
            result.differences.append(difference)


#: Where an object shows itself over several lines: its class, or a name and its class, and an open bracket.
_OBJECT = re.compile(r"^(\s*)(?:[^\n]*\s)?[A-Z]\w*\($")


def without_objects(events: Any) -> Any:
    """The lines without the settings of objects that show themselves, which the two libraries write in other words."""
    lines = [line for _, _, line in events]
    place = 0
    while place < len(lines):
        yield events[place]
        found = _OBJECT.match(lines[place])
        if found is not None:
            end = f"{found.group(1)})"
            place = next((i for i in range(place, len(lines)) if lines[i].startswith(end)), place)
        place += 1


def _printed(mine: Any, theirs: Any, rtol: float, atol: float) -> tuple[Difference | None, int]:
    """All printed numbers in order: lines may be broken in other places."""
    mine, theirs = list(without_objects(mine)), list(without_objects(theirs))
    left = [(number, label, line) for _, label, line in mine for number in numbers_in(line)]
    right = [(number, label, line) for _, label, line in theirs for number in numbers_in(line)]
    for count, (((a, half), label, line), ((b, its_half), _, other)) in enumerate(zip(left, right, strict=False)):
        # A number that is printed with fewer decimals agrees with all that round to it.
        if not np.isclose(a, b, rtol=rtol, atol=atol + max(half, its_half), equal_nan=True):
            return Difference("print", label, line, other), count + 1
    count = min(len(left), len(right))
    if len(left) != len(right):
        extra = (left if len(left) > len(right) else right)[count]
        return Difference("print", extra[1], f"{len(left)} numbers", f"{len(right)} numbers: {extra[2]!r}"), count
    return None, count


def _arrays(kind: str, mine: Any, theirs: Any, rtol: float, atol: float) -> tuple[Difference | None, int]:
    others = {}
    for place, (_, label, numbers) in enumerate(theirs):
        others[label if kind == "state" else place] = numbers
    count = 0
    for place, (_, label, (array, unit)) in enumerate(mine):
        found = others.get(label if kind == "state" else place)
        if found is None:
            return Difference(kind, label, f"{array.dtype}{list(array.shape)}", "nothing"), count
        other, its_unit = found
        if array.shape != other.shape:
            return Difference(kind, label, f"shape {array.shape}", f"shape {other.shape}"), count
        if unit != its_unit:
            return Difference(kind, label, f"in {unit or 'no unit'}", f"in {its_unit or 'no unit'}"), count
        close = np.isclose(array, other, rtol=rtol, atol=atol, equal_nan=True)
        if not close.all():
            worst = tuple(int(i) for i in np.argwhere(~close)[0])
            where = f"{label}{list(worst) if worst else ''}"
            return Difference(kind, where, str(array[worst]), str(other[worst])), count
        count += array.size
    return None, count


def main(arguments: Sequence[str]) -> int:
    """The command ``compare``. 0: the same numbers, 1: not the same, 2: a run failed.

    For a folder, programs whose originals fail are not judged, and printed numbers decide.
    """
    parser = argparse.ArgumentParser(
        prog="python -m brainstate_torch.port compare",
        description="Run a program on JAX, and its port on torch, each in its own process with draws from one Threefry "
        "seed, and show the first number in which they differ: printed, saved, drawn, or left in a State. For a "
        "folder, one line for each program and the count.",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rtol", type=float, default=1e-4)
    parser.add_argument("--atol", type=float, default=1e-6)
    parser.add_argument("--python", help="the interpreter with JAX and brainstate, if it is another one")
    parser.add_argument("--package", action="append", default=[], metavar="NAME", help="port this package as well")
    parser.add_argument("--no-compile", action="store_true", help="let jitted functions replay, without a compiler")
    parser.add_argument("--timeout", type=float, help="seconds for each run")
    parser.add_argument("script", type=Path, help="a program, a notebook or a folder")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    if not options.script.exists():
        parser.error(f"there is no {options.script}")
    settings = {
        "arguments": options.arguments, "seed": options.seed, "rtol": options.rtol, "atol": options.atol,
        "python": options.python, "packages": options.package, "compiled": not options.no_compile,
        "timeout": options.timeout,
    }  # fmt: skip
    if options.script.is_dir():
        return _compare_folder(options.script, **settings)
    result = compare(options.script, **settings)
    print(result)
    return 2 if result.failures else int(not result.same)
