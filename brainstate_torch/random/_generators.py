"""torch's generators, one per device, and the one tensor that holds their states."""

import functools
import threading

import torch

from .._host.functorch import concrete, outside_of_transforms

__all__ = ["WORKSPACE", "Generators", "is_generator_state"]

_CPU_BYTES = torch.Generator().get_state().numel()
_CUDA_BYTES = 16


class Generators:
    """A generator for each device, made when it is first asked for.

    Their common state is that of the CPU generator, followed by those of all CUDA devices, so that its size does not
    change with the first draw on one. A CUDA generator whose part is zero or missing starts from the seed of the CPU
    generator.
    """

    def __init__(self) -> None:
        self._cpu = torch.Generator()
        self._cuda: list[torch.Generator] = []

    def at(self, device: torch.device) -> torch.Generator:
        """The generator of a device.

        Raises
        ------
        NotImplementedError
            The device is neither a CPU nor a CUDA device.
        """
        if device.type == "cpu":
            return self._cpu
        if device.type != "cuda":
            raise NotImplementedError(
                f"the generator 'torch' must draw on a CPU or a CUDA device. Got '{device}'. "
                "Draw on the CPU and move the result, or use impl='threefry2x32'."
            )
        index = torch.cuda.current_device() if device.index is None else device.index
        while len(self._cuda) <= index:
            generator = torch.Generator(device=f"cuda:{len(self._cuda)}")
            self._cuda.append(generator.manual_seed(self._cpu.initial_seed()))
        return self._cuda[index]

    def load(self, state: torch.Tensor) -> None:
        """Set all generators to a state."""
        state = concrete(state)
        if not self._cuda and state.is_cpu and state.untyped_storage().nbytes() == _CPU_BYTES:
            self._cpu.set_state(state)
            return
        # Inside torch.func a slice would be a wrapper, without storage to copy from.
        with outside_of_transforms():
            whole = state.cpu()
            self._cpu.set_state(whole[:_CPU_BYTES].clone())
            for i, generator in enumerate(self._cuda):
                # A copy: set_state of torch 2.13 crashes on a view that does not start where its storage does.
                own = whole[_CPU_BYTES + i * _CUDA_BYTES :][:_CUDA_BYTES].clone()
                if own.any():
                    generator.set_state(own)
                else:
                    generator.manual_seed(self._cpu.initial_seed())

    def state(self) -> torch.Tensor:
        """Return the common state, `uint8[bytes]`."""
        cpu = self._cpu.get_state()
        if not self._cuda and not _cuda_bytes():
            return cpu
        with outside_of_transforms():
            used = [generator.get_state() for generator in self._cuda]
            return padded(torch.cat([cpu, *used]))


@functools.cache
def _cuda_bytes() -> int:
    """The size of the states of all CUDA devices; counting them starts none."""
    return _CUDA_BYTES * torch.cuda.device_count()


def padded(state: torch.Tensor) -> torch.Tensor:
    """A state, with zeros for the CUDA devices that it does not include."""
    missing = _CPU_BYTES + _cuda_bytes() - state.numel()
    return state if missing <= 0 else torch.cat([state, state.new_zeros(missing)])


def part_of(state: torch.Tensor, index: int) -> tuple[torch.Tensor | None, int]:
    """The part of a state that belongs to a CUDA device, None if it has not drawn yet; and the seed."""
    cpu = torch.Generator()
    cpu.set_state(state[:_CPU_BYTES].clone())
    own = state[_CPU_BYTES + index * _CUDA_BYTES :][:_CUDA_BYTES].clone()
    return own if own.any() else None, cpu.initial_seed()


def with_part(state: torch.Tensor, index: int, part: torch.Tensor) -> torch.Tensor:
    """A state with another part for a CUDA device; those before it that have not drawn stand at their seed."""
    found = padded(state).clone()
    for i in range(index):
        own, seed = part_of(found, i)
        if own is None:
            start = torch.Generator(device=f"cuda:{i}").manual_seed(seed).get_state()
            found[_CPU_BYTES + i * _CUDA_BYTES :][:_CUDA_BYTES] = start
    found[_CPU_BYTES + index * _CUDA_BYTES :][:_CUDA_BYTES] = part
    return found


class _Workspace(threading.local):
    """The generators of this thread, which every RandomState uses, and the state that they are in."""

    def __init__(self) -> None:
        self.generators = Generators()
        self.state: torch.Tensor | None = None

    def at_state(self, state: torch.Tensor) -> Generators:
        """Return the generators, set to a state."""
        if self.state is not state:
            self.state = None
            self.generators.load(state)
        return self.generators


WORKSPACE = _Workspace()


def is_generator_state(x: torch.Tensor) -> bool:
    """Whether a tensor is a state of :class:`Generators`, and not a key."""
    return x.dtype == torch.uint8 and x.ndim == 1 and x.numel() >= _CPU_BYTES


def seeded(seed: int) -> torch.Tensor:
    """Return the state of generators after seeding."""
    return padded(torch.Generator().manual_seed(seed & 0xFFFFFFFFFFFFFFFF).get_state())
