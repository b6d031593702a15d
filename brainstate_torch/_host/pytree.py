"""The registry of pytree nodes that torch shares with its users."""

from torch.utils._pytree import SUPPORTED_NODES, register_pytree_node

__all__ = ["SUPPORTED_NODES", "register_pytree_node"]
