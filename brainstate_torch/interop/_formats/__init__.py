"""Checkpoint formats: safetensors, braintools' msgpack, npz and orbax, each as tensors by name and what they mean."""

from .choice import FORMATS, format_of, read, written
from .manifest import MANIFEST, Content

__all__ = ["FORMATS", "MANIFEST", "Content", "format_of", "read", "written"]
