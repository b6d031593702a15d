"""Inductor. Importing this module takes a second, so only code that is about to compile does."""

from typing import Any

import torch.compiler.config
from torch._guards import TracingContext, tracing
from torch._inductor import config, metrics
from torch._inductor.codecache import CppCodeCache, _get_cpp_prefix_header
from torch._inductor.compile_fx import compile_fx_inner as _compile_fx_inner
from torch._inductor.decomposition import select_decomp_table
from torch._inductor.exc import CppCompileError, GPUTooOldForTriton, InvalidCxxCompiler, TritonMissing
from torch.fx.experimental.symbolic_shapes import ShapeEnv

from .._version import __version__
from .functorch import FakeTensorMode
from .fx import GraphModule

__all__ = [
    "NOT_COMPILED",
    "NO_COMPILER",
    "compile_fx_inner",
    "config",
    "fake_mode",
    "kernels_written",
    "library_of",
    "select_decomp_table",
]

#: A module that torch makes an object with settings of.
_settings: Any = torch.compiler.config
#: What Inductor raises where the machine has nothing to compile with.
NO_COMPILER = (InvalidCxxCompiler, TritonMissing, GPUTooOldForTriton)
#: What `library_of` raises where there is no compiler, or one that does not know the code, as vectors of GCC and Clang.
NOT_COMPILED = (InvalidCxxCompiler, CppCompileError)


def kernels_written() -> int:
    """How many kernels Inductor has written in this process."""
    return metrics.generated_kernel_count


class _WithVectors(CppCodeCache):
    """For code that includes the header of Inductor's kernels, which is compiled once for all."""

    cache: dict[str, Any] = {}  # noqa: RUF012  as the class that it is one of

    @classmethod
    def _get_uncompiled_header(cls, device: str) -> str | None:
        return _get_cpp_prefix_header(device)


def library_of(source: str) -> Any:
    """The functions of a piece of C++, compiled as Inductor compiles its own and kept in its cache on the disk."""
    # The compiler reads torch's vectors for 4 of 6 seconds, and half a second if they are precompiled.
    return (_WithVectors if "cpp_prefix.h" in source else CppCodeCache).load(source)


def fake_mode() -> FakeTensorMode:
    """For the tensors of a graph that is to be compiled.

    All shapes are known. But Inductor's cache on the disk is asked only where the mode has an environment for symbols.
    """
    return FakeTensorMode(allow_non_fake_inputs=True, shape_env=ShapeEnv())


def compile_fx_inner(graph: GraphModule, inputs: list[Any], mode: FakeTensorMode) -> Any:
    """Compile a graph with tensors of this mode, or take what the cache has for it.

    The key of the cache knows what torch's operators are, and not what this package's do.
    """
    tag = f"{_settings.cache_key_tag} brainstate_torch {__version__}"
    with _settings.patch(cache_key_tag=tag), tracing(TracingContext(mode)):
        return _compile_fx_inner(graph, inputs)
