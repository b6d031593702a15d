"""A network of this package as a scikit-learn estimator, by skorch: `fit`, `score`, `save_params` and `load_params`.

pip install brainstate_torch[ecosystem]
python examples/train_skorch.py
"""

import tempfile
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from skorch import NeuralNetClassifier

import brainstate_torch as brainstate


class Network(brainstate.nn.Module):
    """Two layers with dropout in between."""

    def __init__(self, hidden=64):
        super().__init__()
        self.inner, self.outer = brainstate.nn.Linear(64, hidden), brainstate.nn.Linear(hidden, 10)
        self.dropout = brainstate.nn.Dropout(0.9)

    def update(self, pixels):
        return self.outer(self.dropout(torch.relu(self.inner(pixels))))


def estimator(epochs):
    """A classifier that is not trained yet."""
    return NeuralNetClassifier(
        Network, criterion=torch.nn.CrossEntropyLoss, optimizer=torch.optim.Adam, lr=1e-2, max_epochs=epochs,
        batch_size=64, train_split=None, verbose=0,
    )  # fmt: skip


def main(epochs=5, folder=None):
    """Train and restore; returns the accuracy before and after it, and the restored model."""
    torch.manual_seed(0)
    pixels, labels = load_digits(return_X_y=True)
    pixels, labels = (pixels / 16).astype(np.float32), labels.astype(np.int64)
    classifier = estimator(epochs).fit(pixels[:1500], labels[:1500])
    before = classifier.score(pixels[1500:], labels[1500:])
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(folder or temporary) / "weights.safetensors"
        classifier.save_params(f_params=path, use_safetensors=True)
        restored = estimator(epochs).initialize()
        restored.load_params(f_params=path, use_safetensors=True)
    return before, restored.score(pixels[1500:], labels[1500:]), restored.module_


if __name__ == "__main__":
    before, after, _ = main()
    print(f"accuracy {before:.3f}, restored {after:.3f}")
