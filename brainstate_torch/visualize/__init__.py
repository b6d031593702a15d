"""Plots and animations of braintools.visualize, of tensors, States and quantities; matplotlib draws them."""

from .animations import animate_1D, animate_2D, animator
from .plots import get_figure, line_plot, raster_plot, remove_axis

__all__ = ["animate_1D", "animate_2D", "animator", "get_figure", "line_plot", "raster_plot", "remove_axis"]
