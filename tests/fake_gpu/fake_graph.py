"""CUDA graphs on the fake device: what is recorded between begin and end runs again at a replay, on the same memory.

Stricter than a GPU where it can be: while a graph is recorded, waits, copies from the CPU, generators that are not registered and
draws from the CPU's generator raise; after it, what was computed holds NaN until the first replay; and a number that lay on
the CPU stays what it was.
"""

import contextlib
import ctypes
import itertools

import torch

_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_int)


class Stream:
    """A stream: all work is done when it is asked for, so there is nothing to order; who waits for whom is noted."""

    _numbers = itertools.count(1)

    def __init__(self, device=None, priority=0):
        self.cuda_stream = self.stream_id = next(Stream._numbers)
        self.device = torch.device(
            "cuda", torch.cuda.current_device() if device is None else torch.device(device).index or 0
        )
        self.device_index, self.device_type = self.device.index, 1
        self.waited_for = []

    def wait_stream(self, stream):
        self.waited_for.append(stream)

    def __eq__(self, other):
        return isinstance(other, Stream) and self.stream_id == other.stream_id

    def __hash__(self):
        return hash(self.stream_id)


class _Current:
    def __init__(self):
        self.default = Stream.__new__(Stream)
        self.default.cuda_stream = self.default.stream_id = 0
        self.default.device, self.default.device_index, self.default.device_type = torch.device("cuda", 0), 0, 1
        self.default.waited_for = []
        self.stream = self.default

    @contextlib.contextmanager
    def within(self, stream):
        before, self.stream = self.stream, stream
        try:
            yield
        finally:
            self.stream = before


#: The recording under way, so that kernels of Triton take part.
RECORDING = None


def installed(device):
    """Put the stand-ins in the place of what a CUDA build has."""
    device.fake_graph.restype = ctypes.c_void_p
    device.fake_graph_free.argtypes = [ctypes.c_void_p]
    device.fake_graph_register.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    device.fake_graph_begin.argtypes = [ctypes.c_void_p]
    device.fake_graph_replay.argtypes = [ctypes.c_void_p, _CALLBACK, ctypes.c_char_p, ctypes.c_int]
    device.fake_graph_size.argtypes = [ctypes.c_void_p]
    device.fake_graph_size.restype = ctypes.c_int64
    device.fake_graph_pause.restype, device.fake_graph_resume.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    device.fake_is_capturing.restype = ctypes.c_bool
    current = _Current()

    class CUDAGraph:
        def __init__(self, keep_graph=False):
            self.graph, self.calls, self.pools, self.replays = device.fake_graph(), [], (), 0

        def __del__(self):
            device.fake_graph_free(self.graph)

        def register_generator_state(self, generator):
            assert generator.device.type == "cuda", f"a generator of a GPU is wanted, got one of {generator.device}"
            device.fake_graph_register(self.graph, generator._cdata)

        def capture_begin(self, pool=None, capture_error_mode="global", check_input_liveness=False):
            global RECORDING
            assert current.stream != current.default, "the legacy stream cannot be recorded"
            self.pools = (pool,)
            if device.fake_graph_begin(self.graph):
                raise RuntimeError("CUDA error: a capture is under way")
            RECORDING, self.before = self, torch.default_generator.get_state()

        def capture_end(self):
            global RECORDING
            RECORDING = None
            device.fake_graph_end()
            if not torch.equal(self.before, torch.default_generator.get_state()):
                raise RuntimeError("the CPU's generator has drawn while a graph was recorded")

        def run(self, call):
            """Run a kernel of Triton, which is a part of the graph."""
            held = device.fake_graph_pause()
            try:
                call()
            finally:
                device.fake_graph_resume(held)
            self.calls.append(call)
            device.fake_graph_call(len(self.calls) - 1)

        def replay(self):
            failures = []

            def again(number):
                try:
                    self.calls[number]()
                except BaseException as error:  # what is raised in a callback is lost
                    failures.append(error)

            text = ctypes.create_string_buffer(2000)
            self.replays += 1
            if device.fake_graph_replay(self.graph, _CALLBACK(again), text, 2000):
                raise RuntimeError(text.value.decode())
            if failures:
                raise failures[0]

        def reset(self):
            pass

        def pool(self):
            return self.pools[0]

        def __len__(self):
            return device.fake_graph_size(self.graph)

    handles = itertools.count(1)
    for module in (torch.cuda, torch.cuda.graphs):
        module.CUDAGraph = CUDAGraph
        module.graph_pool_handle = lambda: (0, next(handles))
        # torch.compile wants functions that it can hash, one under each name.
        module.is_current_stream_capturing = lambda: device.fake_is_capturing()
    torch.cuda.Stream = Stream
    torch.cuda.stream = current.within
    torch.cuda.current_stream = lambda device=None: current.stream
    torch.cuda.default_stream = lambda device=None: current.default
    torch._C._host_emptyCache = lambda: None
    torch._C._cuda_isCurrentStreamCapturing = lambda: device.fake_is_capturing()
