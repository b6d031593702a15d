import gc
import weakref

import pytest
import torch

from brainstate_torch.util import clear_buffer_memory


class Cycle:
    def __init__(self):
        self.me = self


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"platform": "cpu"}, {"array": False}])
def test_clear_buffer_memory_collects_garbage_and_keeps_what_is_in_use(options):
    kept, lost = torch.ones(2), weakref.ref(Cycle())
    gc.disable()
    try:
        clear_buffer_memory(**options)
    finally:
        gc.enable()
    assert lost() is None
    assert torch.equal(kept, torch.ones(2))


@pytest.mark.slow
def test_clear_buffer_memory_drops_compiled_code(monkeypatch):
    calls = []
    monkeypatch.setattr(torch.compiler, "reset", lambda: calls.append(1))
    clear_buffer_memory()
    assert calls == []
    clear_buffer_memory(compilation=True)
    assert calls == [1]


@pytest.mark.slow
@pytest.mark.parametrize(
    "options, emptied", [({}, 1), ({"platform": "gpu"}, 1), ({"platform": "cpu"}, 0), ({"array": False}, 0)]
)
def test_clear_buffer_memory_empties_the_cache_of_the_accelerator(monkeypatch, options, emptied):
    calls = []
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    monkeypatch.setattr(torch.accelerator, "empty_cache", lambda: calls.append(1))
    clear_buffer_memory(**options)
    assert len(calls) == emptied


def test_clear_buffer_memory_knows_its_platforms():
    with pytest.raises(ValueError, match=r"`platform` must be 'cpu', 'gpu', 'cuda' or None. Got 'tpu'."):
        clear_buffer_memory("tpu")
