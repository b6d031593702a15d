import pytest
import torch

from brainstate_torch.random import _generators
from brainstate_torch.random._generators import WORKSPACE, Generators, is_generator_state, seeded

CPU = torch.device("cpu")


def test_generators_go_back_to_a_state():
    generators = Generators()
    generators.load(seeded(3))
    state = generators.state()
    first = torch.rand(4, generator=generators.at(CPU))
    generators.load(state)
    assert torch.equal(torch.rand(4, generator=generators.at(CPU)), first)
    assert torch.equal(first, torch.rand(4, generator=torch.Generator().manual_seed(3)))


def test_generators_refuse_other_devices():
    with pytest.raises(NotImplementedError, match=r"must draw on a CPU or a CUDA device. Got 'meta'"):
        Generators().at(torch.device("meta"))


def test_a_state_may_be_a_view_into_other_storage():
    generators = Generators()
    generators.load(torch.stack([seeded(1), seeded(2)])[1])
    assert generators._cpu.initial_seed() == 2


@pytest.mark.parametrize(
    "inside",
    [
        lambda f: f(),
        *[
            lambda f, transform=transform: transform(lambda x: (f(), x)[1])(torch.zeros(2))
            for transform in (
                lambda g: torch.func.vmap(g, randomness="different"),
                lambda g: torch.func.grad(lambda x: g(x).sum()),
            )
        ],
    ],
)
def test_states_of_several_generators_are_held_by_one_tensor(monkeypatch, inside):
    # Generators of the CPU stand for those of two CUDA devices, which this test then also needs no GPU for.
    monkeypatch.setattr(_generators, "_CUDA_BYTES", seeded(0).numel())

    def check():
        generators = Generators()
        generators._cuda = [torch.Generator(), torch.Generator()]
        generators.load(seeded(3))
        assert [generator.initial_seed() for generator in generators._cuda] == [3, 3]
        generators._cuda[1].manual_seed(9)
        state = generators.state()
        generators.load(seeded(4))
        generators.load(state)
        assert [generator.initial_seed() for generator in (generators._cpu, *generators._cuda)] == [3, 3, 9]

    inside(check)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_generators_are_part_of_the_state():
    device = torch.device("cuda")
    generators = Generators()
    generators.load(seeded(3))
    start = generators.state()
    torch.rand(4, device=device, generator=generators.at(device))
    middle = generators.state()
    after_middle = torch.rand(4, device=device, generator=generators.at(device))
    generators.load(middle)
    assert torch.equal(torch.rand(4, device=device, generator=generators.at(device)), after_middle)
    generators.load(start)
    assert not torch.equal(torch.rand(4, device=device, generator=generators.at(device)), after_middle)
    assert torch.equal(torch.rand(4, device=device, generator=generators.at(device)), after_middle)


def test_workspace_loads_a_state_that_it_does_not_stand_at():
    for seed in (1, 2, 1):
        drawn = torch.rand(4, generator=WORKSPACE.at_state(seeded(seed)).at(CPU))
        WORKSPACE.state = None
        assert torch.equal(drawn, torch.rand(4, generator=torch.Generator().manual_seed(seed)))


def test_a_generator_state_is_told_from_a_key():
    assert is_generator_state(seeded(0))
    assert not is_generator_state(torch.tensor([0, 1], dtype=torch.uint32))
