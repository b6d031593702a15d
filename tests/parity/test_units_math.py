"""numpy's functions with options, in brainunit on JAX and here on torch: one expression a line, evaluated in both."""

import re

import numpy as np
import pytest
import torch

import brainstate_torch.units as u

brainunit = pytest.importorskip("brainunit")
jnp = pytest.importorskip("jax.numpy")

ARRAYS = {
    "x": np.array([3.0, -4.0, 5.5], "float32"),
    "y": np.array([2.0, 5.0, 0.5], "float32"),
    "p": np.array([0.5, 1.5, 2.5], "float32"),
    "m": np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]], "float32"),
    "s": np.array([[2.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 4.0]], "float32"),
    "c": np.arange(24.0, dtype="float32").reshape(2, 3, 4) - 7.5,
    "n": np.array([[1.0, np.nan, 3.0], [np.nan, 5.0, -6.0]], "float32"),
    "i": np.array([3, 1, 2], "int32"),
    "k": np.array([[1, 2, 3], [4, 5, 7]], "int32"),
    "b": np.array([[True, False, True], [False, True, True]]),
    "z": np.array([1.0 + 2.0j, -1.0j, 3.0], "complex64"),
}

CASES = """
    u.math.sum(m*u.mV, axis=None, keepdims=True)
    u.math.sum(m*u.mV, keepdims=True)
    u.math.sum(m*u.mV, axis=(0, 1))
    u.math.sum(m*u.mV, axis=-1)
    u.math.sum(m*u.mV, where=b)
    u.math.sum(m*u.mV, axis=1, where=b)
    u.math.sum(m*u.mV, initial=5.0*u.mV)
    u.math.sum(m*u.mV, 0, None, True)
    u.math.sum(c*u.mV, axis=(0, 2), keepdims=True)
    u.math.sum(k)
    u.math.sum(b)
    u.math.sum(b, axis=0)
    u.math.sum(k, dtype='float32')
    u.math.mean(m*u.mV, where=b)
    u.math.mean(m*u.mV, axis=1, where=b, keepdims=True)
    u.math.mean(m*u.mV, axis=(0, 1))
    u.math.mean(k)
    u.math.mean(k*u.mV)
    u.math.mean(k*u.mV, axis=0)
    u.math.mean([1, 2, 3]*u.mV)
    u.math.mean(c*u.mV, (0, 2))
    u.math.prod(p*u.mV)
    u.math.prod(m*u.mV, axis=0)
    u.math.prod(m, where=b)
    u.math.prod(p, initial=2.0)
    u.math.prod(k, axis=1)
    u.math.prod(c*u.mV, axis=-1, keepdims=True)
    u.math.max(m*u.mV, axis=0, initial=0.0*u.mV, where=b)
    u.math.max(m*u.mV, axis=(0, 1))
    u.math.max(k, axis=1)
    u.math.min(m*u.mV, initial=-7.0*u.mV)
    u.math.min(c*u.mV, axis=1, keepdims=True)
    u.math.amax(m*u.mV, axis=-1)
    u.math.amin(m*u.mV, axis=0, keepdims=True)
    u.math.ptp(m*u.mV, axis=0)
    u.math.ptp(m*u.mV, axis=1, keepdims=True)
    u.math.any(b, where=b)
    u.math.any(b, axis=0, keepdims=True)
    u.math.all(b, axis=1)
    u.math.all(b, axis=(0, 1))
    u.math.all(m)
    u.math.alltrue(b)
    u.math.sometrue(b, axis=0)
    u.math.std(m*u.mV, where=b)
    u.math.std(m*u.mV, axis=1, ddof=1)
    u.math.std(m*u.mV, axis=(0, 1), keepdims=True)
    u.math.std(k)
    u.math.var(m*u.mV, axis=0, ddof=1)
    u.math.var(m*u.mV, where=b)
    u.math.var(k*u.mV)
    u.math.var(z)
    u.math.median(m*u.mV, axis=(0, 1))
    u.math.median(m*u.mV, axis=1, keepdims=True)
    u.math.median(k)
    u.math.median(c*u.mV, axis=(0, 2))
    u.math.quantile(m*u.mV, 0.3, method='lower')
    u.math.quantile(m*u.mV, 0.3, method='higher')
    u.math.quantile(m*u.mV, 0.3, axis=1, method='nearest')
    u.math.quantile(m*u.mV, 0.3, axis=1, method='midpoint')
    u.math.quantile(m*u.mV, A([0.2, 0.5]), axis=0)
    u.math.quantile(m*u.mV, A([0.2, 0.5]), axis=0, keepdims=True)
    u.math.quantile(c*u.mV, 0.4, axis=(0, 1))
    u.math.percentile(m*u.mV, 30.0, axis=1)
    u.math.percentile(m*u.mV, A([30.0, 60.0]))
    u.math.average(m*u.mV, axis=1, weights=y)
    u.math.average(m*u.mV, axis=0)
    u.math.average(x*u.mV, weights=y, returned=True)
    u.math.average(m*u.mV, axis=0, keepdims=True)
    u.math.average(m*u.mV, weights=m*m)
    u.math.count_nonzero(m*u.mV, axis=1, keepdims=True)
    u.math.count_nonzero(b, axis=(0, 1))
    u.math.count_nonzero(k)
    u.math.argmax(m*u.mV)
    u.math.argmax(m*u.mV, axis=1)
    u.math.argmin(m*u.mV, axis=0, keepdims=True)
    u.math.cumsum(m*u.mV, axis=1, dtype='float32')
    u.math.cumsum(m*u.mV)
    u.math.cumsum(k)
    u.math.cumprod(m, axis=0)
    u.math.cumprod(k)
    u.math.cumproduct(p)
    u.math.product(p)
    u.math.diff(m*u.mV)
    u.math.diff(m*u.mV, n=2)
    u.math.diff(m*u.mV, axis=0)
    u.math.diff(x*u.mV, prepend=1.0*u.mV)
    u.math.diff(x*u.mV, append=2.0*u.mV)
    u.math.diff(x*u.mV, prepend=y*u.mV, append=p*u.mV)
    u.math.ediff1d(m*u.mV)
    u.math.ediff1d(x*u.mV, to_end=1.0*u.mV, to_begin=2.0*u.mV)
    u.math.nansum(n*u.mV)
    u.math.nansum(n*u.mV, axis=0, where=b)
    u.math.nanprod(n)
    u.math.nanprod(n, axis=1)
    u.math.nanmean(n*u.mV)
    u.math.nanmean(n*u.mV, axis=1, keepdims=True)
    u.math.nanstd(n*u.mV, axis=1)
    u.math.nanvar(n*u.mV, ddof=1)
    u.math.nanmax(n*u.mV)
    u.math.nanmax(n*u.mV, axis=0)
    u.math.nanmin(n*u.mV, axis=1, keepdims=True)
    u.math.nanmedian(n*u.mV)
    u.math.nanmedian(n*u.mV, axis=1)
    u.math.nanquantile(n*u.mV, 0.4)
    u.math.nanquantile(n*u.mV, 0.4, axis=1, method='lower')
    u.math.nanpercentile(n*u.mV, 40.0, axis=1)
    u.math.nanargmax(n)
    u.math.nanargmax(n, axis=1)
    u.math.nanargmin(n, axis=0)
    u.math.nancumsum(n*u.mV)
    u.math.nancumsum(n*u.mV, axis=1)
    u.math.nancumprod(n, axis=0)
    u.math.reshape(m*u.mV, (3, 2))
    u.math.reshape(m*u.mV, (3, 2), order='F')
    u.math.reshape(m*u.mV, 6)
    u.math.reshape(m*u.mV, -1)
    u.math.reshape(m*u.mV, (-1, 2))
    u.math.ravel(m*u.mV)
    u.math.ravel(m*u.mV, order='F')
    u.math.flatten(c*u.mV, 1, 2)
    u.math.flatten(c*u.mV, start_axis=1)
    u.math.unflatten(x*u.mV, 0, (3, 1))
    u.math.transpose(c*u.mV)
    u.math.transpose(c*u.mV, (1, 0, 2))
    u.math.transpose(c*u.mV, axes=(2, 0, 1))
    u.math.swapaxes(c*u.mV, axis1=0, axis2=2)
    u.math.swapaxes(c*u.mV, 0, -1)
    u.math.moveaxis(c*u.mV, 0, -1)
    u.math.moveaxis(c*u.mV, (0, 1), (1, 2))
    u.math.moveaxis(c*u.mV, source=0, destination=1)
    u.math.squeeze(c[:1]*u.mV)
    u.math.squeeze(c[:1]*u.mV, axis=0)
    u.math.expand_dims(x*u.mV, 0)
    u.math.expand_dims(x*u.mV, (0, 2))
    u.math.expand_dims(x*u.mV, axis=-1)
    u.math.broadcast_to(x*u.mV, (2, 3))
    u.math.broadcast_arrays(x*u.mV, m*u.ms)
    u.math.broadcast_shapes((2, 1), (3,))
    u.math.tile(x*u.mV, 2)
    u.math.tile(m*u.mV, (2, 1, 2))
    u.math.tile(m*u.mV, reps=(2,))
    u.math.repeat(m*u.mV, 2)
    u.math.repeat(m*u.mV, 2, axis=1)
    u.math.repeat(m*u.mV, A([1, 2]), axis=0)
    u.math.repeat(m*u.mV, A([1, 2]), axis=0, total_repeat_length=4)
    u.math.repeat(m*u.mV, 2, axis=1, total_repeat_length=4)
    u.math.flip(m*u.mV)
    u.math.flip(m*u.mV, axis=(0, 1))
    u.math.flip(m*u.mV, 1)
    u.math.fliplr(m*u.mV)
    u.math.flipud(m*u.mV)
    u.math.roll(m*u.mV, 1)
    u.math.roll(m*u.mV, (1, 2), axis=(0, 1))
    u.math.roll(m*u.mV, -1, axis=1)
    u.math.rot90(m*u.mV, k=3)
    u.math.rot90(c*u.mV, axes=(1, 2))
    u.math.atleast_1d(3.0*u.mV)
    u.math.atleast_2d(x*u.mV)
    u.math.atleast_3d(x*u.mV, m*u.ms)
    u.math.meshgrid(x*u.mV, y*u.ms)
    u.math.meshgrid(x*u.mV, p[:2]*u.ms, sparse=True)
    u.math.meshgrid(x*u.mV, p[:2]*u.ms, indexing='ij')
    u.math.meshgrid(x*u.mV, p*u.ms, A([1.0, 2.0]))
    u.math.concatenate([m*u.mV, m*u.volt])
    u.math.concatenate([m*u.mV, m*u.mV], axis=1)
    u.math.concatenate([m*u.mV, m*u.mV], axis=None)
    u.math.concatenate((x*u.mV, y*u.mV), axis=-1)
    u.math.stack([x*u.mV, y*u.volt], axis=1)
    u.math.stack([x*u.mV, y*u.mV], axis=-1)
    u.math.vstack([x*u.mV, y*u.mV])
    u.math.hstack([m*u.mV, m*u.mV])
    u.math.dstack([x*u.mV, y*u.mV])
    u.math.column_stack([x*u.mV, y*u.mV])
    u.math.row_stack([x*u.mV, y*u.mV])
    u.math.block([[m*u.mV, m*u.mV], [m*u.mV, m*u.mV]])
    u.math.block([x*u.mV, y*u.mV])
    u.math.append(m*u.mV, m*u.mV)
    u.math.append(m*u.mV, m*u.mV, axis=1)
    u.math.split(c*u.mV, 2, axis=2)
    u.math.split(m*u.mV, [1, 2], axis=1)
    u.math.array_split(c*u.mV, 3, axis=1)
    u.math.hsplit(m*u.mV, 3)
    u.math.vsplit(m*u.mV, 2)
    u.math.dsplit(c*u.mV, [1])
    u.math.diag(x*u.mV, k=1)
    u.math.diag(s*u.mV, k=-1)
    u.math.diag(s*u.mV)
    u.math.diag(x, unit=u.mV)
    u.math.diagflat(m*u.mV, k=-1)
    u.math.diagonal(c*u.mV, offset=1, axis1=0, axis2=2)
    u.math.diagonal(m*u.mV, offset=-1)
    u.math.trace(s*u.mV, offset=1)
    u.math.trace(c*u.mV, axis1=1, axis2=2)
    u.math.tril(s*u.mV, k=-1)
    u.math.triu(s*u.mV, k=1)
    u.math.triu(m*u.mV)
    u.math.fill_diagonal(s*u.mV, 7.0*u.mV, inplace=False)
    u.math.fill_diagonal(m*u.mV, 7.0*u.mV, inplace=False)
    u.math.remove_diag(s*u.mV)
    u.math.tril_indices(3)
    u.math.tril_indices(3, 1, 4)
    u.math.triu_indices(3, k=1)
    u.math.tril_indices_from(m*u.mV)
    u.math.triu_indices_from(m*u.mV, k=1)
    u.math.diag_indices_from(s*u.mV)
    u.math.sort(m*u.mV)
    u.math.sort(m*u.mV, axis=0, descending=True)
    u.math.argsort(m*u.mV, axis=0)
    u.math.argsort(m*u.mV, axis=-1, descending=True)
    u.math.unique(A([3.0, 1.0, 3.0])*u.mV)
    u.math.unique(A([3.0, 1.0, 3.0])*u.mV, return_index=True, return_inverse=True)
    u.math.unique(A([3.0, 1.0, 3.0])*u.mV, return_counts=True)
    u.math.unique(A([3.0, 1.0, 3.0])*u.mV, size=4, fill_value=0.0*u.mV)
    u.math.unique(A([3, 1, 3]), size=1)
    u.math.unique(A([3, 1, 3]), size=4)
    u.math.unique(A([[3.0, 1.0], [3.0, 1.0], [0.0, 1.0]])*u.mV, axis=0)
    u.math.unique(A([[3.0, 1.0], [3.0, 1.0]]), return_inverse=True)
    u.math.intersect1d(x*u.mV, A([5.5, 3.0, 9.0])*u.mV)
    u.math.intersect1d(i, A([2, 3, 9]), return_indices=True)
    u.math.searchsorted(p*u.mV, x*u.mV)
    u.math.searchsorted(p*u.mV, 1.5*u.mV, side='right')
    u.math.searchsorted(A([3, 1, 2]), A([2]), sorter=A([1, 2, 0]))
    u.math.digitize(x*u.mV, p*u.mV)
    u.math.digitize(x*u.mV, p*u.mV, right=True)
    u.math.digitize(x, A([4.0, 1.0, 0.0]))
    u.math.digitize(p, A([2.5, 1.5, 0.5]), right=True)
    u.math.bincount(i)
    u.math.bincount(i, weights=x)
    u.math.bincount(i, minlength=6)
    u.math.bincount(i, length=3)
    u.math.histogram(m*u.mV, bins=4)
    u.math.histogram(m, bins=4, range=(-6.0, 6.0), density=True)
    u.math.histogram(m*u.mV, bins=A([-6.0, 0.0, 6.0])*u.mV)
    u.math.histogram(x, bins=3, weights=y)
    u.math.histogram(m, bins=3, density=True)
    u.math.argwhere(b)
    u.math.argwhere(b, size=2)
    u.math.nonzero(b)
    u.math.nonzero(m*u.mV, size=2)
    u.math.nonzero(b, size=6, fill_value=-1)
    u.math.flatnonzero(b)
    u.math.flatnonzero(b, size=6, fill_value=-1)
    u.math.where(b)
    u.math.where(b, size=5)
    u.math.where(b, m*u.mV, -m*u.mV)
    u.math.where(b, 1.0*u.mV, 2.0*u.volt)
    u.math.where(b, 1*u.mV, 2*u.mV)
    u.math.where(b, m, 0.0)
    u.math.clip(m*u.mV, -1.0*u.mV, 2.0*u.mV)
    u.math.clip(m*u.mV, a_min=-1.0*u.mV, a_max=2.0*u.mV)
    u.math.clip(m*u.mV, None, 2.0*u.mV)
    u.math.clip(m*u.mV, -1.0*u.mV, None)
    u.math.clip(k, 2, 5)
    u.math.select([b, m > 0], [m*u.mV, -m*u.mV], default=1.0*u.mV)
    u.math.select([b], [m*u.mV], 0.0)
    u.math.choose(A([0, 1, 1]), [x*u.mV, y*u.mV])
    u.math.choose(A([0, 3, -1]), [x, y], mode='clip')
    u.math.choose(A([0, 3, -1]), [x, y], mode='wrap')
    u.math.compress(A([True, False, True]), x*u.mV)
    u.math.compress(A([True, False]), m*u.mV, axis=0)
    u.math.extract(b, m*u.mV)
    u.math.take(m*u.mV, A([0, 2]), axis=1)
    u.math.take(m*u.mV, A([0, 4]))
    u.math.take(m*u.mV, A([0, 7]), mode='wrap')
    u.math.take(m*u.mV, A([0, 7]), mode='clip')
    u.math.take(x, A([0, 5]), mode='fill', fill_value=9.0)
    u.math.take(m*u.mV, A([[0, 1], [1, 0]]), axis=0)
    u.math.take(m*u.mV, 1, axis=1)
    u.math.gather(m*u.mV, 1, A([[0], [1]]))
    u.math.zeros(3)
    u.math.zeros((2, 3), dtype='int32', unit=u.mV)
    u.math.ones((2,), unit=u.mV)
    u.math.full((2, 2), 3.0*u.mV)
    u.math.full(2, 3)
    u.math.empty((2, 3)).shape
    u.math.eye(2, 3, k=1, unit=u.mV)
    u.math.identity(2)
    u.math.tri(3, 4, 1, dtype='float32')
    u.math.zeros_like(m*u.mV)
    u.math.zeros_like(m*u.mV, unit=u.volt)
    u.math.zeros_like(m, unit=u.mV)
    u.math.zeros_like(m*u.mV, shape=(4,), dtype='float32')
    u.math.ones_like(m*u.mV)
    u.math.ones_like(m, unit=u.mV)
    u.math.full_like(m, 2.0)
    u.math.full_like(m*u.mV, 2.0*u.mV)
    u.math.full_like(x*u.mV, 2.0*u.mV, shape=(2,))
    u.math.empty_like(m, shape=(2,)).shape
    u.math.arange(5)
    u.math.arange(2, 8, 3)
    u.math.arange(5.0*u.ms)
    u.math.arange(0.0*u.ms, 1.0*u.ms, 0.25*u.ms)
    u.math.arange(start=1, stop=4)
    u.math.arange(5, dtype='float32')
    u.math.linspace(0.0*u.mV, 1.0*u.mV, 5, retstep=True)
    u.math.linspace(0.0, 1.0, 4, endpoint=False)
    u.math.linspace(0, 10, num=3)
    u.math.linspace(0.0*u.mV, 1.0*u.mV, 5, endpoint=False, retstep=True)
    u.math.logspace(0.0, 2.0, 3, endpoint=False)
    u.math.logspace(0.0, 3.0, 4, base=2.0)
    u.math.array([1.0, 2.0])
    u.math.asarray([1.0*u.mV, 2.0*u.mV], unit=u.volt)
    u.math.asarray([1, 2], dtype='float32')
    u.math.vander(x)
    u.math.vander(x, 2)
    u.math.vander(x, N=4, increasing=True)
    u.math.vander(x, unit=u.mV)
    u.math.bartlett(5)
    u.math.blackman(5)
    u.math.hamming(5)
    u.math.hanning(5)
    u.math.kaiser(5, 3.0)
    u.math.round(A([1.234, 5.678]), 2)
    u.math.round(x*1.37*u.mV, decimals=1)
    u.math.around(x*1.37*u.mV, 1)
    u.math.rint(x*u.mV)
    u.math.floor(x*1.3*u.mV)
    u.math.ceil(x*1.3*u.mV)
    u.math.trunc(x*1.3*u.mV)
    u.math.fix(x*1.3*u.mV)
    u.math.modf(x*1.3*u.mV)
    u.math.frexp(x)
    u.math.ldexp(x*u.mV, 2)
    u.math.divmod(x*u.mV, y*u.mV)
    u.math.power(x*u.mV, 2)
    u.math.power(k, 2)
    u.math.float_power(p*u.mV, 2)
    u.math.sqrt(k)
    u.math.square(k*u.mV)
    u.math.abs(z*u.mV)
    u.math.absolute(x*u.mV)
    u.math.fabs(x*u.mV)
    u.math.sign(x*u.mV)
    u.math.signbit(x*u.mV)
    u.math.positive(x*u.mV)
    u.math.real(z*u.mV)
    u.math.imag(z*u.mV)
    u.math.imag(x*u.mV)
    u.math.conj(z*u.mV)
    u.math.angle(z)
    u.math.isreal(z)
    u.math.iscomplexobj(z*u.mV)
    u.math.exp(x*u.mV, unit_to_scale=u.mV)
    u.math.exp(x*u.mV, u.volt)
    u.math.exp(i)
    u.math.exp(1)
    u.math.log1p(p*u.mV, unit_to_scale=u.mV)
    u.math.expm1(x)
    u.math.log2(p)
    u.math.sinc(x)
    u.math.deg2rad(x)
    u.math.degrees(x)
    u.math.arctan2(x*u.mV, y*u.mV, unit_to_scale=u.mV)
    u.math.hypot(x*u.mV, y*u.mV, unit_to_scale=u.mV)
    u.math.logaddexp(x, y)
    u.math.logaddexp2(x, y)
    u.math.nan_to_num(n*u.mV)
    u.math.nan_to_num(n*u.mV, nan=2.0*u.mV)
    u.math.nan_to_num(A([float('inf')])*u.mV, posinf=5.0*u.mV)
    u.math.heaviside(x, 0.5)
    u.math.copysign(x*u.mV, y)
    u.math.nextafter(x, y)
    u.math.maximum(x*u.mV, y*u.volt)
    u.math.fmax(x*u.mV, y*u.mV)
    u.math.fmin(x, n[0])
    u.math.mod(x*u.mV, y*u.mV)
    u.math.fmod(x*u.mV, y*u.mV)
    u.math.gcd(A([6, 4]), A([4, 6]))
    u.math.lcm(6, 4)
    u.math.left_shift(i, 2)
    u.math.right_shift(i, 1)
    u.math.bitwise_and(i, 1)
    u.math.bitwise_xor(i, 3)
    u.math.invert(i)
    u.math.logical_and(b, True)
    u.math.logical_xor(b, b)
    u.math.logical_not(b)
    u.math.equal(x*u.mV, x*u.mV)
    u.math.isclose(x*u.mV, (x + 1e-6)*u.mV)
    u.math.isclose(x*u.mV, x*u.mV + 1.0*u.mV, atol=2.0*u.mV)
    u.math.isclose(x, x + 0.1, rtol=0.1)
    u.math.isclose(n, n, equal_nan=True)
    u.math.allclose(x*u.mV, x*u.mV)
    u.math.array_equal(x*u.mV, x*u.mV)
    u.math.relu(x*u.mV)
    u.math.relu6(x)
    u.math.leaky_relu(x*u.mV, 0.1)
    u.math.elu(x, 2.0)
    u.math.celu(x, alpha=0.5)
    u.math.selu(x)
    u.math.gelu(x)
    u.math.gelu(x, approximate=False)
    u.math.glu(c, axis=0)
    u.math.silu(x*u.mV, u.mV)
    u.math.softplus(x)
    u.math.soft_sign(x)
    u.math.mish(x)
    u.math.squareplus(x, 3.0)
    u.math.sparse_plus(x)
    u.math.sparse_sigmoid(x/8)
    u.math.hard_tanh(x)
    u.math.hard_sigmoid(x)
    u.math.hard_silu(x)
    u.math.log_sigmoid(x)
    u.math.matmul(m*u.mV, x*u.ms, precision='highest')
    u.math.matmul(s*u.mV, s*u.mS)
    u.math.dot(c*u.mV, c[0].T*u.ms)
    u.math.dot(s*u.mV, x)
    u.math.dot(c, A([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]))
    u.math.dot(x*u.mV, 2.0*u.ms)
    u.math.vdot(m*u.mV, m*u.ms)
    u.math.vecdot(m*u.mV, m*u.ms, axis=0)
    u.math.inner(m*u.mV, s*u.ms)
    u.math.outer(m*u.mV, y*u.ms)
    u.math.kron(m*u.mV, s)
    u.math.tensordot(c*u.mV, c*u.ms, axes=([0, 2], [0, 2]))
    u.math.tensordot(m*u.mV, s, 1)
    u.math.einsum('ij,jk->ik', m*u.mV, s*u.ms, optimize='optimal')
    u.math.einsum('ij->ji', m*u.mV)
    u.math.einsum('i,i', x*u.mV, y)
    u.math.cross(x*u.mV, y*u.ms)
    u.math.cross(A([1.0, 2.0])*u.mV, A([3.0, 4.0]))
    u.math.cross(s*u.mV, s.T, axisa=0, axisb=1, axisc=0)
    u.math.multi_dot([m*u.mV, s*u.ms, m.T])
    u.math.matrix_power(s*u.mV, 3)
    u.math.matrix_power(s, -1)
    u.math.gradient(x*u.mV)
    u.math.gradient(m*u.mV)
    u.math.gradient(c*u.mV, axis=1)
    u.math.gradient(x*u.mV, 2.0*u.ms)
    u.math.gradient(m*u.mV, 2.0*u.ms, axis=1)
    u.math.trapezoid(m*u.mV)
    u.math.trapezoid(m*u.mV, dx=2.0*u.ms, axis=0)
    u.math.trapezoid(x*u.mV, p*u.ms)
    u.math.interp(x, p, y)
    u.math.interp(x*u.ms, p*u.ms, y*u.mV, left=0.0*u.mV, right=9.0*u.mV)
    u.math.interp(A([4.5, -1.0]), A([1.0, 2.0, 3.0]), A([1.0, 2.0, 3.0]), period=3.0)
    u.math.convolve(x*u.mV, y*u.ms)
    u.math.convolve(x*u.mV, y*u.ms, mode='same')
    u.math.convolve(c.ravel(), y, mode='valid')
    u.math.convolve(c.ravel(), A([1.0, 2.0]), mode='same')
    u.math.correlate(x*u.mV, y*u.ms)
    u.math.correlate(c.ravel(), y, mode='full')
    u.math.correlate(c.ravel(), y, mode='same')
    u.math.correlate(x, c.ravel(), mode='same')
    u.math.cov(m*u.mV)
    u.math.cov(m*u.mV, rowvar=False)
    u.math.cov(x*u.mV, y*u.mV)
    u.math.cov(m*u.mV, bias=True)
    u.math.cov(m*u.mV, ddof=0)
    u.math.cov(m, fweights=i)
    u.math.cov(m, aweights=y)
    u.math.corrcoef(m)
    u.math.corrcoef(x, y)
    u.math.exprel(p)
    u.math.shape(c*u.mV)
    u.math.ndim(c)
    u.math.size(c*u.mV)
    u.math.size(c, 1)
    u.math.isscalar(x*u.mV)
    u.math.is_float(k)
    u.math.is_int(k)
    u.math.linalg.norm(m*u.mV)
    u.math.linalg.norm(m*u.mV, axis=1)
    u.math.linalg.norm(m*u.mV, ord=1, axis=0, keepdims=True)
    u.math.linalg.norm(x*u.mV, ord=0)
    u.math.linalg.norm(s*u.mV, ord='nuc')
    u.math.linalg.vector_norm(m*u.mV, ord=3)
    u.math.linalg.matrix_norm(s*u.mV, ord=2)
    u.math.linalg.det(s*u.mV)
    u.math.linalg.inv(s*u.mV)
    u.math.linalg.pinv(m*u.mV)
    u.math.linalg.solve(s*u.mS, x*u.uA)
    u.math.linalg.lstsq(s*u.mS, x*u.uA)[0]
    u.math.linalg.lstsq(m, A([1.0, 2.0]))[0]
    u.math.linalg.eigvalsh(s*u.mV)
    u.math.linalg.eigh(s*u.mV)[0]
    u.math.linalg.cholesky(s*u.mV**2)
    u.math.linalg.cholesky(s, upper=True)
    u.math.linalg.svd(m*u.mV, compute_uv=False)
    u.math.linalg.svd(m*u.mV)[1]
    u.math.linalg.svdvals(m*u.mV)
    u.math.linalg.qr(s*u.mV, mode='r').shape
    u.math.linalg.matrix_rank(m*u.mV)
    u.math.linalg.cond(s*u.mV)
    u.math.linalg.slogdet(s)[1]
    u.math.linalg.trace(s*u.mV, offset=1)
    u.math.linalg.diagonal(c*u.mV, offset=1)
    u.math.linalg.matrix_transpose(c*u.mV)
    u.math.linalg.tensorinv(s*u.mV, ind=1)
    u.math.linalg.tensorsolve(s*u.mS, x*u.uA)
    u.math.fft.fft(x*u.mV)
    u.math.fft.fft(m*u.mV, n=4, axis=0, norm='ortho')
    u.math.fft.ifft(x*u.mV)
    u.math.fft.rfft(m*u.mV, axis=0)
    u.math.fft.irfft(x*u.mV, n=4)
    u.math.fft.fft2(m*u.mV, axes=(1, 0))
    u.math.fft.ifft2(m*u.mV)
    u.math.fft.rfft2(m*u.mV)
    u.math.fft.fftn(c*u.mV, s=(2, 2), axes=(0, 1))
    u.math.fft.fftn(c*u.mV)
    u.math.fft.ifftn(c*u.mV, axes=(1,))
    u.math.fft.fftshift(m*u.mV, axes=1)
    u.math.fft.ifftshift(x*u.mV)
    u.math.fft.fftfreq(4, 0.5*u.ms)
    u.math.fft.rfftfreq(5, d=2.0)
    u.lax.erf(x)
    u.lax.top_k(x*u.mV, 2)
    u.lax.dynamic_slice(m*u.mV, (0, 1), (1, 2))
    u.lax.dynamic_slice(m*u.mV, (0, 2), (1, 2))
    u.lax.slice(m*u.mV, (0, 1), (2, 3))
    u.lax.slice_in_dim(m*u.mV, 0, 1, axis=1)
    u.lax.index_in_dim(m*u.mV, 1)
    u.lax.dynamic_index_in_dim(m*u.mV, 1, keepdims=False)
    u.lax.dynamic_update_slice(m*u.mV, s[:1, :1]*u.mV, (0, 2))
    u.lax.dynamic_update_index_in_dim(m*u.mV, x*u.mV, 1, 0)
    u.lax.dynamic_update_slice_in_dim(m*u.mV, s[:1]*u.mV, 1, 0)
    u.lax.cumsum(m*u.mV, axis=1, reverse=True)
    u.lax.cummax(x*u.mV)
    u.lax.cumlogsumexp(x)
    u.lax.sort_key_val(x*u.mV, y)
    u.lax.clamp(0.0*u.mV, 1.0*u.mV, 2.0*u.mV)
    u.lax.rsqrt(p*u.mV)
    u.lax.broadcast(x*u.mV, (2,))
    u.lax.broadcast_in_dim(x*u.mV, (2, 3), (1,))
    u.lax.broadcasted_iota('int32', (2, 3), 1)
    u.lax.iota('float32', 3)
    u.lax.collapse(m*u.mV, 0, 2)
    u.lax.dot_general(m*u.mV, s, (((1,), (0,)), ((), ())))
    u.lax.dot_general(c, c, (((2,), (2,)), ((0,), (0,))))
    u.lax.integer_pow(x*u.mV, 2)
    u.lax.complex(x*u.mV, y*u.mV)
    u.lax.zeta(A([2.0]), A([1.5]))
    u.lax.igamma(p, p)
    u.lax.logistic(x)
    (m*u.mV).at[0].set(0.0*u.mV)
    (m*u.mV).at[0, 1].add(1.0*u.mV)
    (m*u.mV).at[:, 1].add(1.0*u.volt)
    (m*u.mV).at[0].multiply(2.0)
    (x*u.mV).at[A([0, 0])].multiply(2.0)
    (x*u.mV).at[A([0, 0])].divide(2.0)
    (x*u.mV).at[A([0, 0, 5])].add(1.0*u.mV)
    (x*u.mV).at[-1].set(1.0*u.mV)
    (x*u.mV).at[5].set(1.0*u.mV)
    (x*u.mV).at[5].set(1.0*u.mV, mode='clip')
    (x*u.mV).at[A([0, 5])].get(mode='fill', fill_value=7.0*u.mV)
    (x*u.mV).at[A([0, 5])].get()
    (x*u.mV).at[1].get()
    (x*u.mV).at[1:].min(0.0*u.mV)
    (x*u.mV).at[A([0, 1])].max(y[:2]*u.mV)
    (x*u.mV).at[A([True, False, True])].set(0.0*u.mV)
    (x*u.mV).at[::2].apply(lambda q: q*2)
    (x*u.mV).at[A([0, 0])].apply(lambda q: q*2)
    (c*u.mV).at[0, ..., 1].set(1.0*u.mV)
    (m*u.mV).at[:, ::-1].set(m*u.mV)
    (m*u.mV).std()
    (m*u.mV).std(axis=0)
    (m*u.mV).var(axis=1, ddof=1)
    (m*u.mV).max(axis=1)
    (m*u.mV).max()
    (m*u.mV).min(axis=0, keepdims=True)
    (m*u.mV).mean(axis=0)
    (k*u.mV).mean()
    (m*u.mV).sum(axis=1, keepdims=True)
    (m*u.mV).prod()
    (m*u.mV).ptp()
    (m*u.mV).argmax(axis=1)
    (m*u.mV).round()
    (m*1.37*u.mV).round(1)
    (m*u.mV).transpose()
    (m*u.mV).transpose(1, 0)
    (c*u.mV).transpose((2, 0, 1))
    (c*u.mV).transpose(2, 0, 1)
    (m*u.mV).repeat(2, axis=1)
    (m*u.mV).repeat(2)
    (m*u.mV).take(A([0, 1]), axis=1)
    (m*u.mV).dot(x)
    (m*u.mV).tolist()
    (m*u.mV).size
    (3*u.mV).item()
    (m*u.mV).sort(axis=0)
    (m*u.mV).argsort(axis=1)
    (m*u.mV).cumsum(axis=0)
    (m*u.mV).cumsum()
    (m*u.mV).split(3, axis=1)
    (m*u.mV).squeeze()
    (m*u.mV).swapaxes(0, 1)
    (m*u.mV).tile((2, 1))
    (m*u.mV).reshape((3, 2))
    (m*u.mV).reshape((3, 2), order='F')
    (m*u.mV).flatten()
    (m*u.mV).ravel()
    (m*u.mV).diagonal()
    (m*u.mV).trace()
    (m*u.mV).clip(0.0*u.mV, 2.0*u.mV)
    (m*u.mV).nonzero()
    (m*u.mV).expand_dims(0)
    (m*u.mV).outer(y)
    (x*u.mV).cross(y)
    (m*u.mV).pow(2)
    (m*u.mV).fill(3.0*u.mV)
    (m*u.mV).put(0, 5.0*u.mV)
    (m*u.mV).resize((3, 2))
    (m*u.mV).scatter_add(0, 1.0*u.mV)
    (m*u.mV).scatter_max(0, 2.0*u.mV)
    (m*u.mV).scatter_mul(A([0, 0]), 2.0)
    (m*u.mV).has_same_unit(1.0*u.mV)
    (m*u.mV).nbytes
    (m*u.mV).isscalar
    (m*u.mV)[:, ::-1]
    (m*u.mV)[::-1]
    (c*u.mV)[..., ::-2]
    (m*u.mV)[0, A([0, 2])]
    m*u.mV > 0
    m*u.mV == 0.0
    0 < m*u.mV
    m*u.mV + 0.0
    0.0 - m*u.mV
    u.celsius2kelvin(25.0)
    u.kelvin2celsius(298.15*u.kelvin)
    u.fahrenheit2kelvin(77.0)
    u.kelvin2fahrenheit(298.15*u.kelvin)
    u.get_unit([1.0*u.mV, 2.0*u.mV]) == u.mV
    u.maybe_decimal(x*u.mV/u.volt)
    u.Quantity(mantissa=3.0, unit=u.mV)
    u.constants.boltzmann
    u.constants.gas
    u.constants.faraday
    u.constants.electric
    u.constants.magnetic
    u.constants.eV
    u.constants.inch
    u.unit_scale_align_to_first(1.0*u.mV, 2.0*u.volt)
    u.array_with_unit(x, u.mV)
    u.autograd.grad(lambda q: (q**2).sum())(x*u.mV)
    u.autograd.value_and_grad(lambda q: (q**2).sum())(x*u.mV)
    u.autograd.vector_grad(lambda q: q**2)(x*u.mV)
    u.autograd.jacrev(lambda q: q**2)(x*u.mV)
    u.autograd.jacfwd(lambda q: q**2)(x*u.mV)
    u.autograd.hessian(lambda q: (q**3).sum())(x*u.mV)
    u.sparse.CSR.fromdense(m*u.mV) @ x
    u.sparse.CSR.fromdense(m, nse=6) @ x
    u.sparse.csr_fromdense(m) @ x
    u.sparse.CSR.fromdense(m).T @ A([1.0, 2.0])
    u.sparse.CSR.fromdense(m).transpose() @ A([1.0, 2.0])
    u.sparse.CSR.fromdense(m).with_data(u.math.ones(6)).todense()
    (u.sparse.CSR.fromdense(m) * 2.0).todense()
    u.sparse.CSC.fromdense(m*u.mV) @ s
    u.sparse.COO.fromdense(m) @ x
    u.sparse.coo_fromdense(m*u.mV).todense()
    u.Hz == 1/u.second
    u.mV == 1*u.mV
    str(u.mS*u.mV)
    str(u.uF*u.mV/u.ms)
    str(u.nA/u.mV)
    str(u.volt/u.ohm)
    f'{x*u.mV:.2f}'
    u.math.argmax(b)
    u.math.argmin(b, axis=0)
    u.math.cumsum(k.astype('int8') if hasattr(k, 'at') else k.to(torch.int8))
    u.math.cumsum(b)
    u.math.sort(z)
    u.math.argsort(z, descending=True)
    u.math.unique(n)
    u.math.unique(A([1.0, float('nan'), float('nan')]), equal_nan=True)
    u.math.unique(A([[3, 1], [3, 1], [0, 1]]), axis=0, return_index=True, return_counts=True)
    u.math.where(b, 1, 0)
    u.math.where(b, 1.0, m)
    u.math.select([b, ~b], [1, 2])
    u.math.bincount(A([0, 1, 1]), weights=i)
    u.math.roll(m, A(1), axis=1)
    u.math.vander(i, 3)
    u.math.round(k)
    u.math.round(k, 1)
    u.math.round(z*1.234, 1)
    u.math.rint(k)
    u.math.modf(k)
    u.math.fabs(k)
    u.math.frexp(i)
    u.math.abs(b)
    u.math.sign(z)
    u.math.sign(n)
    u.math.angle(z, deg=True)
    u.math.hypot(i, k[0])
    u.math.logaddexp(i, 2)
    u.math.heaviside(i, 1)
    u.math.relu6(k)
    u.math.leaky_relu(k)
    u.math.celu(k, 2.0)
    u.math.selu(i)
    u.math.gelu(i)
    u.math.softplus(i)
    u.math.mish(i)
    u.math.hard_sigmoid(i)
    u.math.hard_swish(i)
    u.math.log_sigmoid(i)
    u.math.convolve(i, k[0])
    u.math.correlate(i, i)
    u.lax.div(i, k[0])
    u.lax.div(x*u.mV, y*u.ms)
    (x*u.mV)**A(2)
    (x*u.mV).conjugate()
    (x*u.mV).imag
    (z*u.mV).imag
    (x*u.mV).isinfinite
    (c*u.mV).mT
    (x*u.mV).tree_flatten()[0][0]
    (x*u.mV).astype('float16')
    (x*u.mV).clip(min=0.0*u.mV)
    (x*u.mV).has_same_unit(y*u.volt)
    ~u.Quantity(b)
    u.Quantity(k) << 1
    u.Quantity(k) >> 1
    u.Quantity(x, unit=u.mV, dtype='float16')
    u.get_unit(obj=x*u.mV) == u.mV
    u.maybe_decimal(val=x*u.mV, unit=u.volt)
    u.has_same_unit(obj1=x*u.mV, obj2=y*u.volt)
    str(u.pF/u.nS)
    isinstance(x*u.mV, u.typing.VOLTAGE)
    isinstance(x*u.mV, u.typing.TIME)
    isinstance(x*u.mV, u.Quantity[u.volt])
    u.typing.validate_units(lambda v: v)(x*u.mV)
    str(u.ohm*u.uF)
"""

