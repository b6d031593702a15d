"""A sweep of torch's operators: what `transform` makes of them, against torch itself.

``python -m tests.sweeps.operators [--only NAME ...] [--part 3/8] [--dtypes float32 int64 bool bfloat16] [--quick]``

For each operator and a few small samples: values and gradients of `jit(backend='replay')` and of `jit()`, with
Inductor, against plain calls, and values and gradients under `vmap` against the lanes one by one. The last lines count
what is refused, wrong or slow; the exit status is 1 if a number is wrong that `KNOWN` does not explain.
"""

import argparse
import contextlib
import signal
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch.testing._internal.common_methods_invocations import op_db
from torch.utils import _pytree as pytree

from brainstate_torch import transform as T

DTYPES = {"float32": torch.float32, "int64": torch.int64, "bool": torch.bool, "bfloat16": torch.bfloat16}
#: How many samples of each operator, for each dtype.
SAMPLES = {"float32": 3, "bfloat16": 2, "int64": 1, "bool": 1}
#: Samples with more elements are passed over.
ELEMENTS = 1000
#: Seconds for one operator, and for one compilation.
PATIENCE = 60
COMPILATION = 240
#: Samples that are compiled as one program.
TOGETHER = 24
#: Relative errors, of an element and of the largest one.
TOLERANCES = {"bfloat16": (2e-2, 2e-2)}

#: Operators whose results are memory that nobody wrote.
UNWRITTEN = {"empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided", "empty_permuted", "resize_"}
_OF_MEMORY = ("as_strided", "as_strided.partial_views", "as_strided_copy")
#: (operator, check): why another number is to be expected.
KNOWN: dict[tuple[str, str], str] = {
    ("masked.prod", "replayed gradient"): "by a factor that is nan it is the product of the others; torch: nan",
    **{(name, "lanes along the last axis"): "reads memory, in which such lanes lie otherwise" for name in _OF_MEMORY},
}


class Case(NamedTuple):
    """One sample of an operator.

    Attributes
    ----------
    name
        The operator, the dtype and the number of the sample.
    run
        Takes the tensors; gives the tensors among the results, in a list.
    tensors
        All tensors among the arguments.
    smooth
        The places of those that a gradient is taken of.
    draws
        Whether the results depend on torch's generator.
    """

    operator: str
    name: str
    run: Callable[..., list[Any]]
    tensors: list[torch.Tensor]
    smooth: list[int]
    draws: bool


def operators(names: Sequence[str], part: str) -> list[Any]:
    number, of = map(int, part.split("/"))
    ops = [op for op in op_db if not names or op.name in names or _title(op) in names]
    return ops[number - 1 :: of]


def _title(op: Any) -> str:
    return f"{op.name}.{op.variant_test_name}" if op.variant_test_name else op.name


