"""Making, shaping, joining and editing arrays."""

from ..forms import diagonals, edits, grids, joining, likes, shapes
from ..public import public

__all__ = [
    "append", "array_split", "atleast_1d", "atleast_2d", "atleast_3d", "block", "broadcast_arrays",
    "broadcast_shapes", "broadcast_to", "c_", "column_stack", "concat", "concatenate", "copy", "delete", "diag",
    "diag_indices", "diag_indices_from", "diagflat", "diagonal", "dsplit", "dstack", "empty_like", "expand_dims",
    "fill_diagonal", "flatten", "flip", "fliplr", "flipud", "fromfunction", "full_like", "hsplit", "hstack",
    "index_exp", "indices", "insert", "ix_", "mask_indices", "matrix_transpose", "meshgrid", "mgrid", "moveaxis",
    "ogrid", "ones_like", "permute_dims", "place", "put", "put_along_axis", "r_", "ravel", "ravel_multi_index",
    "remove_diag", "repeat", "reshape", "resize", "roll", "rollaxis", "rot90", "row_stack", "s_", "split",
    "squeeze", "stack", "swapaxes", "tile", "trace", "transpose", "tril", "tril_indices", "tril_indices_from",
    "triu", "triu_indices", "triu_indices_from", "unflatten", "unstack", "vsplit", "vstack", "zeros_like",
]  # fmt: skip

atleast_1d = public(shapes.atleast_1d)
atleast_2d = public(shapes.atleast_2d)
atleast_3d = public(shapes.atleast_3d)
broadcast_arrays = public(shapes.broadcast_arrays)
broadcast_shapes = shapes.broadcast_shapes
broadcast_to = public(shapes.broadcast_to)
copy = public(shapes.copy)
expand_dims = public(shapes.expand_dims)
flatten = public(shapes.flatten)
flip = public(shapes.flip)
fliplr = public(shapes.fliplr)
flipud = public(shapes.flipud)
matrix_transpose = public(shapes.matrix_transpose)
meshgrid = public(shapes.meshgrid)
moveaxis = public(shapes.moveaxis)
ravel = public(shapes.ravel)
repeat = public(shapes.repeat)
reshape = public(shapes.reshape)
resize = public(shapes.resize)
roll = public(shapes.roll)
rollaxis = public(shapes.rollaxis)
rot90 = public(shapes.rot90)
squeeze = public(shapes.squeeze)
swapaxes = public(shapes.swapaxes)
tile = public(shapes.tile)
transpose = public(shapes.transpose)
unflatten = public(shapes.unflatten)

append = public(joining.append)
array_split = public(joining.array_split)
block = public(joining.block)
column_stack = public(joining.column_stack)
concatenate = public(joining.concatenate)
dsplit = public(joining.dsplit)
dstack = public(joining.dstack)
hsplit = public(joining.hsplit)
hstack = public(joining.hstack)
row_stack = public(joining.row_stack)
split = public(joining.split)
stack = public(joining.stack)
vsplit = public(joining.vsplit)
vstack = public(joining.vstack)

diag = public(diagonals.diag)
diag_indices = diagonals.diag_indices
diag_indices_from = public(diagonals.diag_indices_from)
diagflat = public(diagonals.diagflat)
diagonal = public(diagonals.diagonal)
fill_diagonal = public(diagonals.fill_diagonal)
remove_diag = public(diagonals.remove_diag)
trace = public(diagonals.trace)
tril = public(diagonals.tril)
tril_indices = diagonals.tril_indices
tril_indices_from = public(diagonals.tril_indices_from)
triu = public(diagonals.triu)
triu_indices = diagonals.triu_indices
triu_indices_from = public(diagonals.triu_indices_from)

empty_like = public(likes.empty_like)
full_like = public(likes.full_like)
ones_like = public(likes.ones_like)
zeros_like = public(likes.zeros_like)

delete = public(edits.delete)
insert = public(edits.insert)
place = public(edits.place)
put = public(edits.put)
put_along_axis = public(edits.put_along_axis)
unstack = public(edits.unstack)

c_ = grids.c_
fromfunction = grids.fromfunction
index_exp = grids.index_exp
indices = grids.indices
ix_ = public(grids.ix_)
mask_indices = grids.mask_indices
mgrid = grids.mgrid
ogrid = grids.ogrid
r_ = grids.r_
ravel_multi_index = grids.ravel_multi_index
s_ = grids.s_

#: Other names.
concat = concatenate
permute_dims = transpose
