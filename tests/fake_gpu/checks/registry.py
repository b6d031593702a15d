"""What a check is, how one is run, and what checks share."""

import os
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple

import fake_gpu
import numpy as np
import torch
import torch._dynamo  # once, before the processes part

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch import random

HOME = os.path.dirname(bst.__file__)
#: With Triton and TRITON_INTERPRET=1 what is compiled is what a GPU would run.
BACKEND = "inductor" if fake_gpu.COMPILES else "replay"


#: How near the numbers must be to those of a CPU; empty for torch's tolerance.
NEAR: dict[str, float] = {}


class Check(NamedTuple):
    name: str
    kind: str
    fun: Callable[..., Any]


CHECKS: list[Check] = []


def _adder(kind):
    def named(name):
        def add(fun):
            if kind != "few" or fake_gpu.COMPILES:
                CHECKS.append(Check(name, kind, fun))
            return fun

        return add

    return named


same, quiet, check, few = _adder("same"), _adder("quiet"), _adder("check"), _adder("few")


def tensors_of(x):
    """All tensors in what a check gives."""
    if isinstance(x, torch.Tensor):
        return [x]
    if isinstance(x, u.Quantity):
        return tensors_of(x.mantissa)
    if isinstance(x, bst.State):
        return tensors_of(x.value)
    if isinstance(x, dict):
        return [t for key in sorted(x, key=str) for t in tensors_of(x[key])]
    if isinstance(x, (list, tuple)):
        return [t for item in x for t in tensors_of(item)]
    return []


def run(check):
    torch.manual_seed(0)
    random.seed(0)
    if check.kind == "check":
        check.fun()
    elif check.kind == "few":
        torch._C._set_multithreading_enabled(False)  # a gradient in jit must not hang here
        call, most = check.fun("cuda")
        call(), call()
        with fake_gpu.counting() as counts:
            call()
        assert counts["launches"] <= most, f"{counts['launches']} launches, {most} would do"
    elif check.kind == "quiet":
        call = check.fun("cuda")
        call(), call()
        with fake_gpu.counting(within=(HOME,)) as counts:
            call()
        places = [
            f"{n} x {name} at {place.replace(HOME, '')}"
            for (kind, name, place), n in counts.places.items()
            if kind == "waits"
        ]
        assert not counts["waits"], f"waits {counts['waits']} times: {'; '.join(places)}"
    else:
        expected = tensors_of(check.fun("cpu"))
        torch.manual_seed(0)
        random.seed(0)
        found = tensors_of(check.fun("cuda"))
        assert expected and len(found) == len(expected), f"{len(found)} results, {len(expected)} on the CPU"
        for i, (x, y) in enumerate(zip(found, expected)):
            assert x.device.type == "cuda", f"result {i} is on {x.device}"
            near = {"rtol": 0.05, "atol": 0.05} if y.dtype == torch.bfloat16 else NEAR
            torch.testing.assert_close(x.detach().cpu(), y.detach(), equal_nan=True, **near)


def described(error):
    """The error in one line, with the innermost line of the product."""
    ours = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(HOME)]
    where = f" [{ours[-1].filename.replace(HOME, '')}:{ours[-1].lineno}]" if ours else ""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}{where}"


def filled(shape, device, seed=0, dtype=np.float32):
    """Numbers that are the same on every device."""
    return torch.tensor(np.random.default_rng(seed).normal(size=shape).astype(dtype), device=device)
