"""A network of this package in a LightningModule: the usual `training_step`, a checkpoint, and its restoration.

pip install brainstate_torch[ecosystem]
python examples/train_lightning.py
"""

import tempfile
from pathlib import Path

import lightning
import torch
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy

import brainstate_torch as brainstate


class Network(brainstate.nn.Module):
    """Two layers with dropout, and a count of the images seen, which is saved with the weights."""

    def __init__(self, hidden=64):
        super().__init__()
        self.inner, self.outer = brainstate.nn.Linear(64, hidden), brainstate.nn.Linear(hidden, 10)
        self.dropout = brainstate.nn.Dropout(0.9)
        self.seen = brainstate.LongTermState(torch.tensor(0))

    def update(self, pixels):
        if self.training:
            self.seen.value = self.seen.value + len(pixels)
        return self.outer(self.dropout(torch.relu(self.inner(pixels))))


class Classifier(lightning.LightningModule):
    def __init__(self, hidden=64):
        super().__init__()
        self.save_hyperparameters()
        self.network = Network(hidden)

    def training_step(self, batch, _):
        pixels, labels = batch
        loss = cross_entropy(self.network(pixels), labels)
        self.log("loss", loss)
        return loss

    def validation_step(self, batch, _):
        pixels, labels = batch
        self.log("accuracy", (self.network(pixels).argmax(-1) == labels).float().mean())

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), 1e-2)


def digits():
    """Images [1797, 64] of handwritten digits, in [0, 1], and their labels, as two datasets."""
    pixels, labels = load_digits(return_X_y=True)
    data = torch.utils.data.TensorDataset(torch.tensor(pixels / 16).float(), torch.tensor(labels).long())
    return torch.utils.data.random_split(data, [1500, 297], torch.Generator().manual_seed(0))


def main(epochs=5, folder=None):
    """Train and restore; returns the accuracy before and after it, and the restored model."""
    lightning.seed_everything(0)
    train, valid = (torch.utils.data.DataLoader(part, 64, shuffle=i == 0) for i, part in enumerate(digits()))
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(folder or temporary) / "model.ckpt"
        quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
        trainer = lightning.Trainer(
            max_epochs=epochs,
            accelerator="cpu",
            devices=1,
            enable_checkpointing=False,
            default_root_dir=path.parent,
            **quiet,
        )
        model = Classifier()
        trainer.fit(model, train)
        trainer.save_checkpoint(path)
        restored = Classifier.load_from_checkpoint(path, weights_only=False)
        (before,) = trainer.validate(model, valid, verbose=False)
        (after,) = trainer.validate(restored, valid, verbose=False)
    return before["accuracy"], after["accuracy"], restored


if __name__ == "__main__":
    before, after, _ = main()
    print(f"accuracy {before:.3f}, restored {after:.3f}")
