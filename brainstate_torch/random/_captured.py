"""Draws in a CUDA graph: a generator of the device, set from the state of a stream and read into it."""

import torch

from ._generators import part_of, with_part

__all__ = ["DEFAULT", "OWN"]


class _Draws:
    """Draws from a generator that belongs to the graph, or from torch's default one."""

    def __init__(self, default: bool) -> None:
        self._default = default

    def generator(self, own: torch.Generator) -> torch.Generator:
        """What is drawn from."""
        return torch.cuda.default_generators[own.device.index or 0] if self._default else own

    def load(self, state: torch.Tensor, generator: torch.Generator) -> None:
        """Set the generator to the part of a state that is its device's; one that is missing starts from the seed."""
        part, seed = part_of(state, generator.device.index or 0)
        if part is None:
            generator.manual_seed(seed)
        else:
            generator.set_state(part)

    def state(self, before: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """The state with the part of this generator."""
        return with_part(before, generator.device.index or 0, generator.get_state())


OWN, DEFAULT = _Draws(False), _Draws(True)
