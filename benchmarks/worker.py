"""A process that holds one framework and answers one question at a time over a pipe."""

import ctypes
import gc
import importlib.util
import multiprocessing
import os
import time
import traceback
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from . import on_gpu, scales, workloads

__all__ = ["FRAMEWORKS", "Failed", "Setting", "Worker"]

#: The builders that the files of the workloads have, and the package that each needs.
FRAMEWORKS = {
    "hand": "torch",
    "ours": "brainstate_torch",
    "compiled": "torch",
    "theirs": "brainstate",
    "snntorch": "snntorch",
    "spikingjelly": "spikingjelly",
    "norse": "norse",
    "brian2": "numpy",  # has an environment of its own
}


class Setting(NamedTuple):
    """What all workers are told alike."""

    device: str
    threads: int
    quick: bool
    #: On a GPU: products of float32 numbers with 10 bits of mantissa, by tensor cores. JAX's default, and not torch's.
    tf32: bool = False


class Failed(Exception):
    """The worker could not answer."""


class Worker:
    """The parent's end of a worker."""

    def __init__(self, framework: str, setting: Setting, environment: dict[str, str]) -> None:
        self.framework, self.threads = framework, setting.threads
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, framework, setting), daemon=True)
        before = dict(os.environ)
        os.environ.update(environment)
        try:
            process.start()
        finally:
            os.environ.clear()
            os.environ.update(before)
        theirs.close()

    def send(self, question: str, *args: Any) -> None:
        """Ask; the answer waits in :meth:`receive`, so that workers can be asked side by side."""
        self._pipe.send((question, *args))

    def receive(self) -> Any:
        """The answer.

        Raises
        ------
        Failed
            With what the worker said, or that it died.
        """
        try:
            good, answer = self._pipe.recv()
        except EOFError:
            raise Failed(f"the worker of {self.framework} died") from None
        if not good:
            raise Failed(answer)
        return answer

    def ask(self, question: str, *args: Any) -> Any:
        """Send and receive."""
        self.send(question, *args)
        return self.receive()


def _serve(pipe: Connection, framework: str, setting: Setting) -> None:
    # Also what XLA looks at for the size of its thread pool.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-setting.threads :])
    bench = None
    while True:
        try:
            question, *args = pipe.recv()
        except EOFError:
            return
        try:
            bench = bench or _Bench(framework, setting)
            answer = True, getattr(bench, question)(*args)
        except ModuleNotFoundError as error:
            answer = False, f"not installed: {error.name}"
        except Exception:
            answer = False, traceback.format_exc()
        pipe.send(answer)


#: What the profiler calls them.
_LAUNCHES = {"cudaLaunchKernel", "cudaLaunchKernelExC", "cuLaunchKernel", "cuLaunchKernelEx", "cudaGraphLaunch"}


class _TorchHost:
    """PyTorch, for hand-written code, us and the libraries on it."""

    def __init__(self, setting: Setting) -> None:
        import torch

        torch.set_num_threads(setting.threads)
        torch.set_float32_matmul_precision("high" if setting.tf32 else "highest")
        self.torch, self.device = torch, setting.device
        self.wait = torch.cuda.synchronize if setting.device == "cuda" else lambda: None

    def array(self, x: np.ndarray, *, double: bool) -> Any:
        if x.dtype.kind == "f":
            x = x.astype(np.float64 if double else np.float32)
        return self.torch.tensor(x, device=self.device)

    def numpy(self, x: Any) -> np.ndarray:
        return x.detach().cpu().numpy()

    def settled(self, result: Any) -> None:
        self.wait()

    def release(self) -> None:
        """Give back what the allocator of the device keeps, since the other workers need it."""
        gc.collect()
        if self.device == "cuda":
            self.torch.cuda.empty_cache()

    def launches(self, run: Callable[[], Any]) -> int | None:
        if self.device == "cpu":
            return None
        profiler = self.torch.profiler
        with profiler.profile(activities=[profiler.ProfilerActivity.CPU, profiler.ProfilerActivity.CUDA]) as found:
            run()
            self.wait()
        return sum(event.count for event in found.key_averages() if event.key in _LAUNCHES)

    def growth(self, run: Callable[[], Any]) -> int | None:
        if self.device == "cpu":
            return _growth_of_process(run)
        cuda = self.torch.cuda
        cuda.reset_peak_memory_stats()
        before: int = cuda.memory_allocated()
        run()
        peak: int = cuda.max_memory_allocated()
        # What a CUDA graph needs is taken when it is recorded.
        graphs = sum(
            x["total_size"] for x in cuda.memory_snapshot() if tuple(x.get("segment_pool_id", (0, 0))) != (0, 0)
        )
        return peak - before + graphs


