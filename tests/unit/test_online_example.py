"""The example of online learning runs, and learns."""

import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "online_learning.py"


@pytest.mark.slow
def test_a_spiking_network_learns_to_remember(capsys):
    right = runpy.run_path(str(EXAMPLE))["main"](35)
    assert right > 0.9
    assert "loss" in capsys.readouterr().out
