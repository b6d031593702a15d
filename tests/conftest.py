"""One thread, and the choice of engine for the whole suite: ``pytest --engine func``."""

import pytest
import torch

torch.set_num_threads(1)


def pytest_addoption(parser):
    parser.addoption(
        "--engine", choices=("auto", "func"), default="auto", help="run every gradient on torch.func ('func')"
    )


@pytest.fixture(autouse=True)
def _forced_engine(request, monkeypatch):
    if request.config.getoption("--engine") == "func":
        from brainstate_torch.transform._derivative import reverse as _reverse

        monkeypatch.setattr(_reverse, "_takes_tape", lambda *_: False)
