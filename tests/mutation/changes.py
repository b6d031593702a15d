"""A change of one place in the package, the tests that should notice it, and the list of those written by hand."""

import tomllib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "brainstate_torch"
#: Laws about the files of a folder, besides the unit tests of that folder. The longest name that fits counts.
LAWS = {
    "_program": ["tests/laws/test_loops.py"],
    "_state": ["tests/laws/test_state.py"],
    "transform/_compile": ["tests/laws/what_jit_sees"],
    "transform/_control": ["tests/laws/test_loops.py"],
    "transform/_core": ["tests/laws/test_loops.py"],
    "transform/_derivative": ["tests/laws/test_gradient.py"],
    "transform/_mapping": ["tests/laws/test_mapping.py"],
    "units": ["tests/laws/test_units.py", "tests/laws/test_numpy_names.py"],
}
#: Slow tests of a room, which run last.
LAST = {"optim": ["tests/parity/test_braintools_optim.py"]}


@dataclass(frozen=True, eq=False)
class Mutation:
    """`old`, which begins at `at` in the text of `file`, becomes `new`; `explained` says why no test notices it."""

    file: str
    old: str
    new: str
    at: int
    explained: str = ""
    also: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = self.text()
        old, new = ((x.strip().splitlines() or ["(nothing)"])[0].strip()[:90] for x in (self.old, self.new))
        line = text[text.rfind("\n", 0, self.at) + 1 :].splitlines()[0].strip()
        where = f"   in   {line[:120]}" if line.startswith(old) is False else ""
        return f"{self.file}:{text.count(chr(10), 0, self.at) + 1}: {old} -> {new}{where}"

    def with_reason(self, explained: str) -> "Mutation":
        return replace(self, explained=explained)

    def text(self) -> str:
        """The file without the change."""
        return (ROOT / PACKAGE / self.file).read_text()

    def made(self, text: str) -> str:
        """The text of the file with the change."""
        if text[self.at : self.at + len(self.old)] != self.old:
            raise RuntimeError(f"{self.file} has changed since the run began. Begin another one.")
        return text[: self.at] + self.new + text[self.at + len(self.old) :]

    @cached_property
    def own(self) -> tuple[str, ...]:
        """The tests of the file, if it has tests of its own."""
        file = Path(self.file)
        own = Path("tests/unit") / file.parent / f"test_{file.stem.lstrip('_')}.py"
        return (own.as_posix(),) if (ROOT / own).exists() else ()

    @property
    def room(self) -> tuple[str, ...]:
        """The tests of the folder, and laws."""
        room = max((x for x in LAWS if self.file.startswith(x + "/")), key=len, default=self.file.split("/")[0])
        return (f"tests/unit/{room}", *LAWS.get(room, ()), *self.also)

    @property
    def last(self) -> tuple[str, ...]:
        """What runs with its slow tests where none of those notices: comparisons with the packages followed, too."""
        return (*self.own, "tests/parity/test_signatures.py", *LAST.get(self.file.split("/")[0], ()))


def written() -> tuple[list[Mutation], list[str]]:
    """Those of `mutations.toml`, and what in it no longer stands in its file once."""
    found, missing = [], []
    for row in tomllib.loads(Path(__file__).with_name("mutations.toml").read_text())["mutation"]:
        file = ROOT / PACKAGE / row["file"]
        text = file.read_text() if file.exists() else ""
        if text.count(row["old"]) == 1:
            also = tuple(row.get("tests", ()))
            place = text.index(row["old"])
            found.append(Mutation(row["file"], row["old"], row["new"], place, row.get("explained", ""), also))
        else:
            missing.append(f"{row['file']}: {row['old'].strip().splitlines()[0][:90]}")
    return found, missing
