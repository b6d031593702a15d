"""A program as one CUDA graph: recorded once by the driver, and from then on one launch.

A call copies its inputs into buffers of the graph, replays it, and hands copies of its results out. The generators that
it draws from are set before, and read after. Work that has to wait for the device, such as a check of numbers, is done
last.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import torch

from .._host.memory import address
from .backend import Program
from .recording import Like

__all__ = ["Captured", "Stream", "capture", "hand_on"]


class GeneratorState(Protocol):
    """How the state of a random stream is written into a generator of the device, and read from it."""

    def load(self, state: torch.Tensor, generator: torch.Generator) -> None:
        """Set the generator to a state."""

    def state(self, before: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """The state after the draws, from the one before."""

    def generator(self, own: torch.Generator) -> torch.Generator:
        """The generator to draw from: the stream's own, or torch's default one of its device."""


class Stream:
    """The device generator of a random stream, whose state a program takes and returns as a tensor."""

    def __init__(self, device: torch.device) -> None:
        self.own = torch.Generator(device)
        #: Its first user; None until something is drawn.
        self.draws: GeneratorState | None = None

    @contextlib.contextmanager
    def at(self, state: torch.Tensor) -> Iterator[list[torch.Tensor]]:
        """Within: the generator has this state. The state at the end is appended to the list."""
        after: list[torch.Tensor] = []
        if self.draws is None:
            yield after
            after.append(state)
            return
        generator = self.draws.generator(self.own)
        before = generator.get_state()
        self.draws.load(state, generator)
        try:
            yield after
            after.append(self.draws.state(state, generator))
        finally:
            generator.set_state(before)


class _Capture:
    """A recording under way."""

    def __init__(self, streams: dict[int, Stream]) -> None:
        self.streams = streams
        #: What to do after the graph, with the tensors that it leaves.
        self.late: list[tuple[Callable[..., None], list[torch.Tensor]]] = []

    def stream(self, state: torch.Tensor) -> Stream:
        """The stream of a state, which is a token while a graph is recorded."""
        return self.streams[_place(state)]


class _Thread(threading.local):
    capture: _Capture | None = None


_THREAD = _Thread()


def capture() -> _Capture | None:
    """The recording under way in this thread."""
    return _THREAD.capture


def hand_on(state: torch.Tensor) -> torch.Tensor:
    """The token of a stream after a draw."""
    return state.clone()


#: Tells a token from the state of a stream, or another tensor of bytes.
_MARK = 0x746F6B656E6F6673


def _token(place: int, like: torch.Tensor) -> torch.Tensor:
    """What stands for the state of a stream: the number of the input that it came in, and a mark."""
    found = torch.zeros_like(like)
    found[:16].view(torch.int64).copy_(torch.tensor([place, _MARK], device="cpu"))
    return found


def _place(token: torch.Tensor) -> int:
    return int(token[:8].clone().view(torch.int64)[0])


def _is_token(x: torch.Tensor) -> bool:
    """Whether a result is the token of a stream; else a result on the CPU is a constant."""
    if not x.is_cpu or x.dtype is not torch.uint8 or x.ndim != 1 or x.numel() < 16:
        return False
    return int(x[8:16].clone().view(torch.int64)[0]) == _MARK


#: Triton makes another kernel for pointers that are no multiples of it.
_ALIGNMENT = 16


def _aligned(x: torch.Tensor) -> torch.Tensor:
    """As the buffers of a graph are."""
    return x.clone() if x.is_cuda and address(x) % _ALIGNMENT else x


class _Pool:
    """The memory pool of all graphs of a device. They run one at a time: each overwrites what another left."""

    def __init__(self, device: torch.device) -> None:
        with torch.cuda.device(device):
            self.handle = torch.cuda.graph_pool_handle()
            self.side = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self.device, self.lock, self._last = device, threading.RLock(), torch.cuda.current_stream(device)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Within: this thread's stream owns the memory; it waits for the work queued on it before."""
        with self.lock, torch.cuda.device(self.device):
            stream = torch.cuda.current_stream(self.device)
            if stream != self._last:
                stream.wait_stream(self._last)
                self._last = stream
            yield


_POOLS: dict[torch.device, _Pool] = {}
_MAKING = threading.Lock()


def _pool(device: torch.device) -> _Pool:
    with _MAKING:
        found = _POOLS.get(device)
        if found is None:
            found = _POOLS[device] = _Pool(device)
        return found


