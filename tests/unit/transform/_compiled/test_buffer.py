"""brainstate_torch.transform._compiled.buffer: memory that is used again."""

import torch

from brainstate_torch._graph import Like
from brainstate_torch.transform._compiled.buffer import Buffer


def like(count):
    return Like(torch.Size([count]), torch.float32, torch.device("cpu"))


def test_large_memory_is_used_again_once_nobody_has_it():
    buffer = Buffer()
    first = buffer.take(like(2**19))
    place = first.data_ptr()
    del first
    again = buffer.take(like(2**19))
    assert again.data_ptr() == place
    other = buffer.take(like(2**19))
    assert other.data_ptr() != place


def test_a_view_holds_the_memory():
    buffer = Buffer()
    part = buffer.take(like(2**19))[:3]
    assert buffer.take(like(2**19)).untyped_storage().data_ptr() != part.untyped_storage().data_ptr()


def test_small_memory_is_not_held():
    buffer = Buffer()
    assert buffer.take(like(8)).shape == (8,)
    assert buffer._held == []