#: Where this package decides otherwise, with the value here and the reason.
DECISIONS = {
    "u.math.sort(m*u.mV, axis=None).shape": ((6,), "numpy sorts the flattened array"),
    "u.math.linalg.matrix_rank(s*u.mV, 0.9)": (
        1,
        "the tolerance is relative, as its name says; absolute depends on mV",
    ),
    "u.math.where(b, m*u.mV, 0.0).unit == u.mV": (True, "0 is the same value in every unit"),
    "u.math.maximum(m*u.mV, 0).unit == u.mV": (True, "0 is the same value in every unit"),
    "u.math.equal(m*u.mV, 0).any().item()": (False, "0 is the same value in every unit"),
    "u.math.clip(x*u.mV, 0, None)[1].item() == 0*u.mV": (True, "0 is the same value in every unit"),
    "u.math.isclose(1e-9*u.mV, 2e-9*u.mV).item()": (False, "1e-8 is small in V and large in nV: no absolute tolerance"),
    "u.math.any(b*u.mV).item()": (True, "whether an element is 0 does not depend on the unit"),
    "u.math.hypot(x*u.mV, y*u.mV).unit == u.mV": (True, "a length keeps its unit; brainunit asks for a scale"),
    "u.math.arctan2(x*u.mV, y*u.mV).shape": ((3,), "a ratio has no unit; brainunit asks for a scale"),
    "u.math.bincount(i, weights=x*u.mV).unit == u.mV": (True, "sums of weights keep the unit; brainunit raises"),
    "u.math.array_split(x*u.mV, 2)[0].shape": ((2,), "numpy's sections may differ by one; brainunit raises"),
    "u.math.histogram(x*u.mV, bins=2, weights=y*u.ms)[0].unit == u.ms": (
        True,
        "brainunit drops the unit of the weights",
    ),
    "u.math.mean(m*u.mV, dtype='float16').dtype": (torch.float16, "half precision rounds the last digit otherwise"),
    "u.math.concatenate([m*u.mV, m*u.mV], dtype='float16').shape": ((4, 3), "brainunit gives NaN"),
    "(m*u.mV).argmax(dim=1).dtype": (torch.int64, "with torch's keyword a method is torch's"),
    "str(u.mV**2)": ("mV ** 2", "pint's spelling, which Python and pint read back"),
    "u.display_in_unit(3.0*u.mV, u.uvolt)": ("3000.0 uV", "no trailing point"),
    "u.math.histogram(x*u.mV, bins=2, density=True)[0].unit == 1/u.mV": (True, "a density is one over the unit"),
    "u.math.histogram(m*u.mV, bins=3, range=(-6*u.mV, 6*u.mV))[0].tolist()": (
        [1.0, 2.0, 3.0],
        "as without a unit; brainunit rounds the edges",
    ),
    "u.math.argsort(m, axis=None).shape": ((6,), "numpy sorts the flattened array"),
    "(k*u.mV).at[0].set(2.5*u.mV).dtype": (torch.float32, "JAX cuts the digits off"),
    "u.math.sum(k.to(torch.uint8)).dtype": (torch.int64, "torch has few operations for uint32"),
    "(x*u.mV).isnan().any().item()": (False, "torch's method, not a property"),
    "str(3.0*u.mV)": ("3.0 mV", "no trailing point"),
    "u.math.int_": (torch.int32, "dtypes are torch's; JAX's are called to make arrays"),
    "(m*u.mV).reshape(3, 2).shape": ((3, 2), "torch's habit; brainunit raises"),
    "(m*u.mV).size(0)": (2, "torch's habit beside numpy's attribute"),
    "(m*u.mV).max(dim=1).indices[0].item()": (2, "with torch's keyword a method is torch's"),
    "torch.fft.fft(x*u.mV).unit == u.mV": (True, "the plain sum keeps the unit; u.fft counts a second, as brainunit"),
}

