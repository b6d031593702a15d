"""A program that replays its graph until another process has compiled it."""

import atexit
import contextlib
import itertools
import os
import pickle
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, BinaryIO

import torch

from .._host.fx import GraphModule
from .portable import packed

__all__ = ["ANSWER", "JOB", "Tiered", "tiered"]

#: Before a job: its number, how many threads its kernels have, and the bytes that follow. An answer: the number.
JOB, ANSWER = struct.Struct("<QII"), struct.Struct("<Q")

Program = Callable[[list[torch.Tensor]], Sequence[torch.Tensor]]


class Tiered:
    """A program that replays a graph until compiling it only means loading it from the compiler's cache.

    A process of its own fills the cache of the compiler. A thread would not do: the compiler saves and restores the
    state of torch's generator, so that draws of the main thread would come twice.

    Parameters
    ----------
    module
        The graph.
    compiled
        Compiles it in this process.
    job
        Done when the cache has the compiled code.
    """

    __slots__ = ("_compiled", "_job", "_lock", "_program")

    def __init__(self, module: GraphModule, compiled: Callable[[], Program], job: "Future[None]") -> None:
        self._program: Program = lambda tensors: module(*tensors)
        self._compiled, self._job, self._lock = compiled, job, threading.Lock()

    def __call__(self, tensors: list[torch.Tensor]) -> Sequence[torch.Tensor]:
        if self._compiled is not None and self._job.done():
            self.finish()
        return self._program(tensors)

    def finish(self) -> None:
        """Wait for the other process, and compile."""
        self._job.exception()
        with self._lock:
            if self._compiled is not None:
                self._program = self._compiled()
                self._compiled = None  # type: ignore[assignment]


def tiered(module: GraphModule, like: Sequence[Any], compiled: Callable[[], Program]) -> Tiered | None:
    """The program of a graph on the CPU; None if another process cannot compile it."""
    if not all(x.device.type == "cpu" for x in like):
        return None
    try:
        job = packed(module, like)
    except (TypeError, AttributeError, pickle.PicklingError):
        return None
    return Tiered(module, compiled, _HELPER.submit(job))


class _Helper:
    """The process that compiles, one graph after the other; it ends with this one."""

    def __init__(self) -> None:
        self._forget()
        atexit.register(self.stop)
        # A fork shares the pipes, not the process.
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._jobs: dict[int, Future[None]] = {}

    def submit(self, graph: bytes) -> "Future[None]":
        """Hand a graph over. The future is done when the graph was compiled, or cannot be."""
        job: Future[None] = Future()
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self.stop()
                self._start()
            number = next(self._numbers)
            self._jobs[number] = job
            assert self._process is not None and self._process.stdin is not None
            try:
                self._process.stdin.write(JOB.pack(number, torch.get_num_threads(), len(graph)) + graph)
                self._process.stdin.flush()
            except BaseException as error:
                # What follows half a job would be read as a part of it.
                self._jobs.pop(number).set_result(None)
                self.stop()
                if not isinstance(error, OSError):
                    raise
        return job

    def _start(self) -> None:
        code = "from brainstate_torch._program.compile_server import main; main()"
        paths = os.pathsep.join(path for path in sys.path if path)
        self._process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": paths},
            # An interrupt from the keyboard is for this process.
            start_new_session=True,
        )
        self._jobs = {}  # Jobs of an earlier process are ended by its own listener.
        assert self._process.stdout is not None
        threading.Thread(target=self._listen, args=(self._process.stdout, self._jobs), daemon=True).start()

    def _listen(self, answers: BinaryIO, jobs: "dict[int, Future[None]]") -> None:
        """Mark jobs as done. Those that are left when the process ends are compiled in this one."""
        with answers:
            while len(answer := answers.read(ANSWER.size)) == ANSWER.size:
                # Inductor is not imported in this thread: some of its settings are thread-local.
                jobs.pop(*ANSWER.unpack(answer)).set_result(None)
        while jobs:
            jobs.popitem()[1].set_result(None)

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.kill()
            with contextlib.suppress(OSError):
                self._process.stdin.close()
            self._process.wait()
            self._process = None


_HELPER = _Helper()
