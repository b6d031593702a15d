"""Inductor. Importing this module takes a second, so only code that is about to compile does."""

from torch._inductor import config
from torch._inductor.compile_fx import compile_fx_inner
from torch._inductor.decomposition import select_decomp_table
from torch._inductor.exc import GPUTooOldForTriton, InvalidCxxCompiler, TritonMissing

__all__ = ["NO_COMPILER", "compile_fx_inner", "config", "select_decomp_table"]

#: What Inductor raises where the machine has nothing to compile with.
NO_COMPILER = (InvalidCxxCompiler, TritonMissing, GPUTooOldForTriton)
