"""What these tests share. Together they check each line of the table in ``docs/what_jit_sees.md``."""

import torch

from brainstate_torch import transform as T

X = torch.tensor([1.0, 2.0])


def replayed(fun, **options):
    return T.jit(fun, backend="replay", **options)


def programs(compiled):
    return len(compiled._programs)
