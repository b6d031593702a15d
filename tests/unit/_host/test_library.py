"""Operators of this package."""

import torch

import brainstate_torch  # noqa: F401


def test_each_operator_has_an_implementation_for_every_device():
    """That of a CPU alone would raise on a GPU."""
    names = [x for x in torch._C._dispatch_get_all_op_names() if x.startswith("brainstate_torch::")]
    assert {"brainstate_torch::call", "brainstate_torch::fan_out", "brainstate_torch::event_product"} <= set(names)
    has = torch._C._dispatch_has_kernel_for_dispatch_key
    everywhere = ("CompositeExplicitAutograd", "CompositeImplicitAutograd")
    lacking = [x for x in names if not any(has(x, key) for key in ("CUDA", *everywhere))]
    assert lacking == []
    assert all(has(x, "Meta") for x in names), "compilers ask for shapes"
