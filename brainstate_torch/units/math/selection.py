"""Sorting, searching, choosing, and arrays as sets."""

from ..forms import choosing, ordering, sets
from ..public import public

__all__ = [
    "argpartition", "argsort", "argwhere", "bincount", "choose", "clip", "compress", "digitize", "extract",
    "flatnonzero", "gather", "histogram", "histogram_bin_edges", "intersect1d", "isin", "lexsort", "nonzero",
    "partition", "searchsorted", "select", "setdiff1d", "setxor1d", "sort", "sort_complex", "take",
    "take_along_axis", "trim_zeros", "union1d", "unique", "unique_all", "unique_counts", "unique_inverse",
    "unique_values", "unravel_index", "where",
]  # fmt: skip

argpartition = public(ordering.argpartition)
argsort = public(ordering.argsort)
bincount = public(ordering.bincount)
digitize = public(ordering.digitize)
histogram = public(ordering.histogram)
histogram_bin_edges = public(ordering.histogram_bin_edges)
intersect1d = public(ordering.intersect1d)
lexsort = public(ordering.lexsort)
partition = public(ordering.partition)
searchsorted = public(ordering.searchsorted)
sort = public(ordering.sort)
unique = public(ordering.unique)

argwhere = public(choosing.argwhere)
choose = public(choosing.choose)
clip = public(choosing.clip)
compress = public(choosing.compress)
extract = public(choosing.extract)
flatnonzero = public(choosing.flatnonzero)
gather = public(choosing.gather)
nonzero = public(choosing.nonzero)
select = public(choosing.select)
take = public(choosing.take)
take_along_axis = public(choosing.take_along_axis)
unravel_index = public(choosing.unravel_index)
where = public(choosing.where)

isin = public(sets.isin)
setdiff1d = public(sets.setdiff1d)
setxor1d = public(sets.setxor1d)
trim_zeros = public(sets.trim_zeros)
union1d = public(sets.union1d)
unique_all = public(sets.unique_all)
unique_counts = public(sets.unique_counts)
unique_inverse = public(sets.unique_inverse)
unique_values = public(sets.unique_values)

sort_complex = public(ordering.sort_complex)
