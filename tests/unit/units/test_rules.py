"""The rule table, against the same calls on plain tensors in SI units.

Every function that torch lets a class override is called twice: with quantities in odd units, and with plain tensors.
A rule that does not match the function's own scaling gives other numbers. Functions without a rule must refuse
quantities by name.
"""

import warnings

import pytest
import torch
import torch.nn.functional as F

import brainstate_torch.units as u
from brainstate_torch.units import dispatch
from brainstate_torch.units.rules import _TABLE
from brainstate_torch.units.signature import parse
from brainstate_torch.units.unit import UNITLESS

#: For each letter of a signature, the unit in which it appears first, and the one in which it appears again.
UNITS = {"a": (u.inch, u.foot), "b": (u.minute, u.hour), "c": (u.pound, u.ounce)}

#: The arguments of each function, as text over the names in `_values`; x alone where none are given.
SAMPLES = {
    "add sub subtract rsub maximum minimum fmax fmin remainder fmod hypot nextafter eq ne not_equal lt less le "
    "less_equal gt greater ge greater_equal floor_divide arctan2 atan2 equal isclose allclose isin dist mul multiply "
    "div divide true_divide matmul mm inner kron linalg_matmul spmm copysign linalg_solve linalg_solve_ex linalg_lstsq "
    "linalg_cross cross linalg_vecdot __add__ __sub__ __mod__ __rmod__ __radd__ __rsub__ __eq__ __ne__ __lt__ __le__ "
    "__gt__ __ge__ __floordiv__ __rfloordiv__ __mul__ __rmul__ __matmul__ __rmatmul__ __truediv__ __div__ __rdiv__ "
    "logical_and logical_or logical_xor "
    "is_same_size is_set_to l1_loss mse_loss cdist type_as": "x, y",
    "heaviside": "x, 0.5 * torch.ones(3, 3)",
    "smm": "x.to_sparse(), y",
    "mv": "x, v",
    "dot vdot ger outer": "v, w",
    "bmm": "x[None], y[None]",
    "tensordot": "x, y, 1",
    "addmm addmv addr addcmul addcdiv sspaddmm saddmm": "x, y, z",
    "addmv": "v, x, w",
    "addr": "x, v, w",
    "addbmm": "x, y[None], z[None]",
    "baddbmm": "x[None], y[None], z[None]",
    "sspaddmm saddmm": "x.to_sparse(), y.to_sparse(), z",
    "linear": "x, y, v",
    "bilinear": "x, y, cube, v",
    "conv1d": "signal, kernel1, pair",
    "conv2d": "image, kernel2, pair",
    "conv3d": "volume, kernel3, pair",
    "conv_transpose1d": "signal, kernel1, pair",
    "conv_transpose2d": "image, kernel2, pair",
    "conv_transpose3d": "volume, kernel3, pair",
    "conv_tbc": "torch.rand(5, 1, 2), torch.rand(3, 2, 2), pair",
    "convolution": "image, kernel2, pair, (1, 1), (0, 0), (1, 1), False, (0, 0), 1",
    "scaled_dot_product_attention": "x, y, z",
    "lerp": "x, y, 0.3",
    "where": "mask, x, y",
    "Tensor.where": "x, mask, y",
    "clamp clip": "x, y, z",
    "clamp_min clamp_max": "x, y",
    "cat concat concatenate stack hstack vstack dstack column_stack row_stack": "[x, y]",
    "block_diag cartesian_prod meshgrid broadcast_tensors": "v, w",
    "chain_matmul": "x, y",
    "linalg_multi_dot": "[x, y, z]",
    "einsum": "'ij,jk->ik', x, y",
    "complex": "x, y",
    "polar": "x, z",
    "searchsorted": "v.sort()[0], w",
    "bucketize": "w, v.sort()[0]",
    "histc histogram": "x, 4",
    "bincount": "index, v",
    "renorm": "x, 2, 0, y[0, 0]",
    "pad": "x, (1, 1), 'constant', y[0, 0]",
    "constant_pad_nd": "x, (1, 1), y[0, 0]",
    "threshold _threshold": "x, y[0, 0], z[0, 0]",
    "fill full_like fill_ copy_ fill_diagonal_": "x, y[0, 0]",
    "masked_fill": "x, mask, y[0, 0]",
    "masked_scatter": "x, mask, y",
    "masked_select": "x, mask",
    "put": "x, index, w",
    "index_put": "x, (index,), y",
    "index_add index_copy": "x, 0, index, y",
    "index_fill": "x, 0, index, y[0, 0]",
    "index_reduce": "x, 0, index, y, 'amax'",
    "scatter scatter_add": "x, 0, index[None], y",
    "scatter_reduce": "x, 0, index[None], y, 'sum'",
    "select_scatter": "x, v, 0, 0",
    "slice_scatter": "x, y, 0",
    "slice_inverse": "x, y, 0",
    "diagonal_scatter": "x, v",
    "as_strided_scatter": "x, v, (3,), (1,)",
    "__setitem__": "x, 0, v",
    "__contains__": "x, x[0, 0]",
    "prelu": "x, pair[0]",
    "embedding": "x, index",
    "F.embedding F.embedding_bag": "index[None], x",
    "trapezoid trapz cumulative_trapezoid": "v, w.sort()[0]",
    "ldexp": "x, index",
    "linalg_solve_triangular": "x.triu(), y, upper=True",
    "triangular_solve": "y, x.triu()",
    "cholesky_solve": "y, x.tril()",
    "linalg_tensorsolve": "x, v",
    "gradient": "v, spacing=w[0]",
    "cosine_similarity cosine_embedding_loss": "x, y",
    "cosine_embedding_loss": "x, y, torch.ones(3)",
    "float_power pow matrix_power linalg_matrix_power": "x, 2",
    "__pow__": "x, 2",
    "norm linalg_norm linalg_vector_norm": "x, 1",
    "prod": "x, 1",
    "cumsum cummax cummin unbind_copy": "x, 0",
    "adaptive_avg_pool1d adaptive_max_pool1d adaptive_max_pool1d_with_indices": "signal, 2",
    "adaptive_avg_pool2d adaptive_max_pool2d adaptive_max_pool2d_with_indices": "image, 2",
    "adaptive_avg_pool3d adaptive_max_pool3d adaptive_max_pool3d_with_indices": "volume, 2",
    "avg_pool1d max_pool1d max_pool1d_with_indices": "signal, 2",
    "avg_pool2d max_pool2d max_pool2d_with_indices": "image, 2",
    "avg_pool3d max_pool3d max_pool3d_with_indices": "volume, 2",
    "lp_pool1d": "signal, 2.0, 2",
    "lp_pool2d": "image, 2.0, 2",
    "lp_pool3d": "volume, 2.0, 2",
    "fractional_max_pool2d fractional_max_pool2d_with_indices": "image, 2, 2, None, False, torch.rand(1, 2, 2)",
    "fractional_max_pool3d fractional_max_pool3d_with_indices": "volume, 2, 2, None, False, torch.rand(1, 2, 3)",
    "max_unpool1d": "*F.max_pool1d(signal, 2, return_indices=True), 2",
    "max_unpool2d": "*F.max_pool2d(image, 2, return_indices=True), 2",
    "max_unpool3d": "*F.max_pool3d(volume, 2, return_indices=True), 2",
    "as_strided as_strided_copy": "x, (2, 2), (1, 1)",
    "broadcast_to expand expand_copy": "x, (2, 3, 3)",
    "channel_shuffle native_channel_shuffle": "image, 2",
    "chunk tensor_split unsafe_chunk split_with_sizes hsplit vsplit": "x, 3",
    "split_with_sizes split_with_sizes_copy unsafe_split_with_sizes split": "x, (1, 2)",
    "split_copy unsafe_split": "x, 2",
    "dsplit": "cube, 3",
    "dropout alpha_dropout feature_dropout": "x, 0.0, True",
    "dropout1d": "x, 0.0, True",
    "dropout2d": "image, 0.0, True",
    "dropout3d": "volume, 0.0, True",
    "expand_as view_as reshape_as": "x, z",
    "flip": "x, (0,)",
    "combinations": "v",
    "frobenius_norm": "x, (0, 1)",
    "fold": "torch.rand(1, 8, 9), (4, 4), 2",
    "F.unfold": "image, 2",
    "unfold unfold_copy": "x, 0, 2, 1",
    "gather take_along_dim": "x, 0, index[None]",
    "take_along_dim": "x, index[None], 0",
    "grid_sample": "image, torch.rand(1, 2, 2, 2), align_corners=False",
    "grid_sampler grid_sampler_2d": "image, torch.rand(1, 2, 2, 2), 0, 0, False",
    "grid_sampler_3d": "volume, torch.rand(1, 2, 2, 2, 3), 0, 0, False",
    "index_select": "x, 0, index",
    "__getitem__": "x, 0",
    "interpolate": "image, scale_factor=2.0",
    "istft": "torch.stft(torch.rand(64), 16, window=torch.ones(16), return_complex=True), 16, window=torch.ones(16)",
    "stft": "torch.rand(64), 16, window=torch.ones(16), return_complex=True",
    "leaky_relu": "x - 2.0",
    "moveaxis movedim swapaxes swapdims transpose transpose_copy": "x, 0, 1",
    "narrow narrow_copy": "x, 0, 0, 2",
    "permute permute_copy": "x, (1, 0)",
    "pixel_shuffle": "torch.rand(1, 4, 2, 2), 2",
    "pixel_unshuffle": "torch.rand(1, 1, 4, 4), 2",
    "quantile nanquantile": "x, 0.5",
    "repeat tile": "x, (2, 1)",
    "repeat_interleave": "x, 2",
    "requires_grad_": "x",
    "reshape view view_copy resize_": "x, (9,)",
    "roll": "x, 1",
    "select select_copy": "x, 0, 0",
    "slice_copy": "x",
    "sum_to_size": "x, (1, 3)",
    "take": "x, index",
    "type": "x, torch.float64",
    "to": "x, torch.float64",
    "unflatten": "x, 0, (3, 1)",
    "unsqueeze unsqueeze_copy squeeze_copy": "x, 0",
    "view_as_complex view_as_complex_copy": "torch.rand(3, 2)",
    "view_as_real view_as_real_copy imag": "x + 1j",
    "values": "x.to_sparse().coalesce()",
    "coalesce": "x.to_sparse()",
    "kthvalue topk": "x, 2",
    "tensor_split": "x, 3",
    "pdist": "x",
    "linalg_matrix_rank": "x",
    "size": "x, 0",
    "pow_ float_power_": "x, 2",
    "stride": "x, 0",
    "is_coalesced dense_dim sparse_dim": "x.to_sparse()",
    "linalg_tensorinv": "x[:, None], 1",
    "t t_copy adjoint mH mT T H": "x",
    "normalize": "x",
    "sparse_mask": "x, x.to_sparse()",
    "tril triu diag": "x",
    "is_nonzero": "x[0, 0]",
    "corrcoef cov": "x",
    "linalg_eigvals linalg_eig": "x",
    "nonzero_static": "x, size=9",
}
SAMPLE_OF = {name: text for names, text in SAMPLES.items() for name in names.split()}

