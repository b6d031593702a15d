"""Plots against those of braintools.visualize: the same points, lines and labels."""

import numpy as np
import pytest
import torch

from brainstate_torch import visualize

plt = pytest.importorskip("matplotlib.pyplot")
theirs = pytest.importorskip("braintools.visualize")

SPIKES = (np.random.default_rng(0).random((20, 4)) < 0.3).astype("float32")
TIMES = np.arange(20, dtype="float32") / 2


def _drawn(ax):
    texts = ax.get_title(), ax.get_xlabel(), ax.get_ylabel(), ax.get_xlim(), ax.get_ylim()
    labels = [text.get_text() for text in ax.get_legend().get_texts()] if ax.get_legend() else []
    points = [each.get_offsets() for each in ax.collections]
    return texts, labels, [line.get_color() for line in ax.lines], points + [line.get_xydata() for line in ax.lines]


@pytest.mark.parametrize(
    "case",
    [
        lambda v, array, ax: v.raster_plot(array(TIMES), array(SPIKES), ax=ax, title="x", xlim=(0, 8)),
        lambda v, array, ax: v.raster_plot(array(TIMES), array(SPIKES), ax=ax, color="r", xlabel="", markersize=5),
        lambda v, array, ax: v.line_plot(array(TIMES), array(SPIKES), ax=ax),
        lambda v, array, ax: v.line_plot(array(TIMES), array(SPIKES), [0, 3], ax, legend="V", ylim=(0, 2), ylabel="y"),
        lambda v, array, ax: v.line_plot(array(TIMES), array(SPIKES), [0, 3], ax, colors=["r", "b"], legend=""),
    ],
)
def test_what_is_drawn_is_what_braintools_draws(case):
    _, (first, other) = plt.subplots(1, 2)
    case(visualize, torch.tensor, first)
    case(theirs, np.asarray, other)
    mine, wanted = _drawn(first), _drawn(other)
    assert mine[:3] == wanted[:3]
    for points, others in zip(mine[3], wanted[3], strict=True):
        np.testing.assert_allclose(points, others)
    sizes = [v.get_figure(2, 3, 2, 4)[0].get_size_inches().tolist() for v in (visualize, theirs)]
    assert sizes[0] == sizes[1]
    plt.close("all")
