"""The benchmark for a GPU in small sizes on the CPU, so that it is right when there is one."""

import importlib.util

import pytest

import brainstate_torch as brainstate
from benchmarks import gpu, on_gpu
from benchmarks.contest import Effort, Row
from benchmarks.worker import Failed, Setting, _Bench

EFFORT = Effort(1, batch=1e-4, limit=1.0)


class Here:
    """A worker in this process."""

    threads = 1

    def __init__(self, framework):
        self.framework = framework
        self.bench = _Bench(framework, Setting("cpu", 1, True))

    def ask(self, question, *args):
        return getattr(self.bench, question)(*args)


def measured(part, *frameworks):
    with brainstate.environ.context(jit_backend="replay"):
        return gpu.measure(part, [Here(name) for name in frameworks], [], EFFORT, True)


@pytest.mark.parametrize("part", ["published", "coba"])
def test_each_part_runs_and_gives_the_numbers_of_hand(part):
    rows, launches = measured(part, "hand", "ours")
    assert [row.note for row in rows if row.note] == []
    assert all(row.time for row in rows) and {row.contestant for row in rows} >= {"hand", "ours, jit"}
    assert set(launches.values()) == {None}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("rival", ["spikingjelly", "norse", "theirs"])
def test_rivals_compute_the_published_case(rival):
    package = {"theirs": "brainstate"}.get(rival, rival)
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    rows, _ = measured("published", "hand", rival)
    assert [row.note for row in rows if row.note] == [] and len(rows) == 2


def test_the_page_says_of_which_rows_ours_is_behind():
    rows = [
        Row("published", "gradient", "hand", "", 1.0, [0.2]),
        Row("published", "gradient", "ours, jit", "", 1.0, [0.1], 2**20),
        Row("published", "gradient", "norse", "not installed: norse"),
    ]
    about = {"cpu": "a", "cores": 1, "device": "cuda", "threads": [1], "load": 0.0, "python": "3", "versions": {}}
    launches = {("published", "gradient", "ours, jit"): 3}
    text = gpu.as_markdown(about | {"gpu": "a GPU", "full": True}, rows, launches)
    assert "a GPU" in text and "| gradient | ours, jit | 100 ms | 1.0 MiB | 3 | 1 s |" in text
    assert "not installed: norse" in text
    assert "Ours is behind Spyx, JAX (gradient)." in text
    assert "Ours is ahead of every row." in gpu.as_markdown(about, rows, launches)
    rows[0].samples = [0.05]
    assert "Ours is behind hand (gradient)." in gpu.as_markdown(about, rows, launches)


class Failing(Here):
    """A worker whose memory runs out: when it builds, or when it is timed."""

    def __init__(self, framework, question):
        super().__init__(framework)
        self.question = question

    def ask(self, question, *args):
        if question == self.question:
            raise Failed("CUDA out of memory")
        return super().ask(question, *args)


@pytest.mark.parametrize("question", ["build", "batch_size", "batch"])
def test_a_contestant_that_fails_is_told_of_and_the_others_go_on(question):
    with brainstate.environ.context(jit_backend="replay"):
        rows, _ = gpu.measure("published", [Here("hand"), Failing("ours", question)], [], EFFORT, True)
    hand, ours = rows
    assert hand.time and not hand.note
    assert ours.time is None and ours.note == "CUDA out of memory"


def test_parts_are_the_published_case_the_network_and_all_workloads():
    assert set(gpu.PARTS) == {"published", "coba", *[f"W{i}" for i in range(1, 13)]}
    assert all(gpu.loaded(part).TITLE and gpu.loaded(part).CASES for part in gpu.PARTS)
    assert on_gpu.load("published").inputs("gradient", False)["x"].shape == (500, 16, 16_000)


def test_an_unknown_part_is_named(capsys):
    with pytest.raises(SystemExit):
        gpu.main(["--only", "W1,W99"])
    assert "Got W99." in capsys.readouterr().err
