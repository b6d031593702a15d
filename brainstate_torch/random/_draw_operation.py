"""A draw from a stream of torch's generators, also as one operation of a graph."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from .._host.functorch import FakeTensor
from .._program.capture import capture, hand_on
from .._program.operation import Cotangents, Operation, Pull, Tensors, in_lanes
from ._captured import OWN
from ._generators import WORKSPACE, Generators

__all__ = ["Draw", "advanced"]


def advanced(
    state: Any, device: torch.device, sampler: Callable[..., torch.Tensor], *tensors: torch.Tensor
) -> tuple[torch.Tensor, Any]:
    """What a sampler draws from a state, and the state after it.

    While only shapes are computed the state is a fake tensor, and does not advance.
    """
    if isinstance(state, FakeTensor):
        return sampler(Generators().at(device), *tensors), state
    if device.type == "meta":
        # The meta device draws no numbers, so the stream does not advance: a model made there gets its weights later.
        return sampler(None, *tensors), state
    generators = WORKSPACE.at_state(state)
    WORKSPACE.state = None
    drawn = sampler(generators.at(device), *tensors)
    return drawn, generators.state()


class Draw(Operation):
    """Maps a state and tensors to what a sampler draws and the state after it.

    Parameters
    ----------
    device
        Where to draw.
    sampler
        Called with the generator of the device and the tensors.
    """

    count = 2
    draws = True
    constant = True
    title = "draw"

    def __init__(self, device: torch.device, sampler: Callable[..., torch.Tensor]) -> None:
        self.device, self.sampler = device, sampler

    def bodies(self) -> list[Any]:
        return []

    def prepare(self) -> None:
        """Do nothing: there is nothing to compile."""

    def shapes(self, tensors: Tensors) -> list[torch.Tensor]:
        state, *others = tensors
        drawn = self.sampler(Generators().at(self.device), *others)
        return [torch.empty(drawn.shape, dtype=drawn.dtype, device=drawn.device), torch.empty_like(state)]

    def run(self, tensors: Tensors) -> list[torch.Tensor]:
        state, *others = tensors
        if (recorded := capture()) is not None:
            stream = recorded.stream(state)
            stream.draws = OWN
            return [self.sampler(stream.own, *others).contiguous(), hand_on(state)]
        drawn, after = advanced(state, self.device, self.sampler, *others)
        WORKSPACE.state = after
        return [drawn.contiguous(), after]

    def pulled(self, needs: Sequence[bool], higher: bool) -> Pull:
        return Pull(self, lambda needs, *_: [None] * len(needs))

    def pushed(self, tensors: Tensors, tangents: Cotangents) -> list[torch.Tensor | None]:
        return [None] * self.count

    def spread(self, flags: Sequence[bool], randomness: str) -> list[bool]:
        return [randomness == "different" or any(flags[1:]), False]

    def batched(
        self, tensors: Tensors, dims: Sequence[int | None], size: int, randomness: str
    ) -> tuple[Tensors, list[int | None]]:
        if dims[0] is not None:
            raise NotImplementedError(
                "a stream of the generator 'torch' must be the same in all lanes. Got one for each lane. "
                "Use the generator 'threefry2x32', whose keys can be split."
            )
        if not self.spread([dim is not None for dim in dims], randomness)[0]:
            return self.apply(tensors), [None] * self.count

        def lanes(generator: torch.Generator, *others: torch.Tensor) -> Any:
            def several(*xs: torch.Tensor) -> Tensors:
                drawn = self.sampler(generator, *xs)
                return [drawn] if isinstance(drawn, torch.Tensor) else drawn

            found = in_lanes(several, dims[1:], 0, size, randomness)(*others)
            return found if self.count > 2 else found[0]

        return self._mapped_by(lanes).apply(tensors), [*[0] * (self.count - 1), None]

    def _mapped_by(self, sampler: Callable[..., Any]) -> "Draw":
        """The same draw by another sampler."""
        return Draw(self.device, sampler)
