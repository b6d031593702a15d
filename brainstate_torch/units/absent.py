"""Names of JAX that have no counterpart on torch, with what to write instead."""

from typing import Any, NoReturn

__all__ = ["refuse"]

_INSTEAD = {
    "jit": "brainstate_torch.transform.jit",
    "vmap": "brainstate_torch.transform.vmap",
    "grad": "brainstate_torch.transform.grad, or u.autograd.grad",
    "ndarray": "torch.Tensor",
    "Array": "torch.Tensor",
    "frompyfunc": "torch.vmap",
    "savez": "torch.save",
    "fromfile": "u.math.from_numpy(numpy.fromfile(...))",
    "fromstring": "u.math.from_numpy(numpy.fromstring(...))",
    "frombuffer": "torch.frombuffer",
    "fromiter": "u.math.asarray(list(...))",
    "from_dlpack": "torch.from_dlpack",
    "histogram2d": "torch.histogramdd",
    "histogramdd": "torch.histogramdd",
    "packbits": "numpy.packbits",
    "unpackbits": "numpy.unpackbits",
    "polydiv": "numpy.polydiv",
    "einsum_path": "opt_einsum, which torch.einsum uses if it is installed",
    "iterable": "isinstance(x, collections.abc.Iterable)",
    "array_repr": "repr",
    "array_str": "str",
    "printoptions": "torch.set_printoptions",
    "get_printoptions": "torch.set_printoptions",
    "float8_e4m3fn": "torch.float8_e4m3fn",
    "float8_e4m3fnuz": "torch.float8_e4m3fnuz",
    "float8_e5m2": "torch.float8_e5m2",
    "float8_e5m2fnuz": "torch.float8_e5m2fnuz",
    "float8_e8m0fnu": "torch.float8_e8m0fnu",
    "ufunc": "torch.vmap",
    "save": "torch.save",
    "load": "torch.load",
    "int2": "torch.int8",
    "int4": "torch.int8",
    "uint2": "torch.uint8",
    "uint4": "torch.uint8",
    "set_printoptions": "torch.set_printoptions",
    "device_get": "q.cpu()",
    "device_put": "q.to(device)",
}


def refuse(module: str, name: str, instead: dict[str, str] | None = None) -> NoReturn:
    """Raise the error for a name that a module lacks; it says what to write where that is known.

    Raises
    ------
    AttributeError
        Always.
    """
    known = {**_INSTEAD, **(instead or {})}.get(name)
    advice = f" Use {known}." if known else ""
    raise AttributeError(f"module {module!r} has no attribute {name!r}.{advice}")


def attribute_of(module: str, instead: dict[str, str] | None = None) -> Any:
    """The ``__getattr__`` of a module that has some of JAX's names."""

    def missing(name: str) -> NoReturn:
        refuse(module, name, instead)

    return missing
