"""Object graphs: nodes and States by path, split into structure and values and merged again."""

from .conversion import NodeStates, graph_to_tree, tree_to_graph
from .flattening import flatten, unflatten
from .node import Node
from .ref_map import RefMap
from .registry import Static, register_graph_node_type
from .splitting import clone, graphdef, merge_context, split_context, treefy_merge, treefy_split, treefy_states
from .structure import GraphDef, NodeEdge, NodeSpec, PytreeEdge, StateEdge, StateLeafEdge, StaticEdge
from .traversal import iter_leaf, iter_node, nodes, states
from .updating import pop_states, update_states

__all__ = [
    "GraphDef",
    "Node",
    "NodeEdge",
    "NodeSpec",
    "NodeStates",
    "PytreeEdge",
    "RefMap",
    "StateEdge",
    "StateLeafEdge",
    "Static",
    "StaticEdge",
    "clone",
    "flatten",
    "graph_to_tree",
    "graphdef",
    "iter_leaf",
    "iter_node",
    "merge_context",
    "nodes",
    "pop_states",
    "register_graph_node_type",
    "split_context",
    "states",
    "tree_to_graph",
    "treefy_merge",
    "treefy_split",
    "treefy_states",
    "unflatten",
    "update_states",
]