#: What brainunit computes and this package refuses, with the start of the error.
REFUSALS = {
    "u.math.linalg.slogdet(s*u.mV)": "`linalg_slogdet` must get a plain number",
    "u.math.floor_divide(x*u.mV, 2*u.ms)": "`floor_divide` must get one common dimension",
    "u.math.take(x, A([5]))": "index out of range",
    "u.math.bogus": "has no attribute 'bogus'",
    "u.math.int4": "Use torch.int8",
    "u.lax.scatter_add": "Use q.at",
    "u.lax.while_loop": "Use brainstate_torch.transform.while_loop",
    "u.math.sum(x, out=x)": "`out` of `sum` must not be given",
    "u.math.sum(x, bogus=1)": "`sum` must get parameters that it has. Got `bogus`",
    "(x*u.mV).ito(u.volt)": "must not be converted in place",
    "(x*u.mV).at[0].set(1.0)": "`at` must get one common dimension",
    "(x*u.mV).at[0].set(0, mode='odd')": "`mode` must be one of",
    "(x*u.mV).to_jax()": "a quantity must hold a tensor",
    "u.using_backend": "Quantities hold tensors",
    "u.math.histogram2d": "Use torch.histogramdd",
    "u.math.pad(x, 1, mode='odd')": "`mode` must be one of",
    "(x*u.mV).at[0].power(2)": "`at[...].power` must get a plain number",
    "(x*u.mV).at[0].multiply(2*u.mV)": "`at[...].multiply` must get one common dimension",
    "iter(3.0*u.mV)": "must have an axis to be iterated over",
}


