"""Kinds of arguments of numpy's functions: narrow dtypes, bools, empty arrays, no axes, numpy's arrays."""

import pytest

from .expressions import compare, lines, ours, theirs

CASES = """
    u.math.mean(m, axis=())
    u.math.var(m, axis=())
    u.math.std(m*u.mV, axis=(), keepdims=True)
    u.math.all(m, axis=())
    u.math.count_nonzero(m, axis=())
    u.math.nanmean(n, axis=())
    u.math.nanstd(n, axis=())
    u.math.average(m, axis=())
    u.math.ptp(m, axis=())
    u.math.mean(m, axis=Ni[1])
    u.math.sum(m, where=True)
    u.math.mean(m, where=True)
    u.math.sum(e2*u.mV, axis=0)
    u.math.sum(e*u.mV)
    u.math.sum(i8)
    u.math.sum(h*u.mV)
    u.math.sum(c*u.mV, axis=(0,1), where=c>0, initial=1.0*u.volt, keepdims=True)
    u.math.mean(e)
    u.math.mean(e2*u.mV, axis=1)
    u.math.mean(b, axis=0, where=b)
    u.math.prod(e)
    u.math.prod(b)
    u.math.prod(c*u.mV, axis=(0,2))
    u.math.max(e2*u.mV, axis=1)
    u.math.max(e2*u.mV, axis=0, initial=1.0*u.mV)
    u.math.max(b, axis=0)
    u.math.max(f)
    u.math.all(e)
    u.math.std(h)
    u.math.std(z)
    u.math.var(z*u.mV, axis=0, ddof=1)
    u.math.median(h)
    u.math.nanmedian(h)
    u.math.quantile(h*u.mV, 0.3)
    u.math.median(c*u.mV, axis=(-1,))
    u.math.quantile(n, 0.5)
    u.math.argmax(f)
    u.math.argmin(k, axis=None, keepdims=True)
    u.math.nanargmax(b)
    u.math.nanargmin(b, axis=0)
    u.math.cumsum(e*u.mV)
    u.math.cumsum(i8)
    u.math.cumsum(d)
    u.math.cumprod(z)
    u.math.diff(b)
    u.math.diff(m, n=0)
    u.math.diff(x*u.mV, n=5)
    u.math.cov(e)
    u.math.cov(e3)
    u.math.cov(m*u.mV, aweights=A([0.5,1.0,2.0]))
    u.math.nanprod(n*u.mV)
    u.math.nanprod(n*u.mV, axis=1)
    u.math.nanprod(m*u.mV, axis=1)
    u.math.isclose(k, 2.5)
    u.math.allclose(x, i)
    u.math.isclose(h, x)
    u.math.heaviside(f, 0.5)
    u.math.heaviside(h, x)
    u.math.heaviside(x*u.mV, i)
    u.math.floor(b)
    u.math.trunc(b)
    u.math.cbrt(b)
    u.math.cbrt(h)
    u.math.rint(z)
    u.math.positive(b)
    u.math.deg2rad(z)
    u.math.rad2deg(h)
    u.math.subtract(b, x)
    u.math.subtract(x, True)
    u.math.add(True, True)
    u.math.divide(b, b)
    u.math.floor_divide(b, True)
    u.math.mod(b, True)
    u.math.divmod(b, True)
    u.math.divmod(-7, 2)
    u.math.power(b, b)
    u.math.power(b, 2)
    u.math.power(b, 2.0)
    u.math.power(x, Ny)
    u.math.power(i, Ny)
    u.math.float_power(x, Ny)
    u.math.square(b)
    u.math.left_shift(b, b)
    u.math.nextafter(i, k)
    u.math.gcd(i*u.mV, k*u.mV)
    u.math.lcm(i*u.mV, 4*u.mV)
    u.math.exprel(z)
    u.math.sign(A([-0.0, 0.0, float('nan')]))
    u.math.abs(i8)
    u.math.negative(u8)
    u.math.exp(h)
    u.math.log(z)
    u.math.nan_to_num(f*u.mV, nan=1.0*u.volt, posinf=2.0*u.mV, neginf=-2.0*u.mV)
    u.math.nan_to_num(f, copy=True, nan=3.0)
    u.math.matmul(b, b.T)
    u.math.matmul(k, x)
    u.math.dot(b[0], b[1])
    u.math.vdot(b, b)
    u.math.inner(b, b)
    u.math.tensordot(b, b)
    u.math.vecdot(b, b)
    u.math.vecdot(i, k)
    u.math.einsum('ij,kj', b, b)
    u.math.einsum(m*u.mV, [0,1], x*u.ms, [1], [0])
    u.math.einsum(s, [0,0])
    u.math.matrix_power(k[:, :2], -1)
    u.math.linspace(b, x, 3)
    u.math.linspace(z, x, 3)
    u.math.linspace(x*u.mV, y*u.volt, 3)
    u.math.select([b,b],[b,b])
    u.math.select([b,b],[k,k], 2.5)
    u.math.intersect1d(i, x)
    u.math.take(i, A([0,9]), mode='fill')
    u.math.take(b[0], A([0,9]), mode='fill')
    u.math.take(x*u.mV, A([0,9]), mode='fill', fill_value=1.0*u.volt)
    u.math.interp(A([-1.0,1.0,9.0]), p, x*u.mV, left=1.0*u.volt, right=2.0*u.uvolt)
    u.math.block([1.0, 2.0])
    u.math.block([[A([1.0]), A([2.0])],[A([3.0]), A([4.0])]])
    u.math.split(m, Ni[2])
    u.math.zeros(Ni)
    u.math.sort(f)
    u.math.sort(b)
    u.math.argsort(f, descending=True)
    u.math.unique(e)
    u.math.unique(z)
    u.math.searchsorted(p*u.mV, m*u.volt)
    u.math.histogram(i, bins=A([0,2,4]))
    u.math.argwhere(k, size=3, fill_value=7)
    u.math.where(b, i8[:1], 300)
    u.math.where(b, h[:1], 2.0)
    u.math.where(True, x*u.mV, y*u.mV)
    u.math.clip(h, 0, 2.0)
    u.math.expand_dims(d*u.mV, (0,1))
    u.math.broadcast_to(2.0*u.mV, (3,))
    u.math.tile(d*u.mV, 3)
    u.math.repeat(m, 0, axis=0)
    u.math.flip(d)
    u.math.roll(e, 2)
    u.math.reshape(e, (0,3))
    u.math.concatenate([x*u.mV, e*u.mV])
    u.math.stack([d*u.mV, d*u.volt])
    u.math.vander(x, 0)
    u.math.bartlett(1)
    u.math.gradient(k)
    u.math.trapezoid(k)
    u.linalg.norm(k)
    u.linalg.solve(s, m.T)
    u.lax.top_k(k, 2)
    u.lax.pad(x, 0.0, [(1,-1,1)])
    x*u.mV + Ny*u.volt
    Ny*u.volt + x*u.mV
    2.0*u.mV - Ny*u.uvolt
    Ny * (x*u.mV)
    Ny / (x*u.mV)
    Ny*u.mV > x*u.mV
    (i*u.mV) % (2*u.mV)
    (i*u.mV) + (x*u.volt)
    (i*u.mV) @ (x*u.volt)
    (z*u.mV) @ (x*u.mV)
    (i*u.mV) @ x
    (x*u.mV)[Ni-1]
    (x*u.mV)[Nb[0]]
    (x*u.mV).at[Ni[1]].add(1.0*u.mV)
    jnp.pad(e, 1)
    jnp.pad(e2, 1)
    jnp.bitwise_count(u8)
    jnp.polyder(i)
    jnp.iinfo('int32').max
    jnp.finfo('float32').eps
    jnp.finfo(x).eps
    jnp.array(x, copy=True)
    jnp.array(x, ndmin=2)
    jnp.asarray(x, dtype='int32')
    jnp.bincount(A([0,1,1]), length=4)
    jnp.median(m, axis=0)
    u.is_scalar_type(5.0*u.mV)
    u.is_scalar_type(d)
    u.is_scalar_type(x)
    u.is_scalar_type('a')
    u.is_scalar_type(u.Quantity(3.0))
    u.get_dim_for_display(u.DIMENSIONLESS)
    u.is_unit_equal_math(u.amp*u.ohm, u.volt)
    u.is_unit_equal_math(u.mV, 3)
    u.is_numpy_array(Nx[0])
    u.is_numpy_array(x)
    isinstance(3.0*u.mV, u.typing.HAS_UNIT)
    u.lax.cholesky(s*u.mV**2)
    u.lax.eigh(s*u.mV)[1]
    u.lax.qr(m*u.mV)
    u.lax.svd(m*u.mV, compute_uv=False)
    u.lax.triangular_solve(s*u.mV, x*u.ms, left_side=True, lower=True)
    u.lax.triangular_solve(s, m)
    u.lax.triangular_solve(s, m, lower=True, transpose_a=True, unit_diagonal=True)
    u.lax.householder_product(s, x/10)
    u.lax.population_count(A([-1,0,5]))
    u.lax.population_count(u8)
    u.lax.clz(A([0, -1, 1]))
    u.lax.shift_right_logical(A([-8, 8, -1]), A([0, 2, 31]))
    u.lax.bitcast_convert_type(x, 'int32')
    u.lax.bitcast_convert_type(x, 'int16')
    (i*u.mV).at[0].multiply(2)
    (m*u.mV).at[A([0,1])[:,None], A([0,2])].add(1.0*u.mV)
    (c*u.mV).at[0, :, A([0,1])].add(1.0*u.mV)
    (x*u.mV).at[::-1].set(y*u.mV)
    (x*u.mV).at[A([-1,-4])].add(1.0*u.mV, mode='clip')
    (x*u.mV).at[A([0,0])].apply(lambda v: v*2.0)
    (i*u.mV).at[A([1,5])].get(mode='fill')
    str(u.kHz*u.ms)
    str(1.0/u.ms).split()[1]
    str(1.0/u.ohm).split()[1]
    str(u.mM*u.liter)
    str(u.meter/u.second*u.ms)
"""


