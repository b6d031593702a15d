"""Products, curves, polynomials, and functions that are mapped."""

from ..forms import curves, mapped, polynomials, products
from ..public import public

__all__ = [
    "apply_along_axis", "apply_over_axes", "convolve", "corrcoef", "correlate", "cov", "cross", "dot", "einsum",
    "gradient", "inner", "interp", "kron", "matmul", "matrix_power", "matvec", "multi_dot", "outer", "pad",
    "piecewise", "poly", "polyadd", "polyder", "polyfit", "polyint", "polymul", "polysub", "polyval", "roots",
    "tensordot", "trapezoid", "trapz", "vander", "vdot", "vecdot", "vecmat", "vectorize",
]  # fmt: skip

cross = public(products.cross)
dot = public(products.dot)
einsum = public(products.einsum)
inner = public(products.inner)
kron = public(products.kron)
matmul = public(products.matmul)
matrix_power = public(products.matrix_power)
matvec = public(products.matvec)
multi_dot = public(products.multi_dot)
outer = public(products.outer)
tensordot = public(products.tensordot)
vdot = public(products.vdot)
vecdot = public(products.vecdot)
vecmat = public(products.vecmat)

convolve = public(curves.convolve)
corrcoef = public(curves.corrcoef)
correlate = public(curves.correlate)
cov = public(curves.cov)
gradient = public(curves.gradient)
interp = public(curves.interp)
pad = public(curves.pad)
polyval = public(curves.polyval)
trapezoid = public(curves.trapezoid)
vander = public(curves.vander)

poly = public(polynomials.poly)
polyadd = public(polynomials.polyadd)
polyder = public(polynomials.polyder)
polyfit = public(polynomials.polyfit)
polyint = public(polynomials.polyint)
polymul = public(polynomials.polymul)
polysub = public(polynomials.polysub)
roots = public(polynomials.roots)

apply_along_axis = public(mapped.apply_along_axis)
apply_over_axes = mapped.apply_over_axes
piecewise = public(mapped.piecewise)
vectorize = mapped.vectorize

#: Other names.
trapz = trapezoid
