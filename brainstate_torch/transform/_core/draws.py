"""Second runs with the same draws from torch's generators."""

from typing import Any

import torch

from ..._program.recording import is_recording

__all__ = ["random_state", "rewind"]


def random_state() -> Any:
    """The state of torch's generators, for a second run with the same draws; None while a program is recorded."""
    if is_recording():
        return None
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None  # type: ignore[no-untyped-call]
    return torch.get_rng_state(), cuda


def rewind(state: Any) -> None:
    """Put the generators back to a :func:`random_state`."""
    if state is None:
        return
    cpu, cuda = state
    torch.set_rng_state(cpu)
    if cuda is not None:
        torch.cuda.set_rng_state_all(cuda)
