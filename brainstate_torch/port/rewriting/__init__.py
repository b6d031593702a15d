"""Source to source: a program of JAX and brainstate becomes one of torch, with its comments and layout."""

from ._program import Left, Ported, port_source

__all__ = ["Left", "Ported", "port_source"]
