"""Inductor. Importing this module takes a second, so only code that is about to compile does."""

from torch._inductor import config, metrics
from torch._inductor.compile_fx import compile_fx_inner
from torch._inductor.decomposition import select_decomp_table
from torch._inductor.exc import GPUTooOldForTriton, InvalidCxxCompiler, TritonMissing

__all__ = ["NO_COMPILER", "compile_fx_inner", "config", "kernels_written", "select_decomp_table"]

#: What Inductor raises where the machine has nothing to compile with.
NO_COMPILER = (InvalidCxxCompiler, TritonMissing, GPUTooOldForTriton)


def kernels_written() -> int:
    """How many kernels Inductor has written in this process."""
    return metrics.generated_kernel_count
