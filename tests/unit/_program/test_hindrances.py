"""What hinders a CUDA graph. 'meta' stands for the device: programs can be recorded there; tests/fake_gpu runs them."""

import pytest
import torch

from brainstate_torch._program.branch import Branch
from brainstate_torch._program.hindrances import graph_device, hindrance
from brainstate_torch._program.loop import Layout, Loop
from brainstate_torch._program.operation import Body, compiling
from brainstate_torch._program.recording import Like, record
from brainstate_torch._program.repeat import Repeat

X = Like(torch.Size([3]), torch.float32, torch.device("meta"))
N = Like(torch.Size([]), torch.float32, torch.device("cpu"))
STATE = Like(torch.Size([32]), torch.uint8, torch.device("cpu"))


def found(fun, *like, constant=()):
    with compiling("replay"):
        return hindrance(record(fun, like).graph, like, constant)


def looped(step, layout, length, **options):
    def fun(*tensors):
        like = [Like(x.shape[1:] if i >= 1 else x.shape, x.dtype, x.device) for i, x in enumerate(tensors)]
        return Loop(Body(step, like), layout, length, **options).apply(tensors)

    return fun


def test_what_computes_is_no_hindrance():
    assert found(lambda x: [x.sin() @ x, x * 2], X) is None
    xs = X._replace(shape=torch.Size([4, 3]))
    assert found(looped(lambda c, x: [c * x, c + x], Layout(1, 0, 1), 4), X, xs) is None


def test_numbers_on_the_cpu_must_be_constant():
    scaled = lambda x, n: [x * (n + 1)]
    assert "torch.float32[] lies on the CPU and changes" in found(scaled, X, N)
    assert found(scaled, X, N, constant=[1]) is None
    assert "the state of a generator" in found(lambda x, s: [x, s + 1], X, STATE)
    assert found(lambda x, s: [x * 2, s], X, STATE) is None


def test_what_looks_at_numbers_is_named():
    less, more = Body(lambda x: [x.sum() < 3], [X]), Body(lambda x: [x + 1], [X])
    assert "`while`" in found(lambda x: Repeat(less, more, 1).apply([x]), X)
    index = Like(torch.Size([]), torch.int64, torch.device("meta"))
    cheap = lambda i, x: Branch([Body(lambda x: [x + 1], [X]), Body(lambda x: [x * 2], [X])]).apply([i, x])
    dear = lambda i, x: Branch([Body(lambda x: [x.sort().values], [X]), Body(lambda x: [x], [X])]).apply([i, x])
    assert found(cheap, index, X) is None
    assert "choice" in found(dear, index, X)
    xs = X._replace(shape=torch.Size([4, 3]))
    told = looped(lambda c, x: [c * x, c + x], Layout(1, 0, 1), 4, watch=lambda *_: None)
    assert "tells of each step" in found(told, X, xs)


def test_writes_in_place_into_an_input_are_named():
    assert "`add_`" in found(lambda x: [x.add_(1)], X)


def test_a_graph_has_a_bounded_number_of_kernels():
    step = lambda c, x: [c * x, c + x]
    shape = lambda n: X._replace(shape=torch.Size([n, 3]))
    assert found(looped(step, Layout(1, 0, 1), 99_000), X, shape(99_000)) is None
    assert "more than 200,000 kernels" in found(looped(step, Layout(1, 0, 1), 101_000), X, shape(101_000))


@pytest.mark.parametrize(
    ("devices", "wanted"),
    [(("cpu",), None), (("cuda:1", "cpu"), "cuda:1"), (("cuda:0", "cuda:1"), None), (("xpu:0",), None), ((), None)],
)
def test_one_cuda_device_and_no_other(devices, wanted):
    like = [X._replace(device=torch.device(x)) for x in devices]
    assert graph_device(like) == (wanted and torch.device(wanted))
