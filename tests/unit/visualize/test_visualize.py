"""Plots: what is drawn, units, errors."""

import sys

import numpy as np
import pytest
import torch

import brainstate_torch as B
from brainstate_torch import units as u
from brainstate_torch import visualize

plt = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def test_spikes_are_points_in_milliseconds():
    spikes = torch.eye(3)
    axes = visualize.raster_plot(torch.tensor([0.0, 0.001, 0.002]) * u.second, B.State(spikes), title="x", xlim=(0, 5))
    np.testing.assert_allclose(axes.collections[0].get_offsets(), [[0, 0], [1, 1], [2, 2]], atol=1e-6)
    assert (axes.get_title(), axes.get_xlabel(), axes.get_xlim()) == ("x", "Time (ms)", (0.0, 5.0))


def test_lines_are_columns():
    values = (torch.arange(6.0).reshape(3, 2) * u.mV).requires_grad_()
    axes = visualize.line_plot([0.0, 1.0, 2.0], values, [0, 1], colors=["r"], legend="V", ylim=(0, 9), ylabel="V")
    assert [line.get_ydata().tolist() for line in axes.lines] == [[0, 2, 4], [1, 3, 5]]
    assert [line.get_label() for line in axes.lines] == ["V-0", "V-1"]
    assert [line.get_color() for line in axes.lines] == ["r", "r"]
    _, grid = visualize.get_figure(1, 2, 2, 3)
    other = plt.gcf().add_subplot(grid[0, 1])
    assert visualize.line_plot([0.0], torch.ones(1, 2, 2), 3, ax=other) is other


def test_sides_of_a_frame_go():
    axes = plt.gca()
    visualize.remove_axis(axes, "top")
    assert [axes.spines[side].get_visible() for side in ("left", "top")] == [True, False]
    visualize.remove_axis(axes)
    assert not axes.spines["left"].get_visible()
    assert len(axes.get_xticks()) == 0


def test_films_show_each_step(tmp_path):
    values = torch.rand(4, 6)
    with B.environ.context(dt=0.5 * u.ms):
        visualize.animate_2D(values, (2, 3), save_path=str(tmp_path / "sheet.gif"))
        moving = {"ys": values, "xs": torch.arange(6.0), "legend": "V"}
        visualize.animate_1D([moving, values * 2], [values[0]], save_path=str(tmp_path / "line.gif"), xlabel="x")
    figure, axes = plt.subplots()
    film = visualize.animator(values.reshape(4, 2, 3), figure, axes, num_steps=3)
    film.save(tmp_path / "pictures.gif", writer="pillow")
    image = pytest.importorskip("PIL.Image")
    for name in ("sheet", "line", "pictures"):
        with image.open(tmp_path / f"{name}.gif") as film:
            assert film.n_frames == 3


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: visualize.line_plot([0.0], torch.ones(2, 1)), "`val_matrix` must have one row for each of `ts`"),
        (lambda: visualize.line_plot([], torch.ones(0, 1)), "`val_matrix` must have a row at least"),
        (lambda: visualize.line_plot([0.0], torch.ones(1, 2), 2), "`plot_ids` must be at least 0 and below 2"),
        (lambda: visualize.raster_plot([0.0], torch.ones(2)), "`sp_matrix` must have two axes"),
        (lambda: visualize.raster_plot([0.0], torch.ones(2, 2)), "`sp_matrix` must have one row for each"),
        (lambda: visualize.remove_axis(plt.gca(), "x"), "`pos` must be one of left, right, top, bottom"),
        (lambda: visualize.animate_2D(torch.ones(2, 5), (2, 3), 1.0), r"`values` must have the shape \[time, 2 \* 3\]"),
        (lambda: visualize.animate_1D([torch.ones(2, 3), torch.ones(3, 3)], dt=1.0), "must have equally many steps"),
        (lambda: visualize.animate_1D({"xs": [1.0]}, dt=1.0), "`dynamical_vars` must have an item 'ys'"),
        (lambda: visualize.animate_1D(torch.ones(3), dt=1.0), "`dynamical_vars` must have 2 axes"),
    ],
)
def test_errors(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_without_matplotlib_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="`visualize` draws with matplotlib.*pip install matplotlib"):
        visualize.get_figure(1, 1)