def lines(text):
    return [line.strip() for line in text.strip().splitlines()]


def ours(text):
    return eval(text, {"u": u, "torch": torch, **_names()})


def _names():
    return {"A": lambda v: torch.tensor(v, dtype=_narrow(v)), **_tensors()}


def _narrow(values):
    dtype = np.asarray(values).dtype
    return {"f": torch.float32, "i": torch.int32, "b": torch.bool, "c": torch.complex64}[dtype.kind]


def _tensors():
    return {name: torch.from_numpy(value.copy()) for name, value in ARRAYS.items()}


#: Names that jax.numpy has and brainunit lacks.
JNP_CASES = """
    jnp.pad(x, (1, 2))
    jnp.pad(m, [(0, 0), (1, 1)], constant_values=5.0)
    jnp.pad(x, 1, constant_values=(7.0, 8.0))
    jnp.pad(k, 1, constant_values=((1, 2), (3, 4)))
    jnp.pad(m, ((1, 0), (0, 2)), mode='linear_ramp', end_values=2.0)
    jnp.pad(m, 1, mode='mean')
    jnp.pad(k, 2, mode='mean')
    jnp.pad(x, (2, 1), mode='mean', stat_length=2)
    jnp.pad(m, 1, mode='maximum')
    jnp.pad(m, 1, mode='minimum')
    jnp.pad(x, 1, mode='median')
    jnp.unravel_index(7, (2, 4))
    jnp.acos(p/3)
    jnp.apply_along_axis(lambda a: a*2.0, 1, m)
    jnp.apply_along_axis(lambda a: a.sum(), 1, c)
    jnp.apply_over_axes(jnp.sum, c, [0, 1])
    jnp.argpartition(x, 0)[0]
    jnp.array_equiv(m, x)
    jnp.atan2(x, y)
    jnp.bitwise_count(A([-3, 7, 0]))
    jnp.c_[m, m]
    jnp.c_[x, y]
    jnp.can_cast("int32", "float32")
    jnp.copy(x)
    jnp.cumulative_prod(x, include_initial=True)
    jnp.cumulative_sum(m, axis=1, include_initial=True)
    jnp.delete(m, -1, axis=0)
    jnp.delete(x, A([0, 2]))
    jnp.delete(x, slice(0, 2))
    jnp.geomspace(1.0, 16.0, 5, endpoint=False)
    jnp.histogram_bin_edges(m, 4, range=(0.0, 4.0))
    jnp.i0(x)
    jnp.indices((2, 2), sparse=True)
    jnp.insert(m, 0, A([7.0, 8.0]), axis=1)
    jnp.insert(m, A([0, 1]), A([7.0, 8.0]), axis=1)
    jnp.insert(x, -1, 9.0)
    jnp.insert(x, 1, 9.0)
    jnp.insert(x, A([0, 2]), A([7.0, 8.0]))
    jnp.insert(x, slice(0, 2), 9.0)
    jnp.iscomplex(z)
    jnp.isin(x, A([3.0]), invert=True)
    jnp.isneginf(A([float("inf"), -float("inf")]))
    jnp.lexsort((x, i))
    jnp.mask_indices(3, jnp.triu)
    jnp.matrix_transpose(c)
    jnp.matvec(c, A([1.0, 2.0, 3.0, 4.0]))
    jnp.mgrid[0:1:0.5]
    jnp.mgrid[0:1:3j, 0:2]
    jnp.ogrid[0:2, 0:3]
    jnp.partition(m, 1, axis=0)[0]
    jnp.piecewise(x, [x < 0, x > 4], [lambda v: -v, lambda v: v*2, 5.0])
    jnp.piecewise(x, [x < 0], [lambda v: -v])
    jnp.place(m, m > 2, A([1.0, 2.0]), inplace=False)
    jnp.poly(x)
    jnp.polyadd(x, y[:2])
    jnp.polyder(x, 2)
    jnp.polyfit(A([0.0, 1.0, 2.0, 4.0]), A([1.0, 3.0, 2.0, 0.0]), 2)
    jnp.polyint(x, 2)
    jnp.polymul(i, i)
    jnp.polysub(x, y[:2])
    jnp.pow(x, 2)
    jnp.put(m, A([0, -1]), A([1.5, 2.5]), mode='wrap', inplace=False)
    jnp.put(x, A([0, 5]), 9.0, inplace=False)
    jnp.put_along_axis(m, A([[0, 1], [1, 2]]), A([[9.0, 8.0], [7.0, 6.0]]), axis=1, inplace=False)
    jnp.r_[0:3, 5, 6]
    jnp.r_[x, 1.0]
    jnp.ravel_multi_index((A([1, 3]), A([2, 5])), (2, 4), mode='clip')
    jnp.roots(A([1.0, -3.0, 2.0])).real.sum()
    jnp.setdiff1d(A([3, 1, 2, 3]), A([1]))
    jnp.setxor1d(A([3, 1, 2]), A([1, 5]), assume_unique=True)
    jnp.sort_complex(k)
    jnp.spacing(A([1.0, -2.0, 1e10]))
    jnp.trim_zeros(A([0, 1, 2, 0]), 'f')
    jnp.union1d(k, i)
    jnp.unique_all(A([3, 1, 3]))
    jnp.unique_counts(A([3, 1, 3]))
    jnp.unique_inverse(A([3, 1, 3]))
    jnp.unstack(c, axis=-1)
    jnp.unwrap(A([0.0, 1.0, 6.0, 6.5, 0.2]))
    jnp.unwrap(A([[0.0, 3.0, 7.0]]), axis=1)
    jnp.vecmat(z, s)
    jnp.vectorize(lambda a, b: (a*b).sum(), signature="(n),(n)->()")(m, x)
    jnp.vectorize(lambda a, b: a + b)(m, x)
"""


