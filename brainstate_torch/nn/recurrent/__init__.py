"""Recurrent cells: one step of a network with a hidden state."""

from .base import RNNCell
from .gated import GRUCell, MGUCell
from .lstm import LSTMCell, URLSTMCell
from .vanilla import ValinaRNNCell

__all__ = ["GRUCell", "LSTMCell", "MGUCell", "RNNCell", "URLSTMCell", "ValinaRNNCell"]
