"""benchmarks.first_call: a process that imports, and computes its first result."""

import pytest

from benchmarks import first_call


@pytest.mark.slow
def test_a_process_tells_what_it_took(tmp_path):
    found = first_call._process("replay", "W1", str(tmp_path))
    assert found["import"] > found["second"] and found["first result"] > found["second"] > 0


def test_a_workload_without_a_compiled_contestant_is_refused():
    with pytest.raises(SystemExit):
        first_call.main(["--only", "W2"])
