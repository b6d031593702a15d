import pytest
import torch

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
