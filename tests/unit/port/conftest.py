"""What the tests of the porting tool share."""

import pytest
import torch


@pytest.fixture(autouse=True)
def _grad_mode():
    """A ported program turns autograd off in its process, which is that of the tests where they run it."""
    before = torch.is_grad_enabled()
    yield
    torch.set_grad_enabled(before)