#: Rounding depends on the unit; what it rounds is the number the user sees. Tested below.
ROUNDING = {
    "ceil",
    "fix",
    "floor",
    "frac",
    "round",
    "special_round",
    "trunc",
    "int",
    "long",
    "short",
    "frexp",
    "nan_to_num",
}
LOW_PRECISION = {"half", "bfloat16", "chalf", "float", "cfloat"}
#: Need a device or storage that is not here, give random or uninitialised numbers, or take integers only.
ELSEWHERE = {
    "gcd",
    "lcm",
    "cuda",
    "ipu",
    "mtia",
    "xpu",
    "pin_memory",
    "is_pinned",
    "empty_like",
    "const_data_ptr",
    "data_ptr",
    "grad",
    "share_memory_",
    "svd_lowrank",
    "pca_lowrank",
    "retain_grad",
    "storage_offset",
    "output_nr",
    "dequantize",
    "name",
    "volatile",
    "grad_fn",
    "grad_dtype",
    "retains_grad",
    "requires_grad",
    "is_shared",
    "rrelu",
    "ones_like",
    "element_size",
    "itemsize",
    "nbytes",
    "resize_",
    "to_dense",
    "is_coalesced",
    "__contains__",
}


def _functions():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        listed = torch.overrides.get_overridable_functions()
    return list({id(f): f for functions in listed.values() for f in functions}.values())


