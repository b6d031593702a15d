"""brainstate_torch._program.tiered: a program that replays until it is compiled."""

import io
import os
import signal
import subprocess
import sys
from concurrent.futures import Future

import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch import transform as T
from brainstate_torch._program import compile_server, tiered
from brainstate_torch._program.recording import record

X = torch.tensor([1.0, 2.0])


def waiting(compiled):
    job = Future()
    return tiered.Tiered(record(lambda x: [x + 1], [X]).graph, compiled, job), job


def test_a_program_replays_until_the_job_is_done():
    program, job = waiting(lambda: lambda tensors: [10 * tensors[0]])
    assert program([X])[0].tolist() == [2.0, 3.0]
    job.set_result(None)
    assert program([X])[0].tolist() == [10.0, 20.0]


def test_it_is_compiled_once():
    made = []
    program, job = waiting(lambda: made.append(1) or (lambda tensors: tensors))
    job.set_result(None)
    for _ in range(3):
        program([X])
    program.finish()
    assert made == [1]


def test_an_error_of_the_compiler_is_raised_where_the_program_goes_over():
    def fails():
        raise RuntimeError("no registers")

    program, job = waiting(fails)
    program([X])
    job.set_result(None)
    with pytest.raises(RuntimeError, match="no registers"):
        program([X])


def test_what_another_process_cannot_have_is_compiled_here():
    graph = record(lambda x: [x + 1], [X]).graph
    next(node for node in graph.graph.nodes if node.op == "call_function").target = lambda *args: args[0]
    assert tiered.tiered(graph, [X], lambda: None) is None
    assert tiered.tiered(graph, [X.to("meta")], lambda: None) is None


class Interrupted:
    """A process whose pipe takes half a job."""

    def __init__(self):
        self.stdin, self.killed = self, False

    def poll(self):
        return None

    def write(self, data):
        raise KeyboardInterrupt

    def kill(self):
        self.killed = True

    close = wait = flush = poll


def test_half_a_job_is_not_read_together_with_the_next():
    helper, process = tiered._Helper(), Interrupted()
    helper._process = process
    with pytest.raises(KeyboardInterrupt):
        helper.submit(b"graph")
    assert process.killed and helper._process is None and not helper._jobs


def test_a_server_answers_each_job_even_one_that_fails(monkeypatch):
    seen = []

    def machine_code(module, like):
        seen.append(module(X)[0].tolist())
        raise RuntimeError

    monkeypatch.setattr(compile_server, "machine_code", machine_code)
    threads = torch.get_num_threads()
    graph = tiered.packed(record(lambda x: [x + 1], [X]).graph, [X])
    jobs = b"".join(tiered.JOB.pack(number, threads, len(graph)) + graph for number in (7, 9))
    answers = io.BytesIO()
    compile_server.serve(io.BytesIO(jobs), answers)
    assert [*tiered.ANSWER.iter_unpack(answers.getvalue())] == [(7,), (9,)]
    assert seen == [[2.0, 3.0]] * 2


#: In a process of its own: where pickle finds torch's constants, which is a part of a key of the cache, depends on the
#: order of imports, and pytest has another one than the process that compiles.
AT_ONCE = """
import time
import torch
from brainstate_torch import State, transform as T

total = State(torch.zeros(3))
unseen = time.time_ns() % 10**9 / 1e9  # no cache has it

def step(x):
    total.value = torch.tanh(total.value * unseen + x)
    return total.value.sum()

def run(x):
    return T.for_loop(step, x)

x = torch.linspace(-1, 1, 30).reshape(10, 3)
f = T.jit(run, tiered=True)
first = f(x)
assert f._programs.last._made.waiting
found = total.value
total.value = torch.zeros(3)
expected = run(x)
torch.testing.assert_close(first, expected)
torch.testing.assert_close(found, total.value)

f.compile(x)
assert not f._programs.last._made.waiting
from torch._dynamo.utils import counters
assert counters["inductor"]["fxgraph_cache_hit"] == f.cost()[0].pieces == 2, counters["inductor"]
total.value = torch.zeros(3)
torch.testing.assert_close(f(x), expected)
"""


@pytest.mark.slow
def test_a_compiled_function_answers_at_once_and_is_compiled_in_the_end():
    subprocess.run([sys.executable, "-c", AT_ONCE], check=True)


@pytest.mark.slow
def test_without_the_other_process_the_program_is_compiled_here():
    f = T.jit(lambda x: x * 1.5 - 2, tiered=True)
    f(X)
    os.kill(tiered._HELPER._process.pid, signal.SIGKILL)
    f.compile(X)
    assert f(X).tolist() == [-0.5, 1.0]
    g = T.jit(lambda x: x * 2.5 - 2, tiered=True)
    assert g(X).tolist() == [0.5, 3.0]
    g.compile(X)


def test_the_setting_is_that_of_environ(monkeypatch):
    asked = []
    monkeypatch.setattr("brainstate_torch._program.backend.tiered", lambda *_: asked.append(1))
    monkeypatch.setattr("brainstate_torch._program.backend.machine_code", lambda module, like: lambda xs: module(*xs))
    for setting, wanted, expected in [(None, None, 0), (True, None, 1), (True, False, 0), (None, True, 1)]:
        asked.clear()
        with brainstate.environ.context(**({} if setting is None else {"jit_tiered": setting})):
            T.jit(lambda x: x + 4, tiered=wanted)(X)
        assert len(asked) == expected
    asked.clear()
    T.jit(lambda x: x + 4, backend="replay", tiered=True)(X)
    assert not asked
