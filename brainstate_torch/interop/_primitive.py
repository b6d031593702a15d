"""The one primitive of JAX that calls programs of torch."""

import functools
from typing import Any

from ._extras import extra, jax
from ._torch_program import TorchProgram

__all__ = ["torch_call"]


@functools.cache
def torch_call() -> Any:
    """The primitive: ``bind(*arrays, program=...)`` gives a list of arrays.

    Its forward derivative is the same primitive of another program, linear in the tangents, and so is its transpose; so
    every derivative of JAX's works, of any order.
    """
    core, ad = extra("jax.extend.core", "jax"), extra("jax.interpreters.ad", "jax")
    batching, mlir = extra("jax.interpreters.batching", "jax"), extra("jax.interpreters.mlir", "jax")
    primitive = core.Primitive("torch_call")
    primitive.multiple_results = True

    @primitive.def_impl  # type: ignore[untyped-decorator]
    def _run(*arrays: Any, program: TorchProgram) -> list[Any]:
        return [jax().numpy.asarray(x) for x in program.host(*arrays)]

    @primitive.def_abstract_eval  # type: ignore[untyped-decorator]
    def _shapes(*_: Any, program: TorchProgram) -> list[Any]:
        return [jax().core.ShapedArray(x.shape, x.dtype) for x in program.results]

    def callback(*arrays: Any, program: TorchProgram) -> Any:
        return jax().pure_callback(program.host, program.results, *arrays, vmap_method="sequential")

    by_jax = mlir.lower_fun(callback, multiple_results=True)

    def lowered(ctx: Any, *operands: Any, program: TorchProgram) -> Any:
        emit = getattr(mlir, "emit_python_callback", None)
        if emit is None or not _is_on_one_cpu(ctx.module_context):
            return by_jax(ctx, *operands, program=program)
        # Like pure_callback, but without copying arguments to a device first, which takes half of its time.
        host = lambda *arrays: tuple(program.host(*arrays))
        options = {"has_side_effect": False, "returns_token": False}
        return emit(ctx, host, None, list(operands), ctx.avals_in, ctx.avals_out, **options)[0]

    mlir.register_lowering(primitive, lowered)

    def pushed(primals: Any, tangents: Any, *, program: TorchProgram) -> Any:
        results = primitive.bind(*primals, program=program)
        moving = tuple([type(t) is not ad.Zero for t in tangents])
        found = iter(())
        if any(moving) and any(program.real):
            some = [t for t in tangents if type(t) is not ad.Zero]
            found = iter(primitive.bind(*primals, *some, program=program.jvp(moving)))
        slopes = [next(found, None) if r else None for r in program.real]
        zero: Any = lambda x: ad.Zero(jax().typeof(x).to_tangent_aval())
        return results, [zero(x) if t is None else t for x, t in zip(results, slopes, strict=True)]

    ad.primitive_jvps[primitive] = pushed

    def transposed(cotangents: Any, *arguments: Any, program: TorchProgram) -> Any:
        undefined = tuple([ad.is_undefined_primal(x) for x in arguments])
        given = tuple([type(ct) is not ad.Zero for ct in cotangents])
        known = [x for x, u in zip(arguments, undefined, strict=True) if not u]
        some = [ct for ct in cotangents if type(ct) is not ad.Zero]
        found = iter(primitive.bind(*known, *some, program=program.transposed(undefined, given)))
        return [next(found) if u else None for u in undefined]

    ad.primitive_transposes[primitive] = transposed

    def mapped(arrays: Any, dims: Any, *, program: TorchProgram) -> Any:
        size = next(x.shape[d] for x, d in zip(arrays, dims, strict=True) if d is not None)
        results = primitive.bind(*arrays, program=program.mapped(tuple(dims), size))
        return results, [0] * len(results)

    batching.primitive_batchers[primitive] = mapped
    return primitive


def _is_on_one_cpu(module: Any) -> bool:
    """Whether a program is for one device, the CPU."""
    return tuple(module.platforms) == ("cpu",) and getattr(module.axis_context, "num_devices", 0) == 1