FUNCTIONS = _functions()
RULED = [f for f in FUNCTIONS if dispatch.rule_for(f)[1] is not None]
UNRULED = [f for f in FUNCTIONS if dispatch.rule_for(f)[1] is None]
#: Rules whose numbers are compared here; the others are tested below and in test_dispatch.
COMPARED = [f for f in RULED if not {(n := dispatch.rule_for(f)[0]), n.removesuffix("_")} & (ROUNDING | ELSEWHERE)]


def _is_in_place(function):
    return dispatch.rule_for(function)[2]


def _label(function):
    return f"{getattr(function, '__module__', None) or 'Tensor'}.{dispatch.rule_for(function)[0]}"


def _values():
    """Positive values: 3x3 matrices x (positive definite), y, z, vectors v, w, and larger arrays."""
    random = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.rand(*shape, generator=random, dtype=torch.float64) + 0.5

    x = draw(3, 3)
    return {
        "torch": torch,
        "F": F,
        "x": x @ x.T + torch.eye(3, dtype=torch.float64),
        "y": draw(3, 3),
        "z": draw(3, 3),
        "v": draw(3),
        "w": draw(3),
        "cube": draw(3, 3, 3),
        "mask": torch.eye(3, dtype=torch.bool),
        "index": torch.tensor([0, 2, 1]),
        "signal": draw(1, 2, 8),
        "image": draw(1, 2, 4, 4),
        "volume": draw(1, 2, 4, 4, 4),
        "kernel1": draw(2, 2, 3),
        "kernel2": draw(2, 2, 3, 3),
        "kernel3": draw(2, 2, 3, 3, 3),
        "pair": draw(2),
    }


