"""The examples of trainers of the ecosystem: they learn, and their checkpoints restore the model."""

import importlib.util
from pathlib import Path

import pytest
import torch

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.filterwarnings("ignore")  # of the trainers
@pytest.mark.parametrize(
    ("name", "needs"),
    [
        ("lightning", "lightning"),
        ("accelerate", "accelerate"),
        ("skorch", "skorch"),
        ("hf_trainer", "transformers"),
    ],
)
def test_example_learns_and_restores(name, needs, tmp_path):
    pytest.importorskip("sklearn")
    pytest.importorskip(needs)
    spec = importlib.util.spec_from_file_location(f"train_{name}", EXAMPLES / f"train_{name}.py")
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    before, after, restored = example.main(epochs=3, folder=tmp_path)
    assert before == after and before > 0.7
    assert any(tmp_path.iterdir())
    assert all(torch.isfinite(p).all() for p in restored.parameters())


@pytest.mark.filterwarnings("ignore")
def test_what_a_lightning_model_counts_is_restored(tmp_path):
    pytest.importorskip("sklearn")
    pytest.importorskip("lightning")
    spec = importlib.util.spec_from_file_location("train_lightning", EXAMPLES / "train_lightning.py")
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    _, _, restored = example.main(epochs=2, folder=tmp_path)
    assert restored.network.seen.value == 2 * 1500


def test_a_model_with_units_goes_through_safetensors(tmp_path):
    safetensors = pytest.importorskip("safetensors.torch")
    import brainstate_torch as brainstate
    import brainstate_torch.units as u

    class Cell(brainstate.nn.Module):
        def __init__(self, g):
            super().__init__()
            self.g = brainstate.ParamState(torch.full((2,), g) * u.mS)
            self.count = brainstate.LongTermState(3)

    safetensors.save_file(Cell(4.0).state_dict(), tmp_path / "cell.safetensors")
    cell = Cell(0.0)
    cell.load_state_dict(safetensors.load_file(tmp_path / "cell.safetensors"))
    assert cell.g.value.to_decimal(u.mS).tolist() == [4.0, 4.0] and cell.count.value == 3
    safetensors.save_model(Cell(5.0), str(tmp_path / "model.safetensors"))
    safetensors.load_model(cell, str(tmp_path / "model.safetensors"))
    assert cell.g.value.to_decimal(u.mS).tolist() == [5.0, 5.0]
