"""Cases in float64, for results of which some cancel to near zero, where float32 leaves no digit to compare."""

import contextlib

import numpy as np

from .frameworks import jax


def wide_cases(cases):
    """``cases.case`` whose bodies run in float64; errors as they are."""

    def case(name, raises=""):
        def add(body):
            def wider(f):
                x64 = contextlib.nullcontext() if f.is_ours() else jax.enable_x64(True)
                with x64, f.bs.environ.context(precision=64):
                    return body(f)

            cases.case(name, raises)(body if raises else wider)

        return add

    return case


def array(f, x):
    """An array as wide as the precision that is set; integers stay 32 bit wide."""
    x = np.asarray(x)
    return f.array(x, "float64" if f.bs.environ.get_precision() == 64 and x.dtype.kind == "f" else None)
