"""The commands: see ``python -m brainstate_torch.port --help``."""

import argparse
import itertools
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

__all__ = ["main"]

_COMMANDS = """commands:
  run SCRIPT [ARGS]      run a program of brainstate and JAX on torch, untouched
  compare SCRIPT [ARGS]  run the original on JAX and the port on torch, and show where they first differ
  compare FOLDER         the same for each program of a folder, and how many print the same numbers

exit status: 0 everything is ported, 1 something is left to you, 2 a file could not be ported
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; gives the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] == "run":
        from .running import main as run

        return run(words[1:])
    if words and words[0] == "compare":
        from .comparing import main as compare

        return compare(words[1:])
    return _port(words)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m brainstate_torch.port",
        description="Rewrite programs of brainstate and JAX for torch. Without -o, --in-place, --check or --diff, the "
        "port of a file NAME.py is written to NAME_torch.py, that of a folder NAME to NAME_torch/.",
        epilog=_COMMANDS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("path", nargs="+", type=Path, help="a program, a notebook or a folder")
    parser.add_argument("-o", "--output", type=Path, help="the file or folder to write")
    parser.add_argument("--in-place", action="store_true", help="overwrite the original")
    parser.add_argument("--check", action="store_true", help="report only, and change nothing")
    parser.add_argument("--diff", action="store_true", help="show the differences, and change nothing")
    parser.add_argument(
        "--html", type=Path, help="write the report as a page; for a folder that is written, report.html"
    )
    parser.add_argument("--package", metavar="NAME", help="port an installed package into the folder PATH")
    parser.add_argument(
        "--same-random",
        action="store_true",
        help="let draws be JAX's (Threefry) and durations brainpy's; prints eight digits",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="list each change")
    return parser


def _port(words: Sequence[str]) -> int:
    parser = _parser()
    options = parser.parse_args(words)
    from .files import Outcome, package_folder, port_path
    from .report import page, status, text

    if sum(map(bool, (options.output, options.in_place, options.check, options.diff))) > 1 and not (
        options.output and options.diff
    ):
        parser.error("give one of --output, --in-place, --check and --diff")
    outcomes: list[Outcome] = []
    paths = list(options.path)
    if options.package:
        if len(paths) != 1:
            parser.error("give one folder to --package")
        try:
            source = package_folder(options.package)
        except ModuleNotFoundError as error:
            parser.error(str(error))
        found = _of_package(options.package, port_path(source, paths[0] / source.name, options.same_random))
        target_page = paths[0] / f"{source.name}_report.html"
    else:
        missing = [path for path in paths if not path.exists()]
        if missing:
            parser.error(f"there is no {missing[0]}")
        if options.output and len(paths) > 1 and not options.output.is_dir():
            parser.error("--output must be a folder where several paths are given")
        found = itertools.chain(*[port_path(path, _target(path, options), options.same_random) for path in paths])
        target_page = (_target(paths[0], options) or paths[0]) / "report.html"
    writes = not options.check and not options.diff
    for outcome in found:
        outcomes.append(outcome)
        if options.diff:
            sys.stdout.write(outcome.diff())
        if writes:
            outcome.write()
    where = options.html or (target_page if writes and (options.package or paths[0].is_dir()) else None)
    if where is not None:
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_text(page(outcomes, "What was ported"), encoding="utf-8")
    print(text(outcomes, options.verbose), file=sys.stderr if options.diff else sys.stdout)
    return status(outcomes)


def _of_package(name: str, outcomes: Iterable[Any]) -> Iterator[Any]:
    """The outcomes for a package, in whose files its own names stay."""
    from .table import keeping

    with keeping(name):
        yield from outcomes


def _target(path: Path, options: argparse.Namespace) -> Path | None:
    """Where a port goes; None for the place of the original."""
    if options.in_place or options.check or (options.diff and not options.output):
        return None
    if options.output is not None:
        found: Path = options.output
        return found
    path = path if path.name else path.resolve()  # of "."
    return path.with_name(f"{path.stem}_torch{path.suffix}" if path.is_file() else f"{path.name}_torch")


if __name__ == "__main__":
    sys.exit(main())
