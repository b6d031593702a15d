"""Inductor. Importing this module takes a second, so only code that is about to compile does."""

from torch._inductor import config
from torch._inductor.compile_fx import compile_fx_inner
from torch._inductor.decomposition import select_decomp_table
from torch._inductor.exc import InvalidCxxCompiler

__all__ = ["InvalidCxxCompiler", "compile_fx_inner", "config", "select_decomp_table"]
