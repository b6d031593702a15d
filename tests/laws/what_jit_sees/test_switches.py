"""Part of the key of a program: switches and modes of torch."""

import pytest
import torch

from .replayed import X, programs, replayed


@pytest.fixture
def switched():
    """Call with a function that sets a switch back."""
    undo = []
    yield undo.append
    for put_back in reversed(undo):
        put_back()


def test_autocast_is_seen():
    compiled, device = replayed(lambda x: x @ x), torch.get_default_device().type
    x = torch.ones(2, 2)
    for dtype in (torch.bfloat16, torch.float16):
        with torch.autocast(device, dtype):
            assert compiled(x).dtype == dtype
    assert compiled(x).dtype == torch.float32
    with torch.autocast(device, torch.bfloat16), torch.autocast(device, enabled=False):
        assert compiled(x).dtype == torch.float32
    assert programs(compiled) == 3


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_grad_mode_and_inference_mode_are_seen(mode):
    compiled = replayed(lambda x: x if torch.is_grad_enabled() else -x)
    assert torch.equal(compiled(X), X)
    with mode():
        assert torch.equal(compiled(X), -X)
    assert torch.equal(compiled(X), X)
    assert programs(compiled) == 2


def test_the_default_dtype_is_seen(switched):
    compiled = replayed(lambda: torch.ones(2))
    assert compiled().dtype == torch.float32
    switched(lambda: torch.set_default_dtype(torch.float32))
    torch.set_default_dtype(torch.float64)
    assert compiled().dtype == torch.float64


def test_the_default_device_is_seen():
    compiled, default = replayed(lambda: torch.ones(2)), torch.get_default_device()
    assert compiled().device.type == default.type
    with torch.device("meta"):
        assert compiled().device.type == "meta"
    assert compiled().device.type == default.type


def set_all(module, name, value):
    before = getattr(module, name)
    setattr(module, name, value)
    return lambda: setattr(module, name, before)


def set_by(setter, before, value):
    setter(value)
    return lambda: setter(before)


@pytest.mark.parametrize(
    "change",
    [
        lambda: set_by(torch.use_deterministic_algorithms, False, True),
        lambda: set_by(torch.set_float32_matmul_precision, "highest", "high"),
        lambda: set_all(torch.backends.cuda.matmul, "allow_tf32", True),
        lambda: set_by(torch.backends.cuda.enable_flash_sdp, True, False),
        lambda: set_by(torch.backends.cuda.enable_mem_efficient_sdp, True, False),
        lambda: set_by(torch.backends.cuda.enable_math_sdp, True, False),
        lambda: set_by(torch.backends.mha.set_fastpath_enabled, True, False),
        lambda: set_by(lambda on: torch._C._set_mkldnn_enabled(on), True, False),
    ],
    ids=["deterministic", "precision", "tf32", "flash", "efficient", "math", "fast path", "onednn"],
)
def test_a_switch_makes_another_program(change, switched):
    compiled = replayed(lambda x: x * 2)
    compiled(X)
    put_back = change()
    switched(put_back)
    assert torch.equal(compiled(X), 2 * X)
    assert programs(compiled) == 2


def test_a_mode_of_the_user_sees_each_operation():
    from torch.utils.flop_counter import FlopCounterMode

    compiled = replayed(lambda x: x @ x)
    compiled(torch.ones(4, 4))
    with FlopCounterMode(display=False) as counter:
        compiled(torch.ones(4, 4))
    assert counter.get_total_flops() == 2 * 4**3


def test_a_forward_derivative_of_torch_is_not_lost():
    compiled = replayed(lambda x: x**2)
    compiled(X)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(X, torch.ones(2))
        assert torch.equal(torch.autograd.forward_ad.unpack_dual(compiled(dual)).tangent, 2 * X)
