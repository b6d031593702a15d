"""Continuous integration installs what `constraints.txt` pins: the oldest torch that `setup.cfg` claims."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_pinned_torch_is_the_oldest_that_is_claimed():
    (claimed,) = re.findall(r"^ *torch>=([\d.]+)$", (ROOT / "setup.cfg").read_text(), re.MULTILINE)
    (pinned,) = re.findall(r"^torch==([\d.]+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    # With a newer pin nothing runs on the oldest one: make `make oldest` a stage of .ci/run then.
    assert pinned.startswith(f"{claimed}.")
