import threading

from brainstate_torch.util import get_unique_name


def test_names_count_up_per_type_whatever_the_prefix():
    names = [get_unique_name("naming_a"), get_unique_name("naming_b"), get_unique_name("naming_a", "my_")]
    assert names == ["naming_a0", "naming_b0", "my_naming_a1"]


def test_names_count_per_thread():
    names = [get_unique_name("naming_c")]
    thread = threading.Thread(target=lambda: names.append(get_unique_name("naming_c")))
    thread.start()
    thread.join()
    assert names == ["naming_c0", "naming_c0"]
