"""A network of this package trained by the Trainer of Hugging Face's transformers, saved and restored.

pip install brainstate_torch[ecosystem]
python examples/train_hf_trainer.py
"""

import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file
from sklearn.datasets import load_digits
from transformers import Trainer, TrainingArguments

import brainstate_torch as brainstate


class Network(brainstate.nn.Module):
    """Two layers; called as the Trainer calls a model, with names, it returns the loss and the scores."""

    def __init__(self, hidden=64):
        super().__init__()
        self.inner, self.outer = brainstate.nn.Linear(64, hidden), brainstate.nn.Linear(hidden, 10)

    def forward(self, pixels, labels=None):
        scores = self.outer(torch.relu(self.inner(pixels)))
        if labels is None:
            return {"logits": scores}
        return {"loss": torch.nn.functional.cross_entropy(scores, labels), "logits": scores}


def digits():
    """Images of handwritten digits [64], in [0, 1], and their labels, as two lists."""
    pixels, labels = load_digits(return_X_y=True)
    data = [
        {"pixels": torch.tensor(x / 16).float(), "labels": torch.tensor(y).long()}
        for x, y in zip(pixels, labels, strict=True)
    ]
    return data[:1500], data[1500:]


def main(epochs=5, folder=None):
    """Train and restore; returns the accuracy before and after it, and the restored model."""
    train, valid = digits()
    with tempfile.TemporaryDirectory() as temporary:
        place = str(folder or temporary)
        arguments = TrainingArguments(
            place, num_train_epochs=epochs, per_device_train_batch_size=64, learning_rate=1e-2, use_cpu=True, seed=0,
            report_to=[], save_strategy="no", logging_strategy="no", disable_tqdm=True, dataloader_pin_memory=False,
        )  # fmt: skip
        torch.manual_seed(0)
        trainer = Trainer(Network(), arguments, train_dataset=train, eval_dataset=valid)
        trainer.train()
        trainer.save_model(place)
        restored = Network()
        restored.load_state_dict(load_file(Path(place) / "model.safetensors"))
        before = _accuracy(trainer.predict(valid))
        after = _accuracy(Trainer(restored, arguments).predict(valid))
    return before, after, restored


def _accuracy(found):
    return float((found.predictions.argmax(-1) == found.label_ids).mean())


if __name__ == "__main__":
    before, after, _ = main()
    print(f"accuracy {before:.3f}, restored {after:.3f}")
