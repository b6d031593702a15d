"""brainstate_torch.transform._control.progress: what the bar says, and when."""

import io
import sys

import numpy as np
import pytest
import torch

from brainstate_torch import transform as T
from brainstate_torch.transform._control import progress as _progress


@pytest.fixture(params=["tqdm", "text"])
def bar(request, monkeypatch):
    """Records what a loop does with its bar, of either kind."""
    made = []
    if request.param == "tqdm":
        kind = pytest.importorskip("tqdm.auto").tqdm
    else:
        kind = _progress.Lines

    class Recorded(kind):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs, file=io.StringIO())
            self.calls = []
            made.append(self)

        def update(self, n=1):
            self.calls.append(n)
            super().update(n)

        def set_description(self, text, refresh=True):
            self.calls.append(text)
            super().set_description(text, refresh)

        def close(self):
            self.calls.append("close")
            super().close()

    monkeypatch.setattr(_progress, "_bar_class", lambda: Recorded)
    return made


@pytest.mark.parametrize(
    ("options", "n", "updates"),
    [
        ({"freq": 3}, 7, [3, 3, 1]),
        ({"freq": 7}, 7, [7]),
        ({"count": 2}, 4, [2, 2]),
        ({"count": 3}, 7, [2, 2, 2, 1]),
        ({}, 5, [1] * 5),
        ({}, 45, [2] * 22 + [1]),
    ],
)
def test_the_bar_is_updated_as_often_as_asked_and_ends_at_the_end(bar, options, n, updates):
    T.for_loop(lambda x: x, torch.arange(n), pbar=T.ProgressBar(**options))
    assert bar[0].calls == [f"Running for {n} iterations", *updates, "close"]
    assert bar[0].n == bar[0].total == n


def test_a_number_stands_for_the_frequency(bar):
    T.scan(lambda c, x: (c, x), 0.0, torch.arange(4), pbar=2)
    assert bar[0].calls[1:] == [2, 2, "close"]


@pytest.mark.parametrize("pbar", [np.int64(2), T.ProgressBar(freq=np.int32(2)), T.ProgressBar(count=np.int64(2))])
def test_numpy_integers_are_numbers(bar, pbar):
    T.for_loop(lambda x: x, torch.arange(4), pbar=pbar)
    assert bar[0].calls[1:] == [2, 2, "close"]


@pytest.mark.parametrize("reverse", [False, True])
def test_a_description_is_made_of_what_the_loop_has(bar, reverse):
    show = T.ProgressBar(freq=2, desc=("{i}: {carry:.1f} {y}", lambda d: d))
    T.scan(lambda c, x: (c + x, 2 * x), 0.0, torch.ones(3), pbar=show, reverse=reverse)
    assert bar[0].calls == ["0: 1.0 2.0", "1: 2.0 2.0", 2, "2: 3.0 2.0", 1, "close"]


def test_inside_vmap_and_grad_the_numbers_of_all_lanes_are_shown(bar):
    show = T.ProgressBar(freq=2, desc=("{carry}", lambda d: {"carry": d["carry"].tolist()}))
    T.grad(lambda xs: T.vmap(lambda x: T.scan(lambda c, _: (c * x, None), x, None, length=2, pbar=show)[0])(xs).sum())(
        torch.tensor([1.0, 2.0])
    )
    assert bar[0].calls == ["[1.0, 4.0]", "[1.0, 8.0]", 2, "close"]


def test_a_loop_that_raises_closes_the_bar(bar):
    with pytest.raises(ZeroDivisionError):
        T.for_loop(lambda i: 1 // (2 - int(i)), torch.arange(4), pbar=1)
    assert bar[0].calls[-1] == "close"


def test_the_description_must_be_filled_by_a_dict():
    show = T.ProgressBar(desc=("{i}", lambda d: "text"), disable=True)
    with pytest.raises(TypeError, match=r"the function of `desc` must return a dict. Got a str"):
        T.for_loop(lambda x: x, torch.arange(2), pbar=show)


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"freq": 0}, ValueError, "`freq` must be a positive integer. Got 0"),
        ({"freq": 2.5}, ValueError, "`freq` must be a positive integer. Got 2.5"),
        ({"count": -1}, ValueError, "`count` must be a positive integer. Got -1"),
        ({"freq": 2, "count": 5}, ValueError, "`freq` and `count` must not be given together"),
        ({"desc": 123}, TypeError, r"`desc` must be a string or a pair \(format, function\). Got an int"),
        ({"desc": ("one",)}, ValueError, "Got 1 values"),
        ({"desc": (1, abs)}, TypeError, r"Got \(int, builtin_function_or_method\)"),
        ({"desc": ("{i}", "f")}, TypeError, r"Got \(str, str\)"),
    ],
)
def test_wrong_bars_say_what_is_wrong(options, error, text):
    with pytest.raises(error, match=text):
        T.ProgressBar(**options)


@pytest.mark.parametrize(
    ("pbar", "error", "text"),
    [
        (100, ValueError, "`freq` must not exceed the number of steps, 3. Got 100"),
        (T.ProgressBar(count=4), ValueError, "`count` must not exceed the number of steps, 3. Got 4"),
        ("bar", TypeError, "`pbar` must be a ProgressBar or an integer. Got a str"),
    ],
)
def test_a_bar_must_fit_its_loop(pbar, error, text):
    with pytest.raises(error, match=text):
        T.for_loop(lambda x: x, torch.arange(3), pbar=pbar)


@pytest.fixture
def without_tqdm(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setattr(_progress.importlib.util, "find_spec", lambda name: None)


def test_without_tqdm_a_line_of_text_is_written_at_each_update(without_tqdm, capsys):
    T.for_loop(lambda x: x, torch.arange(4), pbar=T.ProgressBar(freq=2, desc="run"))
    assert capsys.readouterr().err == "run: 2/4\nrun: 4/4\n"


def test_without_tqdm_lines_go_to_the_given_file(without_tqdm):
    bar = T.ProgressBar(
        freq=2, desc=("{word}", lambda d: {"word": "start" if d["i"] < 3 else "end"}), file=io.StringIO()
    )
    T.for_loop(lambda x: x, torch.arange(4), pbar=bar)
    assert bar.kwargs["file"].getvalue() == "start: 2/4\nend: 4/4\n"


def test_a_disabled_bar_writes_nothing(monkeypatch, capsys):
    monkeypatch.setattr(_progress, "_bar_class", lambda: _progress.Lines)
    T.for_loop(lambda x: x, torch.arange(4), pbar=T.ProgressBar(desc=("{i}", lambda d: d), disable=True, colour="red"))
    assert capsys.readouterr().err == ""
