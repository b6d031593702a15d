"""Operators registered with torch.library."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.library import Library, register_fake

__all__ = ["before_compiling", "defined"]

# A fragment, since one process may hold only one "DEF" of a name.
_library = Library("brainstate_torch", "FRAGMENT")  # type: ignore[no-untyped-call]
_BEFORE_COMPILING: dict[Any, Callable[..., None]] = {}


def defined(
    schema: str,
    kernel: Callable[..., Any],
    shape: Callable[..., Any],
    tags: Sequence[torch.Tag] = (),
    build: Callable[..., None] | None = None,
) -> Callable[..., Any]:
    """A new operator: one node to whoever traces a program.

    Parameters
    ----------
    schema
        As torch writes it, ``'name(Tensor x, int n) -> Tensor'``.
    kernel
        What computes it, on every device. It has no derivative.
    shape
        What makes an empty result, with the same arguments.
    tags
        What torch should know of it.
    build
        Compiles code for `kernel`; called, with arguments like the operator's, before a program with it is compiled.
    """
    name = schema.partition("(")[0]
    space = getattr(torch.ops, _library.ns)
    if hasattr(space, name):  # It exists if the module that defines it is loaded again, as notebooks do.
        return getattr(space, name).default  # type: ignore[no-any-return]
    _library.define(schema, tags=tuple(tags))  # type: ignore[no-untyped-call]
    _library.impl(name, kernel, "CompositeExplicitAutograd")  # type: ignore[no-untyped-call]
    register_fake(f"{_library.ns}::{name}", shape, lib=_library)
    operator: Callable[..., Any] = getattr(space, name).default
    if build is not None:
        _BEFORE_COMPILING[operator] = build
    return operator


def before_compiling(operator: Any, args: Sequence[Any]) -> None:
    """Compile what the operator of a graph that is about to be compiled will call."""
    if operator in _BEFORE_COMPILING:
        _BEFORE_COMPILING[operator](*args)