def _sample(function):
    name, _rule, _ = dispatch.rule_for(function)
    base = f"__{name[3:]}" if name.startswith("__i") else name if name in _TABLE else name.removesuffix("_")
    space = (
        "Tensor."
        if function is getattr(torch.Tensor, name, None)
        else "F."
        if function is getattr(F, name, None)
        else ""
    )
    text = SAMPLE_OF.get(space + base) or SAMPLE_OF.get(base) or "x"
    torch.manual_seed(0)
    previous = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return eval(f"(lambda *args, **kwargs: (args, kwargs))({text})", _values())
    finally:
        torch.set_default_dtype(previous)


def _unit_of(powers, seen):
    unit = UNITLESS
    for letter, power in powers.items():
        unit = unit * UNITS[letter][min(seen.get(letter, 0), 1)] ** power
        seen[letter] = seen.get(letter, 0) + 1
    return unit


def _signature(function, args, kwargs):
    rule = dispatch.rule_for(function)[1]
    return parse(rule(args, kwargs) if callable(rule) else rule)


def _with_units(function, args, kwargs):
    """The arguments as quantities, in the units that the signature asks for, letter by letter."""
    signature = _signature(function, args, kwargs)
    seen = {}

    def wrap(value, expressions):
        if expressions is None or value is None:
            return value
        if isinstance(value, list):
            return [wrap(item, expressions[min(i, len(expressions) - 1) :]) for i, item in enumerate(value)]
        unit = _unit_of(expressions[0], seen)
        return u.Quantity._make(value / unit.magnitude, unit) if unit is not UNITLESS else value

    new_args = [wrap(value, signature.expressions(i)) for i, value in enumerate(args)]
    return new_args, {key: wrap(value, signature.expressions(key)) for key, value in kwargs.items()}


