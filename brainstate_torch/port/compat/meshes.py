"""Meshes of devices: ``jax.make_mesh``, ``jax.sharding.Mesh``."""

import math
from collections.abc import Sequence
from typing import Any

import torch.distributed as dist

__all__ = ["Mesh", "make_mesh"]


class Mesh(dict[str, int]):
    """The sizes of named axes, as :func:`brainstate_torch.transform.shard_map` takes them.

    Parameters
    ----------
    devices
        An array of devices, of which the shape counts.
    axis_names
        A name for each of its axes.
    axis_types
        Of XLA's partitioner; nothing here.
    """

    def __init__(self, devices: Any, axis_names: str | Sequence[str], axis_types: Any = None) -> None:
        names = (axis_names,) if isinstance(axis_names, str) else tuple(axis_names)
        sizes = getattr(devices, "shape", None) or (len(devices),)
        if len(names) != len(sizes):
            raise ValueError(f"`axis_names` must have a name for each of {len(sizes)} axes. Got {names}.")
        super().__init__(zip(names, map(int, sizes), strict=True))
        self.devices = devices

    @property
    def shape(self) -> dict[str, int]:
        """The size of each axis."""
        return dict(self)

    @property
    def axis_names(self) -> tuple[str, ...]:
        """The names of the axes."""
        return tuple(self)

    @property
    def size(self) -> int:
        """The number of devices."""
        return math.prod(self.values())

    def __enter__(self) -> "Mesh":
        return self

    def __exit__(self, *_: object) -> None:
        pass


def make_mesh(
    axis_shapes: Sequence[int], axis_names: Sequence[str], axis_types: Any = None, *, devices: Any = None
) -> Any:
    """A mesh with axes of these sizes, over the processes of ``torch.distributed`` or the one process.

    Parameters
    ----------
    axis_shapes, axis_names
        Size and name of each axis.
    axis_types, devices
        Taken for JAX's sake; each process has its device.

    Returns
    -------
    Mesh or DeviceMesh
        What :func:`brainstate_torch.transform.shard_map` takes.

    Raises
    ------
    ValueError
        The sizes do not multiply to the number of processes.
    """
    sizes, names = tuple(axis_shapes), tuple(axis_names)
    world = dist.get_world_size() if dist.is_initialized() else 1
    if math.prod(sizes) != world:
        raise ValueError(
            f"`axis_shapes` must multiply to the number of processes, {world}. Got {sizes}. Each process of "
            "`torch.distributed` takes the place of a device: start as many with torchrun."
        )
    if world > 1:
        from torch.distributed.device_mesh import init_device_mesh

        kind = "cuda" if dist.get_backend() == "nccl" else "cpu"
        return init_device_mesh(kind, sizes, mesh_dim_names=names)
    import numpy as np

    return Mesh(np.empty(sizes, dtype=object), names)
