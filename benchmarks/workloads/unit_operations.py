"""Single operations on quantities of three numbers, beside the same on bare tensors: what a unit costs."""

import numpy as np

TITLE = "operations with units beside bare ones, 3 numbers"
CASES = ("a + b", "a + b, other unit", "a * b", "a @ m", "a.sum()", "a[0]", "a < b", "a.to(unit)", "number * unit")
BARS = ()


def inputs(case, quick):
    rng = np.random.default_rng(0)
    return {"a": rng.normal(size=3), "b": rng.normal(size=3), "m": rng.normal(size=(3, 3))}


def hand(case, data):
    a, b, m = data.a, data.b, data.m
    operations = {
        "a + b": lambda: a + b,
        "a + b, other unit": lambda: a + 1000.0 * b,
        "a * b": lambda: a * b,
        "a @ m": lambda: a @ m,
        "a.sum()": lambda: a.sum(),
        "a[0]": lambda: a[0],
        "a < b": lambda: a < b,
        "a.to(unit)": lambda: a / 1000.0,
    }
    return {"hand": operations[case]} if case in operations else {}


def ours(case, data):
    import brainstate_torch.units as u

    return {"ours": _operations(u, data, lambda x, unit: x.to(unit))[case]}


def theirs(case, data):
    import brainunit as u

    return {"brainstate eager": _operations(u, data, lambda x, unit: x.in_unit(unit))[case]}


def _operations(u, data, to):
    a, b, b_volt, m = data.a * u.mV, data.b * u.mV, data.b * u.volt, data.m * u.ms
    return {
        "a + b": lambda: a + b,
        "a + b, other unit": lambda: a + b_volt,
        "a * b": lambda: a * b,
        "a @ m": lambda: a @ m,
        "a.sum()": lambda: a.sum(),
        "a[0]": lambda: a[0],
        "a < b": lambda: a < b,
        "a.to(unit)": lambda: to(a, u.volt),
        "number * unit": lambda: data.a * u.mV,
    }
