"""Which files hold the user's code."""

from os import path

import torch

__all__ = ["OURS", "TORCH"]

#: The folders of this package and of torch, each as the start of the paths of its files.
OURS = path.dirname(__file__) + path.sep
TORCH = path.dirname(torch.__file__) + path.sep
