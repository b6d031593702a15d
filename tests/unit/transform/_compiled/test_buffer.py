"""brainstate_torch.transform._compiled.buffer: memory that is used again."""

import threading

import torch

from brainstate_torch import transform as T
from brainstate_torch._graph import Like
from brainstate_torch.transform._compiled.buffer import Pool

COUNT = 2**19


def like(count, dtype=torch.float32):
    return Like(torch.Size([count]), dtype, torch.device("cpu"))


def test_large_memory_is_used_again_once_nobody_has_it():
    pool = Pool(2**24)
    first = pool.take(like(COUNT))
    place = first.data_ptr()
    del first
    again = pool.take(like(COUNT // 2, torch.float64))
    assert (again.dtype, again.shape, again.data_ptr()) == (torch.float64, (COUNT // 2,), place)
    assert pool.take(like(COUNT)).data_ptr() != place


def test_a_view_holds_the_memory():
    pool = Pool(2**24)
    part = pool.take(like(COUNT))[:3]
    assert pool.take(like(COUNT)).untyped_storage().data_ptr() != part.untyped_storage().data_ptr()
    array = pool.take(like(COUNT)).numpy()
    assert pool.take(like(COUNT)).data_ptr() != array.ctypes.data


def test_small_and_huge_memory_is_not_held():
    pool = Pool(2**28)
    assert pool.take(like(8)).shape == (8,)
    assert pool.take(like(2**25)).shape == (2**25,)
    assert pool.held == 0


def test_no_more_is_held_than_the_limit():
    pool = Pool(3 * 4 * COUNT)
    taken = [pool.take(like(COUNT)) for _ in range(5)]
    assert len({x.data_ptr() for x in taken}) == 5
    assert pool.held == pool.limit
    oldest = taken[0].data_ptr()
    del taken
    assert pool.take(like(COUNT)).data_ptr() != oldest


def test_threads_do_not_share_what_they_take():
    pool = Pool(2**26)
    clashes = []

    def work(number):
        for _ in range(200):
            x = pool.take(like(COUNT // 2))
            x[:4] = number
            if not bool((x[:4] == number).all()):
                clashes.append(number)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clashes == []


def test_a_result_is_not_overwritten_by_the_next_call():
    program = T.jit(lambda x: T.for_loop(lambda x: x * 2, x), backend="replay")
    x = torch.ones(4, 2**17)
    first = program(x)
    second = program(3 * x)
    assert bool((first == 2).all())
    assert bool((second == 6).all())