class Captured:
    """A program that runs as a graph from its second call on; the first warms libraries up.

    Parameters
    ----------
    program
        Takes a list of tensors.
    like
        What they are like. Those on the CPU are states of streams.
    device
        Where all others lie.
    steady
        Which of them mostly lie in the same memory at each call, such as weights: they are read there.
    constant
        Which of them are the same tensors with the same numbers at each call.
    failed
        Called once with the error, if the driver refuses. The program runs as it is then.
    """

    def __init__(
        self,
        program: Program,
        like: Sequence[Like],
        device: torch.device,
        steady: Sequence[int],
        constant: Sequence[int],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._program, self._device, self._failed = program, device, failed
        self._constant = set(constant)
        states = [i for i, x in enumerate(like) if x.device.type == "cpu" and i not in self._constant]
        self._streams = {i: Stream(device) for i in states}
        #: The inputs that are read in place, and their addresses; None before the first call.
        self._fixed: dict[int, int] | None = None
        self._steady = set(steady) - set(states)
        self._refused = False
        self._graph: torch.cuda.CUDAGraph | None = None
        self._inputs: list[Any] = []
        self._outputs: list[torch.Tensor] = []
        #: Which of them are the states of streams.
        self._handed_on: set[int] = set()
        self._late: list[tuple[Callable[..., None], list[torch.Tensor]]] = []
        self.recorded = 0

    def __call__(self, tensors: list[torch.Tensor]) -> Sequence[torch.Tensor]:
        """The results, copied to memory of the caller."""
        if self._refused or torch.cuda.is_current_stream_capturing():
            # A graph that the caller records takes the kernels themselves.
            return self._program(tensors)
        pool = _pool(self._device)
        with pool.alone():
            if self._fixed is None:
                found = self._warm(pool, tensors)
                self._fixed = {i: address(tensors[i]) for i in self._steady}
                return found
            moved = {i for i, place in self._fixed.items() if address(tensors[i]) != place}
            if self._graph is None or moved:
                for i in moved:
                    del self._fixed[i]
                try:
                    self._record(pool, tensors)
                except Exception as error:
                    self._give_up(error)
                    return self._program(tensors)
            return self._replay(tensors)

    def _give_up(self, error: BaseException) -> None:
        self._refused, self._graph = True, None
        self._inputs, self._outputs, self._late = [], [], []
        self._failed(error)

    def _warm(self, pool: _Pool, tensors: list[torch.Tensor]) -> list[torch.Tensor]:
        """Run on the stream that will record: what libraries allocate at their first call must not be recorded.

        Nor must a kernel be compiled then. So inputs lie as those of the graph will.
        """
        given = [x if i in self._read or i in self._steady else _aligned(x) for i, x in enumerate(tensors)]
        stream = torch.cuda.current_stream(self._device)
        pool.side.wait_stream(stream)
        with torch.cuda.stream(pool.side):
            found = self._program(given)
        stream.wait_stream(pool.side)
        # Their memory belongs to the other stream, which could reuse it while this one still reads.
        return [x.clone() if x.device == self._device else x for x in found]

    @property
    def _read(self) -> set[int]:
        """The inputs that are read in place."""
        return self._constant | set(self._fixed or ())

    def _record(self, pool: _Pool, tensors: list[torch.Tensor]) -> None:
        assert self._fixed is not None
        self._graph = None
        self._inputs = [
            _token(i, x) if i in self._streams else x if i in self._read else torch.empty_like(x)
            for i, x in enumerate(tensors)
        ]
        graph = torch.cuda.CUDAGraph()
        for stream in self._streams.values():
            graph.register_generator_state(stream.own)
        _THREAD.capture = recording = _Capture(self._streams)
        try:
            with torch.cuda.graph(graph, pool=pool.handle, stream=pool.side, capture_error_mode="thread_local"):
                self._outputs = list(self._program(list(self._inputs)))
        finally:
            _THREAD.capture = None
        self._handed_on = {i for i, x in enumerate(self._outputs) if _is_token(x)}
        self._late, self._graph = recording.late, graph
        # Passing a pointer to a kernel materialises copy-on-write memory. The State holds the tensor.
        self._fixed = {i: address(tensors[i]) for i in self._fixed}
        for i in self._fixed:
            self._inputs[i] = None
        self.recorded += 1

    def _replay(self, tensors: list[torch.Tensor]) -> list[torch.Tensor]:
        assert self._graph is not None and self._fixed is not None
        for i, (buffer, x) in enumerate(zip(self._inputs, tensors, strict=True)):
            if i not in self._read and i not in self._streams:
                buffer.copy_(x)
        after: dict[int, list[torch.Tensor]] = {}
        with contextlib.ExitStack() as stack:
            for i, stream in self._streams.items():
                after[i] = stack.enter_context(stream.at(tensors[i]))
            self._graph.replay()
        for act, numbers in self._late:
            act(*numbers)
        return [after[_place(x)][0] if i in self._handed_on else x.clone() for i, x in enumerate(self._outputs)]
