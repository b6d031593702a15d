"""A sweep of torch's differentiable operators: which derivatives up to the third order differ from differences.

``python -m tests.sweeps.derivatives [--raw] [name ...]`` prints one line for each wrong derivative. With ``--raw`` they
are torch.func's, else those of `transform`. Lines for samples in which a number has no part as such are to be expected:
symmetric and triangular matrices, indices and flags among floating arguments, conversions to fewer bits.
Truth is central differences in float64: of values for the first order, of checked derivatives for the others.
"""

import argparse
import itertools
import signal
import sys
import warnings

import torch
from torch.testing._internal.common_methods_invocations import op_db

F64 = torch.float64
#: How many samples of each operator.
SAMPLES = 6
STEP = 1e-5
#: Seconds for one operator.
PATIENCE = 20


def operators(names=()):
    for op in op_db:
        if op.supports_autograd and F64 in op.supported_dtypes("cpu") and (not names or op.name in names):
            yield op


def samples(op):
    """Pairs (function of float64 tensors, these tensors), scalar-valued."""
    for sample in itertools.islice(op.sample_inputs("cpu", F64, requires_grad=False), SAMPLES):
        leaves, spec = torch.utils._pytree.tree_flatten((sample.input, sample.args, sample.kwargs))
        places = [i for i, x in enumerate(leaves) if isinstance(x, torch.Tensor) and x.dtype == F64 and x.numel()]
        if not places or sum(leaves[i].numel() for i in places) > 400:
            continue

        def value(*xs, leaves=leaves, spec=spec, places=places):
            given = list(leaves)
            for i, x in zip(places, xs, strict=True):
                given[i] = x
            first, args, kwargs = torch.utils._pytree.tree_unflatten(given, spec)
            torch.manual_seed(0)
            out = op(first, *args, **kwargs)
            parts = [x for x in torch.utils._pytree.tree_leaves(out) if isinstance(x, torch.Tensor)]
            if not parts or any(x.is_complex() for x in parts):
                raise _Skip
            # Weights that differ, so that no error cancels.
            return sum(
                (x.to(F64) * torch.linspace(0.5, 1.5, x.numel(), dtype=F64).reshape(x.shape)).sum()
                for x in parts
                if x.is_floating_point()
            )

        yield value, tuple(leaves[i].detach().clone() for i in places)


class _Skip(Exception):
    """The sample is none of a real function."""


def _moved(xs, step, by):
    return tuple(x + step * v for x, v in zip(xs, by, strict=True))


def _difference(fun, xs, v, step=STEP):
    return (fun(*_moved(xs, step, v)) - fun(*_moved(xs, -step, v))) / (2 * step)


def _dot(xs, ys):
    return sum((x * y).sum() for x, y in zip(xs, ys, strict=True))


def derivatives(grad, jvp, fun, v, w):
    """Derivatives by name: functions of tensors. `v` and `w` are directions."""

    def rev(f, direction):
        return lambda *xs: _dot(grad(f)(*xs), direction)

    def fwd(f, direction):
        return lambda *xs: jvp(f, xs, direction)[1]

    first = {"reverse": rev(fun, v), "forward": fwd(fun, v)}
    second = {
        "reverse of reverse": rev(rev(fun, v), w),
        "forward of reverse": fwd(rev(fun, v), w),
        "reverse of forward": rev(fwd(fun, v), w),
        "forward of forward": fwd(fwd(fun, v), w),
    }
    third = {
        "reverse of reverse of reverse": rev(rev(rev(fun, v), w), v),
        "forward of reverse of reverse": fwd(rev(rev(fun, v), w), v),
        "reverse of forward of reverse": rev(fwd(rev(fun, v), w), v),
        "forward of forward of forward": fwd(fwd(fwd(fun, v), w), v),
    }
    return first, second, third


def transforms(raw):
    """(grad, jvp) of torch.func, or of this package."""
    if raw:
        return lambda f: lambda *xs: torch.func.grad(f, tuple(range(len(xs))))(*xs), torch.func.jvp
    from brainstate_torch import transform as T

    return lambda f: lambda *xs: T.grad(f, argnums=tuple(range(len(xs))))(*xs), T.jvp


def _close(x, y, scale):
    return abs(x - y) <= 1e-4 * scale or (x != x and y != y)


def faults(op, raw):
    """Lines that say what is wrong."""
    grad, jvp = transforms(raw)
    found = {}
    for number, (fun, xs) in enumerate(samples(op)):
        generator = torch.Generator().manual_seed(1)
        v, w = (tuple(torch.randn(x.shape, dtype=F64, generator=generator) for x in xs) for _ in range(2))
        try:
            truth = float(_difference(fun, xs, v))
            again = float(_difference(fun, xs, v, 3 * STEP))
        except _Skip:
            continue
        if not _close(truth, again, max(1.0, abs(truth))) or truth != truth:
            continue  # no smooth function here
        good = None
        for order, (derived, direction) in enumerate(zip(derivatives(grad, jvp, fun, v, w), (v, w, v), strict=True)):
            if order:
                truth, again = (float(_difference(good, xs, direction, step)) for step in (STEP, 3 * STEP))
                if truth != truth or not _close(truth, again, max(1.0, abs(truth))):
                    break
            good = None
            for name, f in derived.items():
                outcome = _outcome(f, xs)
                if isinstance(outcome, str):
                    found.setdefault((name, "raises " + outcome), number)
                elif not _close(outcome, truth, max(1.0, abs(truth))):
                    found.setdefault((name, f"{outcome:.6g}, differences {truth:.6g}"), number)
                else:
                    good = good or f
            if good is None:
                break
        lanes = _outcome(lambda *xs: _mapped(grad, fun, xs, v), xs)
        single = _outcome(lambda *xs: sum(_dot(grad(fun)(*_moved(xs, k * 0.01, v)), v) * (k + 1) for k in range(2)), xs)
        if isinstance(lanes, str):
            found.setdefault(("mapped", "raises " + lanes), number)
        elif isinstance(single, float) and not _close(lanes, single, max(1.0, abs(single))):
            found.setdefault(("mapped", f"{lanes:.6g}, one by one {single:.6g}"), number)
    return [
        f"{op.name}{'.' + op.variant_test_name if op.variant_test_name else ''} [{n}] {a}: {b}"
        for (a, b), n in found.items()
    ]


def _mapped(grad, fun, xs, v):
    stacked = [torch.stack([x + k * 0.01 * d for k in range(2)]) for x, d in zip(xs, v, strict=True)]
    slopes = torch.func.vmap(lambda *xs: _dot(grad(fun)(*xs), v), randomness="same")(*stacked)
    return slopes[0] + 2 * slopes[1]


def _outcome(f, xs):
    try:
        return float(f(*xs).detach())
    except _Late:
        raise
    except Exception as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0][:90] if str(error) else ''}"


class _Late(BaseException):
    """An operator takes too long."""


def _late(*_):
    raise _Late


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--raw", action="store_true")
    chosen = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, _late)
    for op in operators(chosen.names):
        signal.alarm(PATIENCE)
        try:
            lines = faults(op, chosen.raw)
        except _Late:
            lines = [f"{op.name}: given up after {PATIENCE} s"]
        except Exception as error:
            lines = [f"{op.name}: no sample ({type(error).__name__}: {str(error)[:80]})"]
        finally:
            signal.alarm(0)
        print(*lines, sep="\n", end="\n" if lines else "", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
