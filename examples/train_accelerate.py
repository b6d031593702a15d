"""A network of this package trained by accelerate: `prepare`, `backward`, `save_state` and `load_state`.

pip install brainstate_torch[ecosystem]
python examples/train_accelerate.py
"""

import tempfile

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy

import brainstate_torch as brainstate
import brainstate_torch.units as u


class Network(brainstate.nn.Module):
    """A torch layer gives currents, a conductance turns them into voltages, and a layer of this package reads them."""

    def __init__(self, hidden=64):
        super().__init__()
        self.inner = torch.nn.Linear(64, hidden)
        self.resistance = brainstate.ParamState(torch.ones(hidden) * u.mohm)
        self.outer = brainstate.nn.Linear(hidden, 10)

    def update(self, pixels):
        voltage = self.resistance.value * (torch.relu(self.inner(pixels)) * u.mA)
        return self.outer(voltage.to_decimal(u.uV))


def digits():
    """Images [1797, 64] of handwritten digits, in [0, 1], and their labels, as two datasets."""
    pixels, labels = load_digits(return_X_y=True)
    data = torch.utils.data.TensorDataset(torch.tensor(pixels / 16).float(), torch.tensor(labels).long())
    return torch.utils.data.random_split(data, [1500, 297], torch.Generator().manual_seed(0))


def accuracy(model, data):
    """The share of the images that are read right."""
    model.eval()
    with torch.no_grad():
        pixels, labels = next(iter(torch.utils.data.DataLoader(data, len(data))))
        return (model(pixels).argmax(-1) == labels).float().mean().item()


def main(epochs=5, folder=None):
    """Train and restore; returns the accuracy before and after it, and the restored model."""
    set_seed(0)
    train, valid = digits()
    accelerator = Accelerator(cpu=True)
    model = Network()
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    loader = torch.utils.data.DataLoader(train, 64, shuffle=True)
    model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
    for _ in range(epochs):
        model.train()
        for pixels, labels in loader:
            optimizer.zero_grad()
            accelerator.backward(cross_entropy(model(pixels), labels))
            accelerator.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
    before = accuracy(model, valid)
    with tempfile.TemporaryDirectory() as temporary:
        accelerator.save_state(folder or temporary)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.zero_()
        accelerator.load_state(folder or temporary)
    return before, accuracy(model, valid), model


if __name__ == "__main__":
    before, after, _ = main()
    print(f"accuracy {before:.3f}, restored {after:.3f}")
