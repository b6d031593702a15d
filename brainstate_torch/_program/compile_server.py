"""The program of the process that compiles for another one: see :mod:`tiered`."""

import contextlib
import os
import sys
from typing import BinaryIO

import torch

from .backend import machine_code
from .portable import unpacked
from .tiered import ANSWER, JOB

__all__ = ["main"]


def main() -> None:
    """Compile graphs from the standard input, and answer with their numbers, until it is closed."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # Output that a compiler prints must not be read as an answer.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(sys.stdin.buffer, answers)


def serve(jobs: BinaryIO, answers: BinaryIO) -> None:
    """Compile each job. A job that fails is answered too: the other process meets the same error, and raises it."""
    while len(header := jobs.read(JOB.size)) == JOB.size:
        number, threads, size = JOB.unpack(header)
        torch.set_num_threads(threads)
        graph = jobs.read(size)
        with contextlib.suppress(Exception):
            machine_code(*unpacked(graph))
        answers.write(ANSWER.pack(number))
        answers.flush()
