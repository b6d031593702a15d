import gc
import weakref

import pytest

from brainstate_torch.graph import RefMap


class Thing:
    def __eq__(self, other):
        return True

    __hash__ = None


def test_ref_map_keeps_equal_objects_apart():
    a, b = Thing(), Thing()
    refs = RefMap({})
    refs[a], refs[b] = "a", "b"
    assert (refs[a], refs[b], len(refs)) == ("a", "b", 2)
    assert [key is thing for key, thing in zip(refs, (a, b), strict=True)] == [True, True]
    assert Thing() not in refs
    del refs[a]
    assert a not in refs and b in refs


def test_ref_map_starts_with_pairs_or_a_mapping():
    a = Thing()
    assert RefMap([(a, 1)])[a] == 1
    assert RefMap(RefMap([(a, 1)]))[a] == 1


def test_ref_map_keeps_its_keys_alive():
    thing = Thing()
    alive = weakref.ref(thing)
    refs = RefMap([(thing, 1)])
    del thing
    gc.collect()
    assert alive() is next(iter(refs))


def test_ref_map_names_the_type_of_a_missing_key():
    with pytest.raises(KeyError, match="no entry for this Thing"):
        RefMap()[Thing()]


def test_ref_map_shows_its_entries():
    assert repr(RefMap([("w", 0)])) == str(RefMap([("w", 0)])) == "{\n  'w': 0\n}"
