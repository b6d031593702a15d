"""Runs a program and notes what it prints, saves, draws and leaves in States. It imports neither JAX nor torch itself.

``python recorder.py RECORD MODE OPTIONS SCRIPT [ARGS]``: MODE is ``original``, or ``port`` for a program that is ported
in memory.
"""

import builtins
import importlib
import json
import pickle
import sys
import time
import traceback
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["as_numbers", "main"]


def as_numbers(x: Any) -> Any:
    """An array, a tensor, a quantity or a number as numpy's array and a unit, or None."""
    unit = getattr(x, "unit", None)
    if unit is not None and hasattr(x, "mantissa"):
        inner = as_numbers(x.mantissa)
        return None if inner is None else (inner[0], str(unit))
    if hasattr(x, "detach"):
        x = x.detach().cpu()
        x = x.float() if str(x.dtype) == "torch.bfloat16" else x
    if isinstance(x, (bool, int, float, complex, np.ndarray, np.generic)) or hasattr(x, "__array__"):
        try:
            array = np.array(x)
        except (TypeError, ValueError, RuntimeError):  # no numbers: a key of JAX, a tensor of a traced function
            return None
        return None if array.dtype == object or array.dtype.kind not in "biufc" else (array, "")
    return None


class _Log:
    """What happens, in order."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, Any]] = []

    def note(self, kind: str, label: str, what: Any) -> None:
        self.events.append((kind, label, what))


class _Tee:
    """Standard output, whose lines are noted as well."""

    def __init__(self, stream: Any, log: _Log) -> None:
        self._stream, self._log, self._open = stream, log, ""

    def write(self, text: str) -> int:
        *lines, self._open = (self._open + text).split("\n")
        for line in lines:
            self._log.note("print", f"line {sum(1 for e in self._log.events if e[0] == 'print') + 1}", line)
        return int(self._stream.write(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _watch_numpy(log: _Log) -> None:
    for name in ("save", "savez", "savez_compressed", "savetxt"):
        original = getattr(np, name)

        def watched(file: Any, *args: Any, _original: Any = original, _name: str = name, **kwargs: Any) -> Any:
            for label, x in [*enumerate(args), *kwargs.items()]:
                found = as_numbers(x)
                if found is not None:
                    log.note("save", f"{_name}({file}) {label}", found)
            return _original(file, *args, **kwargs)

        setattr(np, name, watched)


def _watch_figures(log: _Log) -> None:
    try:
        import matplotlib

        matplotlib.use("agg")
        from matplotlib import pyplot
        from matplotlib.figure import Figure
    except ImportError:
        return

    def look(figure: Any) -> None:
        for i, axes in enumerate(figure.axes):
            for j, line in enumerate(axes.lines):
                for axis, data in (("x", line.get_xdata(orig=False)), ("y", line.get_ydata(orig=False))):
                    log.note("figure", f"figure, axes {i}, line {j}, {axis}", (np.array(data), ""))
            for j, image in enumerate(axes.images):
                log.note("figure", f"figure, axes {i}, image {j}", (np.ma.getdata(image.get_array()), ""))
            for j, points in enumerate(axes.collections):
                log.note("figure", f"figure, axes {i}, points {j}", (np.ma.getdata(points.get_offsets()), ""))

    saved = Figure.savefig

    def savefig(self: Any, *args: Any, **kwargs: Any) -> Any:
        look(self)
        return saved(self, *args, **kwargs)

    def show(*args: Any, **kwargs: Any) -> None:
        for number in pyplot.get_fignums():
            look(pyplot.figure(number))
        pyplot.close("all")

    figure_kind: Any = Figure
    figure_kind.savefig, pyplot.show = savefig, show


def _states(names: dict[str, Any]) -> Any:
    """Pairs of path and numbers: States that are variables, and those of modules that are."""
    for name, value in list(names.items()):
        if name.startswith("_") or isinstance(value, type):
            continue
        if _is_state(value):
            yield from _leaves(name, value.value)
        else:
            try:  # an object may answer for any name, and its own `states` may be anything
                found = None if hasattr(value, "__path__") else value.states()
            except Exception:
                continue
            for path, state in found.items() if isinstance(found, Mapping) else ():
                if _is_state(state):
                    where = ".".join(map(str, path)) if isinstance(path, tuple) else str(path)
                    yield from _leaves(f"{name}.{where}", state.value)


def _is_state(x: Any) -> bool:
    return any(base.__name__ == "State" for base in type(x).__mro__)


def _leaves(path: str, value: Any) -> Any:
    found = as_numbers(value)
    if found is not None:
        yield path, found
    elif isinstance(value, dict):
        for key in sorted(value, key=str):
            yield from _leaves(f"{path}[{key}]", value[key])
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            yield from _leaves(f"{path}[{i}]", item)


def _original(script: str, arguments: list[str], options: dict[str, Any]) -> dict[str, Any]:
    import brainstate

    brainstate.random.seed(options["seed"])
    sys.argv = [script, *arguments]
    names: dict[str, Any] = {"__name__": "__main__", "__file__": script, "__builtins__": builtins}
    with open(script, encoding="utf-8") as file:
        text = file.read()
    if script.endswith(".ipynb"):
        cells = [c for c in json.loads(text)["cells"] if c["cell_type"] == "code"]
        lines = "\n".join("".join(cell["source"]) for cell in cells).split("\n")
        text = "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in lines)
    exec(compile(text, script, "exec", dont_inherit=True), names)
    return names


def _port(script: str, arguments: list[str], options: dict[str, Any]) -> dict[str, Any]:
    from pathlib import Path

    running = importlib.import_module("brainstate_torch.port.running")
    running.set_up(same_random=True, compiled=options["compiled"], seed=options["seed"])
    found: dict[str, Any] = running.run_file(Path(script), arguments, options["packages"])
    return found


def main(words: list[str]) -> int:
    """Run and record; gives the exit status."""
    record, mode, options, script, *arguments = words
    log = _Log()
    sys.path[0] = script.rpartition("/")[0] or "."
    _watch_numpy(log)
    _watch_figures(log)
    stream, sys.stdout = sys.stdout, _Tee(sys.stdout, log)
    start, failure, names = time.perf_counter(), "", {}
    try:
        names = (_port if mode == "port" else _original)(script, arguments, json.loads(options))
    except SystemExit as stop:
        failure = "" if stop.code in (None, 0) else f"exit status {stop.code}"
    except BaseException:
        failure = traceback.format_exc()
    seconds = time.perf_counter() - start
    sys.stdout = stream
    for path, numbers in _states(names):
        log.note("state", path, numbers)
    with open(record, "wb") as file:
        pickle.dump({"events": log.events, "seconds": seconds, "memory": _memory(), "failure": failure}, file)
    return 1 if failure else 0


def _memory() -> float:
    """The most memory that the process has held, in MiB."""
    try:
        import resource
    except ImportError:
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