def cases(op: Any, kind: str, count: int) -> list[Case]:
    """Samples of an operator, from the first to the last that it lists."""
    dtype = DTYPES[kind]
    if dtype not in op.supported_dtypes("cpu") or op.name in UNWRITTEN:
        return []
    found = []
    for number, sample in enumerate(op.sample_inputs("cpu", dtype, requires_grad=False)):
        leaves, spec = pytree.tree_flatten((sample.input, sample.args, sample.kwargs))
        places = [i for i, x in enumerate(leaves) if isinstance(x, torch.Tensor)]
        tensors = [leaves[i].detach() for i in places]
        if any(x.layout is not torch.strided for x in tensors) or sum(x.numel() for x in tensors) > ELEMENTS:
            continue
        found.append((number, leaves, spec, places, tensors))
    step = max(1, (len(found) - 1) // max(1, count - 1))
    return [_case(op, kind, *each) for each in found[::step][:count]]


def _case(op: Any, kind: str, number: int, leaves: Any, spec: Any, places: Any, tensors: Any) -> Case:
    def run(*xs: torch.Tensor) -> list[Any]:
        given = list(leaves)
        for i, x in zip(places, xs, strict=True):
            given[i] = x.clone()  # some write into their arguments
        first, args, kwargs = pytree.tree_unflatten(given, spec)
        return [x for x in pytree.tree_leaves(op(first, *args, **kwargs)) if isinstance(x, (torch.Tensor, int, float))]

    takes = op.supports_autograd and kind in ("float32", "bfloat16")
    smooth = [i for i, x in enumerate(tensors) if takes and x.is_floating_point()]
    results = []
    for seed in (0, 1, 1):
        torch.manual_seed(seed)
        results.append(run(*tensors))
    draws = bool(differences(results[0], results[1], kind, exactly=True))
    if draws and differences(results[1], results[2], kind, exactly=True):
        raise _Skip("its results are never the same")
    if any(x.layout is not torch.strided for x in results[0] if isinstance(x, torch.Tensor)):
        raise _Skip("it gives sparse tensors")
    if not any(_is_smooth(x) for x in results[0]):
        smooth = []
    return Case(_title(op), f"{_title(op)} {kind}[{number}]", run, tensors, smooth, draws)


class _Skip(Exception):
    """There is nothing to compare."""


def _is_smooth(x: Any) -> bool:
    return isinstance(x, torch.Tensor) and (x.is_floating_point() or x.is_complex())


def weighted(results: Sequence[Any]) -> torch.Tensor:
    """One number of results, by weights that differ, so that no error cancels."""
    total = torch.zeros(())
    for x in results:
        if _is_smooth(x):
            x = torch.view_as_real(x) if x.is_complex() else x
            total = total + (x * torch.linspace(0.5, 1.5, x.numel()).reshape(x.shape).to(x.dtype)).sum()
    return total


def _loss(case: Case, xs: Sequence[torch.Tensor]) -> Callable[..., torch.Tensor]:
    def loss(*smooth: torch.Tensor) -> torch.Tensor:
        given = list(xs)
        for i, x in zip(case.smooth, smooth, strict=True):
            given[i] = x
        return weighted(case.run(*given))

    return loss


def gradients(case: Case, xs: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """The gradients by `transform`."""
    smooth = [xs[i] for i in case.smooth]
    return list(T.grad(_loss(case, xs), argnums=tuple(range(len(smooth))))(*smooth))


def _torch_gradients(case: Case) -> list[torch.Tensor]:
    smooth = [case.tensors[i].clone().requires_grad_() for i in case.smooth]
    value = _loss(case, case.tensors)(*smooth)
    if not value.requires_grad:
        return [torch.zeros_like(x) for x in smooth]
    found = torch.autograd.grad(value, smooth, allow_unused=True)
    return [torch.zeros_like(x) if g is None else g for g, x in zip(found, smooth, strict=True)]


def differences(found: Sequence[Any], expected: Sequence[Any], kind: str, exactly: bool = False) -> str:
    """The first difference in words; nothing where all is equal."""
    if len(found) != len(expected):
        return f"{len(found)} results, expected {len(expected)}"
    for number, (x, y) in enumerate(zip(found, expected, strict=True)):
        x, y = torch.as_tensor(x).detach(), (y.detach() if isinstance(y, torch.Tensor) else torch.as_tensor(y).to(x))
        if x.dtype != y.dtype or x.shape != y.shape:
            return f"result {number}: {x.dtype}{list(x.shape)}, expected {y.dtype}{list(y.shape)}"
        x, y = (torch.view_as_real(z.resolve_conj()) if z.is_complex() else z for z in (x, y))
        near = (x == y) | ((x != x) & (y != y))
        if y.is_floating_point() and not exactly:
            relative, of_largest = TOLERANCES.get(kind, (1e-4, 1e-5))
            largest = y[y.isfinite()].abs().max().item() if y.isfinite().any() else 0.0
            near |= (x - y).abs() <= relative * y.abs() + of_largest * max(largest, 1.0)
        if not near.all():
            at = tuple((~near).nonzero()[0].tolist())
            return f"result {number} at {list(at)}: {x[at].item():.8g}, expected {y[at].item():.8g}"
    return ""


def _kind(case: Case) -> str:
    return case.name.rpartition(" ")[2].partition("[")[0]


class Report:
    """What was found: counts, and lines that are printed at once."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.failed = False

    def same(self, case: Case, check: str, found: Callable[[], Sequence[Any]], expected: Sequence[Any]) -> bool:
        """Compare what a function gives, or note that it raises."""
        try:
            with seeded():
                result = found()
        except Exception as error:
            self.refused(case, check, error)
            return False
        return self.compared(case, check, result, expected)

    def compared(self, case: Case, check: str, found: Sequence[Any], expected: Sequence[Any]) -> bool:
        """Compare results."""
        difference = differences(found, expected, _kind(case))
        if not difference:
            self.counts[f"{check}: equal"] += 1
            return True
        reason = KNOWN.get((case.operator, check)) or KNOWN.get((case.operator, "*"))
        self.failed |= reason is None
        self.counts[f"{check}: {'wrong' if reason is None else 'known'}"] += 1
        print(f"{'WRONG' if reason is None else 'known'}  {case.name}  {check}: {difference}", flush=True)
        return False

    def refused(self, case: Case, check: str, error: BaseException) -> None:
        """Note an error."""
        self.counts[f"{check}: refused"] += 1
        text = f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
        self.refusals[text] += 1
        print(f"refused  {case.name}  {check}: {text}", flush=True)

    def slow(self, name: str) -> None:
        """Note that the time was up."""
        self.counts["slow"] += 1
        print(f"slow  {name}", flush=True)


@contextlib.contextmanager
def seeded():
    torch.manual_seed(7)
    yield


class _Late(BaseException):
    """The time is up."""


def _late(*_: Any) -> None:
    raise _Late


@contextlib.contextmanager
def at_most(seconds: int):
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def plain(case: Case) -> list[Any]:
    """The results, then the gradients."""
    return [*case.run(*case.tensors), *(gradients(case, case.tensors) if case.smooth else [])]


def check(case: Case, report: Report) -> Case | None:
    """Compare what needs no compiler; the case that compiles, with no gradient where there is none."""
    report.counts["samples"] += 1
    if case.smooth:
        try:
            with seeded():
                truth = _torch_gradients(case)
        except Exception:
            case = case._replace(smooth=[])
        else:
            if not report.same(case, "gradient", lambda: gradients(case, case.tensors), truth):
                case = case._replace(smooth=[])
    with seeded():
        expected = plain(case)
    xs = case.tensors
    replayed = T.jit(lambda xs: case.run(*xs), backend="replay")
    number = len(expected) - len(case.smooth)
    held = report.same(case, "replay", lambda: replayed(xs), _run(case))
    if case.smooth and held:
        replayed_gradients = T.jit(lambda xs: gradients(case, xs), backend="replay")
        with seeded():
            truth = gradients(case, xs)
        if not report.same(case, "replayed gradient", lambda: replayed_gradients(xs), truth):
            held, case = True, case._replace(smooth=[])
    if not case.draws and xs:
        _check_lanes(case, expected[:number], report)
    return case if held else None


def _run(case: Case) -> list[Any]:
    with seeded():
        return case.run(*case.tensors)


def _check_lanes(case: Case, expected: Sequence[Any], report: Report) -> None:
    """Two lanes, the second of smaller numbers: along the first axis, the last, and with one tensor mapped alone."""
    lanes = [case.tensors, [x * 0.75 if x.is_floating_point() else x for x in case.tensors]]
    try:
        single = [case.run(*xs) for xs in lanes]
        stacked = [torch.stack(parts) for parts in zip(*map(_tensors, single), strict=True)]
    except Exception:
        return  # lanes of different shapes
    for check, axis in (("lanes", 0), ("lanes along the last axis", -1)):
        xs = [torch.stack(parts, axis) for parts in zip(*lanes, strict=True)]
        mapped = T.vmap(lambda *xs: _tensors(case.run(*xs)), in_axes=axis)
        if not report.same(case, check, lambda mapped=mapped, xs=xs: mapped(*xs), stacked):
            return
    if len(case.tensors) > 1:
        axes = (0, *[None] * (len(case.tensors) - 1))
        try:
            stacked = [
                torch.stack(parts)
                for parts in zip(*[_tensors(case.run(each[0], *case.tensors[1:])) for each in lanes], strict=True)
            ]
        except Exception:
            return
        xs = [torch.stack([each[0] for each in lanes]), *case.tensors[1:]]
        mapped = T.vmap(lambda *xs: _tensors(case.run(*xs)), in_axes=axes)
        report.same(case, "lanes of the first", lambda: mapped(*xs), stacked)
    if case.smooth:
        truth = [torch.stack(parts) for parts in zip(*[gradients(case, xs) for xs in lanes], strict=True)]
        xs = [torch.stack(parts) for parts in zip(*lanes, strict=True)]
        report.same(case, "gradients of lanes", lambda: T.vmap(lambda *xs: gradients(case, xs))(*xs), truth)


def _tensors(results: Sequence[Any]) -> list[torch.Tensor]:
    return [torch.as_tensor(x) for x in results]


def check_compiled(group: Sequence[Case], report: Report) -> None:
    """Compare the program of several cases, or of its halves where Inductor refuses it."""

    def together(given: Sequence[list[torch.Tensor]]) -> list[list[Any]]:
        return [plain(case._replace(tensors=xs)) for case, xs in zip(group, given, strict=True)]

    compiled = T.jit(together)
    try:
        with seeded():
            expected = together([case.tensors for case in group])
        with at_most(COMPILATION), seeded():
            found = compiled([case.tensors for case in group])
    except (Exception, _Late) as error:
        if len(group) > 1:
            middle = len(group) // 2
            check_compiled(group[:middle], report)
            check_compiled(group[middle:], report)
        elif isinstance(error, _Late):
            report.slow(f"{group[0].name}  compiled")
        else:
            report.refused(group[0], "compiled", error)
        return
    for case, results, truth in zip(group, found, expected, strict=True):
        report.compared(case, "compiled", results, truth)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="operators by name")
    parser.add_argument("--part", default="1/1", help="each eighth operator from the third on: 3/8")
    parser.add_argument("--dtypes", nargs="+", default=["float32", "int64", "bool"], choices=DTYPES)
    parser.add_argument("--samples", type=int, default=9, help="at most so many of each operator")
    parser.add_argument("--quick", action="store_true", help="without Inductor")
    chosen = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    for module in list(sys.modules.values()):
        if module.__name__.startswith("torch.testing._internal") and hasattr(module, "wrapper_set_seed"):
            module.wrapper_set_seed = lambda op, *args, **kwargs: op(*args, **kwargs)
    signal.signal(signal.SIGALRM, _late)
    report, waiting, ops = Report(), [], operators(chosen.only, chosen.part)
    began = time.monotonic()
    for number, op in enumerate(ops):
        for kind in chosen.dtypes:
            report.counts["operators"] += kind == chosen.dtypes[0]
            try:
                with at_most(PATIENCE):
                    for case in cases(op, kind, min(chosen.samples, SAMPLES[kind])):
                        waiting += [held] if (held := check(case, report)) is not None else []
            except _Late:
                report.slow(f"{_title(op)} {kind}")
            except _Skip as reason:
                print(f"skipped  {_title(op)} {kind}: {reason}")
                report.counts["skipped"] += 1
            except Exception as error:
                print(f"skipped  {_title(op)} {kind}: {type(error).__name__}: {str(error)[:100]}")
                report.counts["skipped"] += 1
        while not chosen.quick and (len(waiting) >= TOGETHER or (waiting and op is ops[-1])):
            check_compiled(waiting[:TOGETHER], report)
            del waiting[:TOGETHER]
        print(f"{number + 1}/{len(ops)} {_title(op)}, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    for text, count in sorted(report.counts.items()):
        print(f"{count:6}  {text}")
    return int(report.failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
