"""``port run``: a program of brainstate and JAX on torch, untouched."""

import argparse
import contextlib
import sys
import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from .hook import Hook, compiled_port, installed

__all__ = ["main", "run_file", "run_source", "set_up"]


def main(arguments: Sequence[str]) -> int:
    """The command ``run``; gives the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m brainstate_torch.port run",
        description="Run a program of brainstate and JAX on torch without changing it. In this process alone, imports "
        "of brainstate, brainunit, braintools, brainevent, brainpy, jax and optax are answered by brainstate_torch.",
    )
    parser.add_argument(
        "--same-random",
        action="store_true",
        help="let draws and durations be JAX's: generator Threefry; prints eight digits",
    )
    parser.add_argument("--no-compile", action="store_true", help="let jitted functions replay, without a compiler")
    parser.add_argument("--package", action="append", default=[], metavar="NAME",
                        help="port this installed package as it is imported; may be given several times")  # fmt: skip
    parser.add_argument("script", type=Path)
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="what the program finds in sys.argv")
    options = parser.parse_args(arguments)
    if not options.script.is_file():
        parser.error(f"there is no {options.script}")
    set_up(same_random=options.same_random, compiled=not options.no_compile)
    run_file(options.script, options.arguments, options.package)
    return 0


def set_up(same_random: bool = False, compiled: bool = True, seed: int | None = None) -> None:
    """Settings for a program from JAX."""
    from .. import environ, random

    if same_random:
        environ.set(random_impl="threefry2x32", durations="times")
        printed: Any = torch.set_printoptions
        printed(precision=8)
    if not compiled:
        environ.set(jit_backend="replay")
    if seed is not None:
        random.seed(seed)


def run_file(path: Path, arguments: Sequence[str] = (), packages: Sequence[str] = ()) -> dict[str, Any]:
    """Run a program or notebook as ``__main__``, and give its names.

    Parameters
    ----------
    path
        The file.
    arguments
        What it finds in ``sys.argv`` after its own name.
    packages
        Installed packages to port as they are imported.

    Returns
    -------
    dict
        The names that it has defined.
    """
    from .notebooks import cells_of, joined

    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        import json

        text = joined(cells_of(json.loads(text)))
    with _as_command(path, arguments), installed(Hook([path.parent.resolve()], packages)) as hook:
        return run_source(text, str(path), hook)


@contextlib.contextmanager
def _as_command(path: Path, arguments: Sequence[str]) -> Iterator[None]:
    argv, paths = sys.argv, list(sys.path)
    sys.argv, sys.path[:0] = [str(path), *arguments], [str(path.parent.resolve())]
    try:
        yield
    finally:
        sys.argv, sys.path[:] = argv, paths


def run_source(text: str, name: str, hook: Hook) -> dict[str, Any]:
    """Run the text of a program as ``__main__``, ported in memory, and give its names."""
    code = compiled_port(text, name, hook)
    main = types.ModuleType("__main__")
    main.__file__, main.__builtins__ = name, __builtins__  # type: ignore[attr-defined]
    before = sys.modules.get("__main__")
    sys.modules["__main__"] = main
    try:
        # What a module computes outside of transforms would carry a graph, which numpy and matplotlib refuse.
        with torch.no_grad():
            exec(code, main.__dict__)
    finally:
        if before is not None:
            sys.modules["__main__"] = before
    return main.__dict__
