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
    "vectorize": "torch.vmap",
    "apply_along_axis": "torch.vmap",
    "apply_over_axes": "a loop over axes",
    "piecewise": "u.math.select",
    "insert": "u.math.concatenate of the parts",
    "delete": "a mask: q[mask]",
    "setdiff1d": "a mask: q[~torch.isin(q, other)]",
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
