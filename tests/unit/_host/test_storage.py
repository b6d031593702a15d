"""brainstate_torch._host.storage and .memory: who shares the memory of a tensor, and until when."""

import numpy as np
import torch

from brainstate_torch._host.memory import all_halved, apart, halved, is_halved, is_intact, shows
from brainstate_torch._host.storage import is_lone_view, storage_of


def test_tensors_of_one_memory_have_a_number_in_common():
    x = torch.ones(4)
    assert storage_of(x) == storage_of(x[1:]) == storage_of(x.view(2, 2)) != storage_of(x.clone())
    assert storage_of(torch.eye(2).to_sparse()) is None


def test_a_view_is_alone_while_nothing_else_leads_to_its_memory():
    base = torch.ones(4)
    view = base[1:]
    assert is_lone_view(view)
    other = base[:2]
    assert not is_lone_view(view)
    del other
    assert is_lone_view(view) and not is_lone_view(torch.eye(2).to_sparse())


def test_whichever_half_is_written_gets_a_copy():
    for written, other in ((0, 1), (1, 0)):
        x = torch.ones(3)
        pair = x, halved(x)
        assert is_halved(x) and is_halved(pair[1]) and is_intact(pair[1]) and shows(pair[1], x)
        pair[written].add_(1)
        assert pair[written].tolist() == [2.0] * 3 and pair[other].tolist() == [1.0] * 3
        assert not is_halved(pair[written]) and not shows(pair[1], x)
        assert is_intact(pair[1]) == (written == 0)


def test_a_write_that_torch_does_not_know_reaches_one_half_alone():
    x = torch.ones(3)
    half = halved(x)
    x.numpy()[:] = 5.0
    assert half.tolist() == [1.0] * 3 and x.tolist() == [5.0] * 3


def test_memory_that_numpy_has_seen_is_copied_at_once():
    array = np.ones(3, dtype=np.float32)
    half = halved(torch.from_numpy(array))
    array[:] = 2.0
    assert half.tolist() == [1.0] * 3


def test_what_others_lead_to_is_copied_apart():
    x = torch.ones(4)
    view, alone = x[:2], torch.ones(4)
    copy, half = apart(view), apart(alone)
    assert not is_halved(copy) and is_halved(half)
    x.zero_()
    alone.zero_()
    assert copy.tolist() == [1.0] * 2 and half.tolist() == [1.0] * 4


def test_all_must_be_halved_tensors():
    x, y = torch.ones(2), torch.ones(2)
    halves = [halved(x), halved(y)]
    assert all_halved(halves) and all_halved([]) and not all_halved([*halves, torch.ones(1)])
    assert not all_halved([halves[0], 1.0])
