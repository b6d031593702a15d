"""`examples/train_distributed.py`: two processes train, one is killed in the middle of an epoch, nothing is lost."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import brainstate_torch as brainstate

ROOT = Path(brainstate.__file__).parent.parent
pytest.importorskip("sklearn")


def started(folder):
    options = ["--standalone", "--nproc-per-node", "2", "--max-restarts", "4"]
    program = ["examples/train_distributed.py", "--folder", str(folder), "--steps", "8", "--every", "3"]
    return subprocess.Popen(
        [sys.executable, "-m", "torch.distributed.run", *options, *program],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def workers(process):
    """The processes that the launcher has started."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True)
    return [int(pid) for pid in found.stdout.split()]


@pytest.mark.slow
def test_training_goes_on_after_a_process_was_killed(tmp_path):
    whole, killed = started(tmp_path / "whole"), started(tmp_path / "killed")
    try:
        lines = []
        for line in killed.stdout:
            lines.append(line.strip())
            if line.startswith("step 5 ") and not any(x.startswith("starting after 3") for x in lines):
                os.kill(max(workers(killed)), signal.SIGKILL)
        assert killed.wait(300) == 0
        expected = [line.strip() for line in whole.stdout]
        assert whole.wait(300) == 0
    finally:
        for process in (whole, killed):
            process.kill()
            process.communicate()
    assert "starting after 0 steps" in lines and "starting after 3 steps" in lines
    found = [json.loads((tmp_path / name / "latest.json").read_text()) for name in ("whole", "killed")]
    assert found[0] == found[1] and len(found[0]["losses"]) == 8
    assert found[0]["losses"][-1] < 0.6 * found[0]["losses"][0]
    assert lines[-1] == expected[-1] and lines[-1].startswith("accuracy")
