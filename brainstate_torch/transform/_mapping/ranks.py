"""The processes that share the work along an axis; the only module that imports torch.distributed."""

from collections.abc import Mapping
from typing import Any

import torch
import torch.distributed as dist

from ... import _tree
from ..._errors import kind_of
from ..._host.functorch import outside_of_transforms
from ...random._generators import Generators, seeded

__all__ = ["ALONE", "Ranks", "mesh_ranks", "world"]


class Ranks:
    """The processes of a group, each with its part of an axis.

    Parameters
    ----------
    group
        A process group of torch.distributed; None for this process alone.
    """

    def __init__(self, group: Any = None) -> None:
        self.group = group
        self.size = 1 if group is None else dist.get_world_size(group)
        self.index = 0 if group is None else dist.get_rank(group)

    def count(self, size: int, what: str) -> int:
        """How much of an axis each process has.

        Raises
        ------
        ValueError
            The axis has another size than a multiple of the number of processes.
        """
        if size % self.size:
            raise ValueError(
                f"{what} must have a size that the {self.size} processes can share equally. Got {size}. "
                "Pad it, or start another number of processes."
            )
        return size // self.size

    def part(self, x: torch.Tensor, axis: int) -> torch.Tensor:
        """The slice of a tensor that this process has."""
        if self.size == 1:
            return x
        count = self.count(x.shape[axis], "an axis to share")
        return x.narrow(axis, self.index * count, count)

    def whole(self, x: torch.Tensor, axis: int = 0) -> torch.Tensor:
        """The tensor whose slices the processes have."""
        return x if self.size == 1 else _Whole.apply(x, self, axis)  # type: ignore[no-untyped-call]

    def summed(self, x: torch.Tensor) -> torch.Tensor:
        """The sum over the processes of the tensors that they have."""
        return x if self.size == 1 else _Summed.apply(x, self)  # type: ignore[no-untyped-call]

    def agree(self, tree: Any) -> bool:
        """Whether every process has the same numbers."""
        same = True
        for leaf in _tree.leaves(tree):
            if isinstance(leaf, torch.Tensor) and self.size > 1:
                slices = self.whole(leaf.detach().unsqueeze(0))
                same = same and all(torch.equal(slices[0], other) for other in slices[1:])
        return same

    def streams(self, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """From one state of torch's generators: a state for this process only, and the common one to continue with."""
        generators = Generators()
        generators.load(state)
        with outside_of_transforms():
            words = torch.randint(2**62, (self.size,), generator=generators.at(torch.device("cpu")))
            return seeded(int(words[self.index])), generators.state()


ALONE = Ranks()


def world() -> Ranks:
    """All processes; this one alone where no process group was initialised."""
    return Ranks(dist.group.WORLD) if dist.is_available() and dist.is_initialized() else ALONE


def mesh_ranks(mesh: Any) -> dict[str, Ranks]:
    """The processes along each axis of a mesh.

    Raises
    ------
    TypeError
        It is neither a mapping nor a DeviceMesh with names.
    ValueError
        Its sizes are not those of the processes there are.
    """
    if isinstance(mesh, Mapping):
        sizes = {name: size for name, size in mesh.items() if size != 1}
        everyone = world()
        if list(sizes.values()) != ([] if everyone.size == 1 else [everyone.size]):
            raise ValueError(
                f"`mesh` must have one axis of the size of the process group, {everyone.size}, and others of size 1. "
                f"Got {dict(mesh)}. For several axes use `torch.distributed.device_mesh.init_device_mesh`."
            )
        return {name: everyone if name in sizes else ALONE for name in mesh}
    names = getattr(mesh, "mesh_dim_names", None)
    if not names:
        raise TypeError(
            "`mesh` must be a DeviceMesh with `mesh_dim_names`, or a dict from the name of an axis to its size. "
            f"Got {kind_of(mesh)}."
        )
    return {name: Ranks(mesh.get_group(name)) for name in names}


class _Whole(torch.autograd.Function):
    """The slices of all processes, joined."""

    @staticmethod
    def forward(x: torch.Tensor, ranks: Ranks, axis: int) -> torch.Tensor:
        parts = [torch.empty_like(x, memory_format=torch.contiguous_format) for _ in range(ranks.size)]
        dist.all_gather(parts, x.detach().contiguous(), group=ranks.group)
        return torch.cat(parts, axis)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        pass

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        # Each process would silently get its own part of the gradient only.
        raise NotImplementedError(
            "a gradient must be taken inside of a function that runs on several processes. Got one taken around "
            "`pmap2` or `shard_map`. Write `pmap2(grad(loss))`, and average with `pmean`."
        )

    @staticmethod
    def vmap(info: Any, in_dims: Any, x: torch.Tensor, ranks: Ranks, axis: int) -> Any:
        return _Whole.apply(x.movedim(in_dims[0], -1), ranks, axis), -1  # type: ignore[no-untyped-call]


class _Summed(torch.autograd.Function):
    """The sum over processes."""

    @staticmethod
    def forward(x: torch.Tensor, ranks: Ranks) -> torch.Tensor:
        total = x.detach().clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total, group=ranks.group)
        return total

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.ranks = inputs[1]

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        return ctx.ranks.summed(grads[0]), None

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        return ctx.ranks.summed(tangents[0])

    @staticmethod
    def vmap(info: Any, in_dims: Any, x: torch.Tensor, ranks: Ranks) -> Any:
        return ranks.summed(x), in_dims[0]
