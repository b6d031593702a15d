import threading

import pytest

from brainstate_torch.util import BoundedCache


def filled(maxsize, keys):
    cache = BoundedCache(maxsize)
    for key in keys:
        cache.set(key, key.upper())
    return cache


def test_cache_drops_the_entry_unused_for_longest():
    cache = filled(3, "abc")
    cache.get("a")
    cache.replace("b", 2)
    cache.set("d", "D")
    assert cache.keys() == ["a", "b", "d"]
    assert ("c" in cache, "d" in cache, len(cache), cache.maxsize) == (False, True, 3, 3)


def test_cache_counts_hits_and_misses():
    cache = filled(2, "ab")
    assert [cache.get("a"), cache.get("a"), cache.get("b"), cache.get("z", 5)] == ["A", "A", "B", 5]
    assert cache.get_stats() == {"size": 2, "maxsize": 2, "hits": 3, "misses": 1, "hit_rate": 75.0}
    cache.clear()
    assert cache.get_stats() == {"size": 0, "maxsize": 2, "hits": 0, "misses": 0, "hit_rate": 0.0}


def test_cache_keeps_none_as_a_value():
    cache = BoundedCache()
    cache.set("a", None)
    assert cache.get("a", 5) is None


def test_cache_of_size_zero_keeps_nothing():
    assert len(filled(0, "ab")) == 0


def test_cache_pop_drops_an_entry():
    cache = filled(2, "ab")
    assert (cache.pop("a"), cache.pop("a"), cache.pop("a", 5), cache.keys()) == ("A", None, 5, ["b"])


def test_cache_miss_lists_the_keys():
    with pytest.raises(ValueError, match=r"step not compiled.*Got:\n  z\nAvailable 2 keys:\n  a\n  b\n"):
        filled(2, "ab").get("z", raise_on_miss=True, error_context="step")
    with pytest.raises(ValueError, match=r"Available 0 keys:\n  \(none\)"):
        BoundedCache().get("z", raise_on_miss=True)


def test_cache_set_and_replace_are_told_apart():
    with pytest.raises(ValueError, match=r"Cache key already exists. Got a. Use `replace`"):
        filled(2, "a").set("a", 1)
    with pytest.raises(KeyError, match=r"Cache key does not exist. Got z. Use `set`"):
        filled(2, "a").replace("z", 1)


@pytest.mark.parametrize(
    "maxsize, error, message",
    [(2.5, TypeError, "an integer. Got float."), (-1, ValueError, "non-negative. Got -1.")],
)
def test_cache_checks_its_size(maxsize, error, message):
    with pytest.raises(error, match=r"`maxsize` must be " + message):
        BoundedCache(maxsize)


def test_cache_is_consistent_under_threads():
    cache = BoundedCache(10)

    def work(number):
        for i in range(100):
            cache.set((number, i), i)
            cache.get((number, i))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stats = cache.get_stats()
    assert (stats["size"], stats["hits"] + stats["misses"]) == (10, 400)