def _in_si(result):
    if isinstance(result, u.Quantity):
        return result.mantissa * result.unit.magnitude
    if isinstance(result, (list, tuple)):
        return [_in_si(item) for item in result]
    return result


def _compare(found, expected, tolerance):
    if isinstance(expected, (list, tuple)):
        assert len(found) == len(expected)
        for pair in zip(found, expected, strict=True):
            _compare(*pair, tolerance)
    elif isinstance(expected, torch.Tensor):
        if expected.is_sparse:
            found, expected = found.to_dense(), expected.to_dense()
        torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance, equal_nan=True)
    else:
        assert found == expected


def _call(function, args, kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*args, **kwargs)


@pytest.mark.parametrize("function", [f for f in COMPARED if not _is_in_place(f)], ids=_label)
def test_rule_gives_the_numbers_of_si_units(function):
    name = dispatch.rule_for(function)[0]
    args, kwargs = _sample(function)
    expected = _call(function, args, kwargs)
    args, kwargs = _sample(function)
    args, kwargs = _with_units(function, args, kwargs)
    found = _call(lambda *a, **k: dispatch.apply(function, a, k), args, kwargs)
    if name == "__setitem__":
        found, expected = args[0], _sample(function)[0][0]
        expected[0] = _sample(function)[0][2]
    _compare(_in_si(found), expected, 1e-2 if name in LOW_PRECISION else 1e-6)


@pytest.mark.parametrize("function", [f for f in COMPARED if _is_in_place(f)], ids=_label)
def test_in_place_form_gives_the_numbers_of_si_units_or_refuses(function):
    args, kwargs = _sample(function)
    result = _signature(function, args, kwargs).results[0]
    args, kwargs = _with_units(function, args, kwargs)
    before = args[0].unit
    if result != {"a": 1} and result != {"c": 1}:
        with pytest.raises(u.UnitMismatchError, match=r"must keep the unit of what it writes to"):
            dispatch.apply(function, args, kwargs)
        return
    written = dispatch.apply(function, args, kwargs)
    assert written is args[0] and written.unit is before
    args, kwargs = _sample(function)
    _compare(_in_si(written), _call(function, args, kwargs), 1e-6)


@pytest.mark.parametrize("function", UNRULED, ids=_label)
def test_function_without_rule_names_itself(function):
    q = torch.ones(2) * u.mV
    name = dispatch.rule_for(function)[0]
    for args in ((q,), ([q],), (torch.ones(2), q)):
        with pytest.raises(
            u.UnitMismatchError, match=rf"`{name}` must get a plain number\. Got a quantity in mV\. Divide by"
        ):
            dispatch.apply(function, args, {})
    with pytest.raises(u.UnitMismatchError, match=r"must get a plain number"):
        dispatch.apply(function, (), {"input": q})


@pytest.mark.parametrize("name", sorted(_TABLE))
def test_name_in_the_table_is_a_function_of_torch(name):
    spaces = {"F": [F], "Tensor": [torch.Tensor], "autograd": [torch.autograd]}
    space, _, bare = name.rpartition(".")
    homes = spaces.get(space, [torch, torch.Tensor, F, torch._C._linalg, torch._C._fft, torch._C._special])
    assert any(hasattr(home, bare) for home in homes) or bare in {dispatch.rule_for(f)[0] for f in FUNCTIONS}


def test_every_overridable_function_is_seen():
    assert len(FUNCTIONS) == len(RULED) + len(UNRULED) > 1200
    assert len(RULED) > 800 and len(RULED) - len(COMPARED) < 70


@pytest.mark.parametrize("name", sorted(ROUNDING - {"frexp", "int", "long", "short", "nan_to_num", "special_round"}))
def test_rounding_works_on_the_number_in_front_of_the_unit(name):
    q = torch.tensor([1.25, -2.75]) * u.mV
    found = getattr(torch, name)(q)
    assert found.unit is u.mV
    assert torch.equal(found.mantissa, getattr(torch, name)(q.mantissa))
