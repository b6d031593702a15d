"""Tests of a changed copy of the package, in processes that begin where torch and pytest have been loaded."""

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .changes import PACKAGE, ROOT, Mutation

#: Seconds by the clock after which tests count as waiting for something that does not come.
LIMIT = 3600
#: The exit status of a process in which pytest did not run.
NO_RUN = 70


def copied() -> Path:
    """A copy of what git knows of, with uncommitted changes."""
    place = Path(tempfile.mkdtemp(prefix="mutation-"))
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if name.startswith((PACKAGE, "tests", "pyproject.toml")) and (ROOT / name).exists():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place / name)
    return place


@dataclass
class Run:
    """Tests that run in a process of their own."""

    place: Path
    process: int
    output: Path
    begin: float

    @classmethod
    def of(cls, tests: Iterable[str], place: Path, chosen: str, seconds: float | None = None) -> "Run":
        """Start the tests with the chosen marker in a copy; they end after so many seconds of computing."""
        number, output = tempfile.mkstemp(dir=place, prefix="output-")
        process = os.fork()
        if not process:
            try:
                _child(list(tests), place, number, chosen, seconds)
            finally:
                traceback.print_exc()
                os._exit(NO_RUN)
        os.close(number)
        return cls(place, process, Path(output), time.monotonic())

    def ended(self) -> tuple[int, float] | None:
        """The exit status and the seconds computed, once there is one."""
        process, status, used = os.wait4(self.process, os.WNOHANG)
        if not process:
            if time.monotonic() < self.begin + LIMIT:
                return None
            os.kill(self.process, signal.SIGKILL)
            _, status, used = os.wait4(self.process, 0)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process, signal.SIGKILL)  # what a test has started
        return os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime

    def said(self) -> str:
        """The end of what the tests printed."""
        return self.output.read_text()[-4000:]


def _child(tests: list[str], place: Path, output: int, chosen: str, seconds: float | None) -> None:
    os.setpgrp()
    os.dup2(output, 1)
    os.dup2(output, 2)
    if seconds is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 5))
    # The package and the tests are those of the copy, not those of this file or of an editable install.
    sys.path[0] = os.environ["PYTHONPATH"] = str(place)
    for name in [x for x in sys.modules if x.partition(".")[0] in ("tests", PACKAGE)]:
        del sys.modules[name]
    os.chdir(place)
    import pytest

    options = ["-x", "-p", "no:cacheprovider", "--tb=short", "--show-capture=no", "-m", chosen, "--rootdir", "."]
    code = int(pytest.main([*options, *tests]))
    sys.stdout.flush()
    os._exit(code)


@contextlib.contextmanager
def changed(mutation: Mutation, place: Path) -> Iterator[None]:
    """A copy in which the change is made."""
    file = place / PACKAGE / mutation.file
    before, times = file.read_text(), file.stat()
    file.write_text(mutation.made(before))
    # What Python has compiled is known by its time in seconds and its length.
    os.utime(file, (times.st_atime, times.st_mtime + 10))
    try:
        yield
    finally:
        file.write_text(before)
        os.utime(file, (times.st_atime, times.st_mtime))