@pytest.mark.parametrize("text", lines(CASES))
def test_kind_of_argument_is_taken_as_by_brainunit(text):
    compare(ours(text), theirs(text))


#: What brainunit computes otherwise, with the reason.
DECISIONS = {
    "u.math.quantile(A([0.0, 1.0, 2.0, 3.0]), 0.5, method='nearest').item() == 2.0": "numpy's; JAX takes the lower one",
    "u.math.histogram(k, bins=3)[0].tolist() == [2.0, 2.0, 2.0]": "numpy's; JAX rounds an edge",
    "u.math.all(z).item()": "numpy's; JAX looks at real parts",
    "str(u.radian/u.second) == 'rad / s'": "no hertz: a turn has 6.28 radians",
}


@pytest.mark.parametrize("text", DECISIONS)
def test_kind_of_argument_is_decided_otherwise(text):
    assert ours(text)


#: The call, and the argument that the error names.
WRONG = {
    "u.math.expand_dims(x, 2)": "`axis` must be different positions in a result with 2 axes",
    "u.math.expand_dims(x, (0, 0))": "`axis` must be different positions in a result with 3 axes",
    "u.math.reshape(m, (3.0, 2))": "`shape` must be an integer, or several. Got a float",
    "u.math.repeat(x, y)": "`repeats` must be integers",
    "u.math.tile(x, 2.5)": "`reps` must be an integer",
    "u.math.roll(x, 1.5)": "`shift` must be an integer",
    "u.math.moveaxis(m, 0.5, 1)": "`source` must be an integer",
    "u.math.split(x, [1.5])": "`indices_or_sections` must be an integer",
    "u.math.sum(m, axis=1.0)": "`axis` must be an integer",
    "u.math.eye(90.0*u.degree)": "`N` must be an integer",
    "u.math.zeros(2.5)": "`shape` must be an integer",
    "(x*u.mV).at[1.0].add(1.0*u.mV)": "the index of `at` must be of integers, slices, bools, None or '...'. Got float",
    "(x*u.mV).at[A([0.5])].add(1.0*u.mV)": "the index of `at` must be of integers",
    "u.math.nanprod(n*u.mV, axis=0)": "`x` must have one number of elements that are not NaN in each product",
}


@pytest.mark.parametrize("text", WRONG)
def test_wrong_argument_is_named(text):
    with pytest.raises((TypeError, ValueError), match=WRONG[text].replace("[", r"\[")):
        ours(text)
