"""Containers, filters and printing, used by the rest of the package."""

from .cache import BoundedCache
from .dict_manager import DictManager
from .dicts import flatten_dict, merge_dicts, unflatten_dict
from .dot_dict import DotDict
from .filter import All, Any, Everything, Not, Nothing, OfType, PathContains, WithTag, to_predicate
from .fraction import split_total
from .memory import clear_buffer_memory
from .naming import get_unique_name
from .nested import FlattedDict, NestedDict, flat_mapping, nest_mapping
from .predicates import is_instance_eval, not_instance_eval
from .pretty import (
    MappingReprMixin,
    PrettyAttr,
    PrettyMapping,
    PrettyObject,
    PrettyRepr,
    PrettyType,
    pretty_repr_object,
    yield_unique_pretty_repr_items,
)
from .pretty_containers import PrettyDict, PrettyList
from .struct import FrozenDict, PyTreeNode, copy, dataclass, field, freeze, is_dataclass, pop, pretty_repr, unfreeze

__all__ = [
    "All",
    "Any",
    "BoundedCache",
    "DictManager",
    "DotDict",
    "Everything",
    "FlattedDict",
    "FrozenDict",
    "MappingReprMixin",
    "NestedDict",
    "Not",
    "Nothing",
    "OfType",
    "PathContains",
    "PrettyAttr",
    "PrettyDict",
    "PrettyList",
    "PrettyMapping",
    "PrettyObject",
    "PrettyRepr",
    "PrettyType",
    "PyTreeNode",
    "WithTag",
    "clear_buffer_memory",
    "copy",
    "dataclass",
    "field",
    "flat_mapping",
    "flatten_dict",
    "freeze",
    "get_unique_name",
    "is_dataclass",
    "is_instance_eval",
    "merge_dicts",
    "nest_mapping",
    "not_instance_eval",
    "pop",
    "pretty_repr",
    "pretty_repr_object",
    "split_total",
    "to_predicate",
    "unflatten_dict",
    "unfreeze",
    "yield_unique_pretty_repr_items",
]
