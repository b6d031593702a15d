"""JAX's functions of devices and of its own settings."""

import contextlib
import dataclasses
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch

from ... import _tree, environ
from ...units import math

__all__ = [
    "Device",
    "block_until_ready",
    "clear_caches",
    "config",
    "default_backend",
    "default_device",
    "default_matmul_precision",
    "device_count",
    "device_get",
    "device_put",
    "devices",
    "disable_jit",
    "effects_barrier",
    "enable_x64",
    "ensure_compile_time_eval",
    "local_device_count",
    "local_devices",
    "process_count",
    "process_index",
    "pure_callback",
]


def block_until_ready(x: Any) -> Any:
    """The same tree, when the device has computed it."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return x


def default_backend() -> str:
    """``'cpu'`` or ``'gpu'``."""
    return environ.get_platform()


@dataclasses.dataclass(frozen=True)
class Device:
    """A device in JAX's words.

    Parameters
    ----------
    platform
        ``'cpu'`` or ``'gpu'``.
    id
        Its number among those of its kind.
    """

    platform: str
    id: int

    @property
    def device_kind(self) -> str:
        """What the hardware calls itself."""
        return torch.cuda.get_device_name(self.id) if self.platform == "gpu" else "cpu"

    @property
    def process_index(self) -> int:
        """Zero."""
        return 0

    @property
    def of_torch(self) -> torch.device:
        """The same in torch's words."""
        return torch.device("cuda", self.id) if self.platform == "gpu" else torch.device("cpu")

    def __repr__(self) -> str:
        return f"CudaDevice(id={self.id})" if self.platform == "gpu" else f"CpuDevice(id={self.id})"

    def __str__(self) -> str:
        return f"cuda:{self.id}" if self.platform == "gpu" else f"TFRT_CPU_{self.id}"


def devices(backend: str | None = None) -> list[Device]:
    """The devices of a kind. Of a CPU there are as many as ``jax_num_cpu_devices`` says; they are one to torch."""
    kind = backend or default_backend()
    if kind in ("gpu", "cuda"):
        return [Device("gpu", i) for i in range(torch.cuda.device_count())]
    return [Device("cpu", i) for i in range(config.jax_num_cpu_devices)]


local_devices = devices


def device_count(backend: str | None = None) -> int:
    """How many devices there are."""
    return len(devices(backend))


local_device_count = device_count


def process_count() -> int:
    """One: ranks are torch.distributed's."""
    return 1


def process_index() -> int:
    """Zero."""
    return 0


def device_put(x: Any, device: Any = None, **_: Any) -> Any:
    """A tree of tensors, on a device."""
    device = device.of_torch if isinstance(device, Device) else device

    def moved(leaf: Any) -> Any:
        leaf = math.asarray(leaf)
        return leaf.to(device) if isinstance(device, (torch.device, str)) else leaf

    return _tree.map(moved, x)


def device_get(x: Any) -> Any:
    """A tree of numpy arrays."""
    return _tree.map(lambda leaf: leaf.detach().cpu().numpy() if isinstance(leaf, torch.Tensor) else leaf, x)


def clear_caches() -> None:
    """Forget nothing: compiled programs go with their functions."""


@contextlib.contextmanager
def ensure_compile_time_eval() -> Iterator[None]:
    """Nothing: what does not depend on an argument is computed once."""
    yield


@contextlib.contextmanager
def enable_x64(new_val: bool = True) -> Iterator[None]:
    """Numbers of 64 bits for the time of a block."""
    with environ.context(precision=64 if new_val else 32):
        yield


@contextlib.contextmanager
def default_device(device: Any = None) -> Iterator[None]:
    """New tensors on a device for the time of a block."""
    place = device.of_torch if isinstance(device, Device) else device
    scope: Any = torch.device(place) if place is not None else contextlib.nullcontext()
    with scope:
        yield


@contextlib.contextmanager
def default_matmul_precision(precision: Any = None) -> Iterator[None]:
    """Nothing: torch multiplies in full precision unless its own setting says otherwise."""
    yield


def effects_barrier() -> None:
    """Nothing: effects happen in their order."""


@contextlib.contextmanager
def disable_jit(disable: bool = True) -> Iterator[None]:
    """Let jitted functions replay their operations for the time of a block, without a compiler."""
    with environ.context(jit_backend="replay") if disable else contextlib.nullcontext():
        yield


def pure_callback(callback: Callable[..., Any], result_shape_dtypes: Any, *args: Any, **kwargs: Any) -> Any:
    """A function of numpy arrays, called with the numbers of tensors, where no program is recorded."""
    kwargs = {k: v for k, v in kwargs.items() if k not in ("vmap_method", "sharding", "vectorized")}
    return _tree.map(math.asarray, callback(*device_get(args), **kwargs))


class _Config:
    """``jax.config``: precision and platform are settings of `environ`, the rest means nothing here."""

    #: How many parts of the CPU `devices` lists.
    jax_num_cpu_devices: int = 1

    def update(self, name: str, value: Any) -> None:
        """Set an option by JAX's name."""
        if name == "jax_enable_x64":
            environ.set(precision=64 if value else 32)
        elif name in ("jax_platform_name", "jax_platforms"):
            environ.set(platform={"cuda": "gpu"}.get(str(value).split(",")[0], str(value).split(",")[0]))
        elif name == "jax_disable_jit":
            environ.set(jit_backend="replay" if value else "inductor")
        elif name == "jax_num_cpu_devices":
            object.__setattr__(self, name, int(value))
        else:
            warnings.warn(f"`{name}` is an option of JAX and means nothing to torch.", stacklevel=2)

    def __setattr__(self, name: str, value: Any) -> None:
        self.update(name, value)

    @property
    def jax_enable_x64(self) -> bool:
        """Whether numbers have 64 bits."""
        return environ.get_precision() == 64

    @property
    def x64_enabled(self) -> bool:
        """Whether numbers have 64 bits."""
        return environ.get_precision() == 64


config = _Config()