class _JaxHost:
    """JAX, for brainstate."""

    def __init__(self, setting: Setting) -> None:
        import brainstate
        import jax

        self.jax, self.environ, self.device = jax, brainstate.environ, setting.device
        # On a CPU, PyTorch computes before a call returns.
        jax.config.update("jax_cpu_enable_async_dispatch", False)
        if setting.device == "cuda":
            if jax.default_backend() != "gpu":
                raise ModuleNotFoundError(name="jax[cuda12]")
            jax.config.update("jax_default_matmul_precision", "tensorfloat32" if setting.tf32 else "highest")

    def array(self, x: np.ndarray, *, double: bool) -> Any:
        self.environ.set(precision=64 if double else 32)
        if x.dtype.kind == "f":
            x = x.astype(np.float64 if double else np.float32)
        return self.jax.numpy.asarray(x)

    def numpy(self, x: Any) -> np.ndarray:
        return np.asarray(x)

    def settled(self, result: Any) -> None:
        self.jax.block_until_ready(result)

    def release(self) -> None:
        gc.collect()

    def launches(self, run: Callable[[], Any]) -> int | None:
        return None

    def growth(self, run: Callable[[], Any]) -> int | None:
        # JAX cannot be told to forget the peak of a device.
        return _growth_of_process(run) if self.device == "cpu" else None


class _NumpyHost:
    """Numpy, for a simulator that makes programs of its own."""

    def array(self, x: np.ndarray, *, double: bool) -> Any:
        return x.astype(np.float64 if double else np.float32) if x.dtype.kind == "f" else x

    def numpy(self, x: Any) -> np.ndarray:
        return np.asarray(x)

    def settled(self, result: Any) -> None:
        pass

    def release(self) -> None:
        pass

    def launches(self, run: Callable[[], Any]) -> int | None:
        return None

    def growth(self, run: Callable[[], Any]) -> int | None:
        # The memory is that of another process.
        return None


class _Bench:
    """The questions that a worker answers."""

    def __init__(self, framework: str, setting: Setting) -> None:
        if importlib.util.find_spec(FRAMEWORKS[framework]) is None:
            raise ModuleNotFoundError(name=FRAMEWORKS[framework])
        self.host: Any = _NumpyHost() if framework == "brian2" else None
        self.host = self.host or (_JaxHost(setting) if framework == "theirs" else _TorchHost(setting))
        self.framework, self.setting = framework, setting
        self.contestants: dict[str, Callable[[], Any]] = {}

    def _built(self, workload: str, case: str, double: bool) -> dict[str, Callable[[], Any]]:
        room = next((x for x in (scales, on_gpu) if workload in x.NAMES), workloads)
        module = room.load(workload)
        build = getattr(module, self.framework, None)
        if build is None:
            return {}
        arrays = module.inputs(case, self.setting.quick)
        data = SimpleNamespace(**{name: self.host.array(x, double=double) for name, x in arrays.items()})
        contestants: dict[str, Callable[[], Any]] = build(case, data)
        return contestants

    def results(self, workload: str, case: str, double: bool) -> dict[str, list[np.ndarray]]:
        """The results of each contestant, in double or in single precision; then none is built."""
        self.contestants = {}
        built = self._built(workload, case, double)
        found = {name: [self.host.numpy(x) for x in _leaves(run())] for name, run in built.items()}
        del built
        self.host.release()
        return found

    def build(self, workload: str, case: str) -> dict[str, float]:
        """Build the contestants in single precision; the seconds that the first call of each takes."""
        self.contestants = self._built(workload, case, double=False)
        # What is there now need not be looked at before each batch.
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        return {name: self.batch(name, 1) for name in self.contestants}

    def batch(self, name: str, number: int) -> float:
        """The seconds per call, over a batch of calls."""
        run, result = self.contestants[name], None
        gc.collect()
        gc.disable()
        self.host.settled(None)
        begin = time.perf_counter()
        for _ in range(number):
            result = run()
        self.host.settled(result)
        end = time.perf_counter()
        gc.enable()
        return (end - begin) / number

    def batch_size(self, name: str, seconds: float) -> int:
        """The number of calls that take that long."""
        number, fastest = 1, self.batch(name, 1)
        while fastest * number < seconds / 4:
            number *= 4
            fastest = min(fastest, self.batch(name, number))
        return max(1, round(seconds / fastest))

    def launches(self) -> dict[str, int | None]:
        """How often a call of each contestant launches something on a GPU; None where nobody counts."""
        return {name: self.host.launches(run) for name, run in self.contestants.items()}

    def memory(self, name: str) -> int | None:
        """The bytes by which memory grows at its peak during a call; None where nobody counts them."""
        gc.collect()
        return self.host.growth(self.contestants[name])


def _growth_of_process(run: Callable[[], Any]) -> int:
    ctypes.CDLL(None).malloc_trim(0)
    # Makes the kernel forget the peak so far.
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    before = _status("VmRSS")
    run()
    return _status("VmHWM") - before


def _status(field: str) -> int:
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(field + ":"))


def _leaves(result: Any) -> Iterator[Any]:
    """The arrays of a result; of a quantity the number in its own unit."""
    if isinstance(result, (list, tuple)):
        for item in result:
            yield from _leaves(item)
    else:
        yield getattr(result, "mantissa", result)