def theirs(text):
    return eval(text, {"u": brainunit, "A": jnp.array, **{name: jnp.array(value) for name, value in ARRAYS.items()}})


def si(value):
    """The number in SI base units and the dimension."""
    quantity = u.as_quantity(value) if isinstance(value, brainunit.Quantity) else value
    mantissa = u.get_mantissa(quantity)
    mantissa = mantissa.resolve_conj() if isinstance(mantissa, torch.Tensor) else mantissa
    return np.asarray(mantissa), u.get_unit(quantity).magnitude, u.get_dim(quantity)


def compare(found, expected):
    if isinstance(expected, (list, tuple)):
        assert len(found) == len(expected)
        for pair in zip(found, expected, strict=True):
            compare(*pair)
        return
    if isinstance(expected, (str, type(None))):
        assert found == expected
        return
    (own, scale, dimension), (other, their_scale, their_dimension) = si(found), si(expected)
    assert dimension == their_dimension
    assert own.shape == other.shape
    is_number = not isinstance(found, (u.Quantity, torch.Tensor)) or not hasattr(expected, "dtype")
    assert is_number or own.dtype == other.dtype or isinstance(u.get_mantissa(found), (bool, int, float, complex))
    kind = complex if own.dtype.kind == "c" else float
    np.testing.assert_allclose(
        own.astype(kind) * scale, other.astype(kind) * their_scale, rtol=3e-5, atol=2e-6 * min(scale, 1.0)
    )


@pytest.mark.parametrize("text", lines(CASES))
def test_function_with_options_is_brainunits(text):
    compare(ours(text), theirs(text))


@pytest.mark.parametrize("text", lines(JNP_CASES))
def test_function_with_options_is_jax_numpys(text):
    found = eval(text, {"jnp": u.math, **_names()})
    compare(found, eval(text, {"jnp": jnp, "A": jnp.array, **{name: jnp.array(v) for name, v in ARRAYS.items()}}))


@pytest.mark.parametrize("text", DECISIONS)
def test_function_decides_otherwise(text):
    assert eval(text, {"u": u, "torch": torch, **_tensors()}) == DECISIONS[text][0]


@pytest.mark.parametrize("text", REFUSALS)
def test_function_refuses(text):
    with pytest.raises(
        (TypeError, ValueError, AttributeError, LookupError, NotImplementedError), match=re.escape(REFUSALS[text])
    ):
        ours(text)


def test_cases_are_many():
    assert len(set(lines(CASES))) == len(lines(CASES)) >= 400
