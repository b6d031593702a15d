"""The rule table: what each torch function does to units, as signatures (see `signature`).

A name stands for the function and the Tensor method, and for its in-place form. ``F.`` marks functions of
torch.nn.functional and ``Tensor.`` methods that differ from their namesakes. Functions that are not here need plain
numbers: quantities without dimension are handed over as such, all others raise. So no unit is ever lost in silence.
"""

from collections.abc import Callable

from . import dependent

__all__ = ["DEFAULTS", "NEEDS_FLOATS", "NEEDS_ONE", "rule_of"]

_KEEP = """
    abs absolute adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adjoint alias_copy amax amin aminmax
    as_strided as_strided_copy avg_pool1d avg_pool2d avg_pool3d broadcast_to ceil channel_shuffle chunk clone
    coalesce combinations conj conj_physical contiguous cpu cuda cumsum data dequantize detach detach_copy diag
    diag_embed diagflat diagonal diagonal_copy double dropout dropout1d dropout2d dropout3d dsplit empty_like
    expand expand_as expand_copy feature_dropout fft_fft fft_fft2 fft_fftn fft_fftshift fft_hfft fft_hfft2
    fft_hfftn fft_ifft fft_ifft2 fft_ifftn fft_ifftshift fft_ihfft fft_ihfft2 fft_ihfftn fft_irfft fft_irfft2
    fft_irfftn fft_rfft fft_rfft2 fft_rfftn fix flatten flip fliplr flipud float floor fold frac frobenius_norm
    gather grid_sample grid_sampler grid_sampler_2d grid_sampler_3d H half hsplit imag index_select int
    interpolate ipu istft leaky_relu linalg_diagonal linalg_eigvals linalg_eigvalsh linalg_svdvals long lp_pool1d
    lp_pool2d lp_pool3d masked_select max_unpool1d max_unpool2d max_unpool3d mean mH mT moveaxis movedim msort
    mtia nanmean nanquantile nansum narrow narrow_copy native_channel_shuffle neg negative nuclear_norm ones_like
    permute permute_copy pin_memory pixel_shuffle pixel_unshuffle positive quantile ravel real relu repeat
    repeat_interleave requires_grad_ reshape reshape_as resize_ resolve_conj resolve_neg roll rot90 round rrelu
    select select_copy share_memory_ short slice_copy special_round split split_copy split_with_sizes
    split_with_sizes_copy squeeze squeeze_copy std std_mean stft sum sum_to_size swapaxes swapdims T t t_copy take
    take_along_dim tensor_split tile to to_dense to_sparse trace transpose transpose_copy tril triu trunc type
    type_as unbind unbind_copy unflatten unfold unfold_copy unsafe_chunk unsafe_split unsafe_split_with_sizes
    unsqueeze unsqueeze_copy values view view_as view_as_complex view_as_complex_copy view_as_real
    view_as_real_copy view_copy vsplit xpu bfloat16 cdouble cfloat chalf zero_ zeros_like __getitem__ __reversed__
"""

_DROP = """
    all angle any argmax argmin argsort argwhere const_data_ptr corrcoef count_nonzero data_ptr dense_dim device
    dim dim_order dtype element_size get_device grad_dtype grad_fn is_coalesced is_complex is_conj is_contiguous
    is_cpu is_cuda is_distributed is_floating_point is_inference is_ipu is_leaf is_maia is_meta is_mkldnn is_mps
    is_mtia is_neg is_nested is_nonzero is_pinned is_quantized is_shared is_signed is_sparse is_sparse_csr
    is_vulkan is_xla is_xpu isfinite isinf isnan isneginf isposinf isreal itemsize layout linalg_cond
    logical_not
    name nbytes ndim ndimension nelement nonzero nonzero_static numel output_nr requires_grad
    retain_grad retains_grad sgn shape sign signbit size sparse_dim storage_offset stride volatile
    __len__
"""

#: Signature -> names of the functions that have it.
_SIGNATURES = {
    "input=a -> a": _KEEP,
    "input=a -> 1": _DROP,
    "input=a -> a, 1": """
        adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d adaptive_max_pool1d_with_indices
        adaptive_max_pool2d_with_indices adaptive_max_pool3d_with_indices cummax cummin fractional_max_pool2d
        fractional_max_pool2d_with_indices fractional_max_pool3d fractional_max_pool3d_with_indices
        kthvalue linalg_eig linalg_eigh max_pool1d max_pool1d_with_indices max_pool2d max_pool2d_with_indices
        max_pool3d max_pool3d_with_indices median mode nanmedian sort topk
    """,
    "input=a -> a, 1, 1": "unique unique_consecutive",
    "input=a -> a^2": "square var cov",
    "input=a -> a^2, a": "var_mean",
    "input=a -> 1/a": "reciprocal inverse linalg_inv linalg_tensorinv pinverse grad",
    "input=a -> 1/a, 1": "linalg_inv_ex",
    "input=a, rcond, atol=a -> 1/a": "linalg_pinv",
    "input=a, tol|atol=a -> 1": "linalg_matrix_rank",
    "input=a -> a^.5": "sqrt linalg_cholesky cholesky",
    "input=a -> a^.5, 1": "linalg_cholesky_ex",
    "input=a -> a^-.5": "rsqrt",
    "input=a -> a^-2": "cholesky_inverse",
    "input=a -> 1, a": "linalg_qr qr",
    "input=a -> 1, a, 1": "linalg_svd svd svd_lowrank pca_lowrank",
    "input=a -> 1, 1, a": "linalg_lu",
    # One common unit.
    "input=a, other=a -> a": """
        add sub subtract rsub maximum minimum fmax fmin gcd lcm remainder fmod hypot nextafter __add__ __sub__ __radd__
        __rsub__ __mod__ __rmod__
    """,
    "input=a, other=a -> 1": """
        logical_and logical_or logical_xor eq ne not_equal lt less le less_equal gt greater ge greater_equal
        floor_divide arctan2 atan2 equal
        __eq__ __ne__ __lt__ __le__ __gt__ __ge__ __floordiv__ __rfloordiv__
    """,
    "input=a, other=a, rtol, atol=a -> 1": "isclose allclose",
    "elements=a, test_elements=a -> 1": "isin",
    "input=a, element=a -> 1": "__contains__",
    "sorted_sequence=a, input=a -> 1": "searchsorted",
    "input=a, boundaries=a -> 1": "bucketize",
    "input=a, bins, min=a, max=a -> 1": "histc",
    "input=a, bins, range=a -> 1, a": "histogram",
    "input, weights=b -> b": "bincount",
    "input=a, min=a, max=a -> a": "clamp clip",
    "input=a, min|max=a -> a": "clamp_min clamp_max",
    "condition, input=a, other=a -> a": "where",
    "input=a, condition, other=a -> a": "Tensor.where",
    "input=a, end=a, weight -> a": "lerp",
    "input=a, n, dim, prepend=a, append=a -> a": "diff",
    "input=a, nan=a, posinf=a, neginf=a -> a": "nan_to_num",
    "input=a, pad, mode, value=a -> a": "F.pad",
    "input=a, pad, value=a -> a": "constant_pad_nd",
    "input=a, threshold=a, value=a -> a": "threshold _threshold",
    "tensors=a -> a": "cat concat concatenate stack hstack vstack dstack column_stack row_stack",
    "*tensors=a -> a": "block_diag cartesian_prod",
    "real|abs=a, imag=a -> a": "complex",
    "abs=a, angle -> a": "polar",
    "input=a, target=a -> a": "l1_loss",
    "input=a, target=a -> a^2": "mse_loss",
    "query=a, key=1/a, value=b -> b": "scaled_dot_product_attention",
    # Writing into a part.
    "input=a, value|fill_value|src=a -> a": "fill fill_ full_like copy_ fill_diagonal_",
    "input=a, index, value=a -> 1": "__setitem__",
    "input=a, mask, value|source=a -> a": "masked_fill masked_scatter",
    "input=a, index|indices, source|values=a -> a": "put index_put",
    "input=a, dim, index, source|src|value=a -> a": "index_add index_copy index_fill scatter_add",
    "input=a, src=a -> a": "select_scatter slice_scatter diagonal_scatter as_strided_scatter slice_inverse",
    # Products.
    "input|a|x=a, other|mat2|vec|vec2|tensor|tensor2|b|y=b -> a*b": """
        mul multiply matmul mm bmm mv dot vdot inner outer ger kron cross linalg_cross linalg_matmul
        linalg_vecdot tensordot smm spmm __mul__ __rmul__ __matmul__ __rmatmul__
    """,
    "input=c, mat1|mat|batch1|vec1|tensor1=a, mat2|vec|batch2|vec2|tensor2=c/a -> c": """
        addmm addmv addbmm baddbmm addr addcmul sspaddmm saddmm
    """,
    "input=c, tensor1=a, tensor2=a/c -> c": "addcdiv",
    "input=a, weight=b, bias=a*b -> a*b": """
        linear conv1d conv2d conv3d conv_tbc conv_transpose1d conv_transpose2d conv_transpose3d convolution
    """,
    "input1=a, input2=b, weight=c, bias=a*b*c -> a*b*c": "bilinear",
    "input=a, weight -> a": "prelu",
    "input, weight=a, padding_idx, max_norm=a -> a": "F.embedding F.embedding_bag",
    "weight=a, indices -> a": "embedding",
    "y=a, x|dx=b -> a*b": "trapezoid trapz cumulative_trapezoid",
    "input=a, other=b -> a": "copysign",
    "input=a, other -> a": "ldexp",
    "input=a, values -> 1": "heaviside",
    # Quotients.
    "input=a, other=b -> a/b": "true_divide __truediv__ __div__",
    "input=a, other=b -> b/a": "__rdiv__",
    "A=a, B=b -> b/a": "linalg_solve linalg_solve_triangular linalg_tensorsolve",
    "A=a, B=b -> b/a, 1": "linalg_solve_ex",
    "A=a, B=b -> b/a, b^2, 1, a": "linalg_lstsq",
    "input=b, A=a -> b/a, a": "triangular_solve",
    "input=b, input2=a -> b/a^2": "cholesky_solve",
    "input=a, spacing=b -> a/b": "gradient",
    "x1=a, x2=b -> 1": "cosine_similarity",
    "input=a, other=b -> 1": "is_same_size is_set_to",
    "input1=a, input2=b -> 1": "cosine_embedding_loss",
}

#: Functions whose signature depends on their arguments.
_DEPENDENT: dict[str, Callable[..., str]] = {
    "autograd.grad": dependent.gradients,
    "cdist": dependent.distances,
    "chain_matmul": dependent.product_of_all,
    "det": dependent.determinant,
    "div": dependent.quotient,
    "divide": dependent.quotient,
    "dist": dependent.distance,
    "einsum": dependent.product_after_first,
    "float_power": dependent.power,
    "index_reduce": dependent.reduction,
    "linalg_det": dependent.determinant,
    "linalg_matrix_norm": dependent.norm,
    "linalg_matrix_power": dependent.power,
    "linalg_multi_dot": dependent.product_of_all,
    "linalg_norm": dependent.norm,
    "linalg_vector_norm": dependent.norm,
    "matrix_power": dependent.power,
    "max": dependent.extreme,
    "min": dependent.extreme,
    "norm": dependent.norm,
    "normalize": dependent.normalized,
    "pdist": dependent.norm,
    "pow": dependent.power,
    "prod": dependent.product_along,
    "scatter": dependent.reduction,
    "scatter_reduce": dependent.reduction,
    "__pow__": dependent.power,
    "__rpow__": dependent.reflected_power,
    **dict.fromkeys(("atleast_1d", "atleast_2d", "atleast_3d", "broadcast_tensors", "meshgrid"), dependent.each),
}

_TABLE: dict[str, str | Callable[..., str]] = {
    **{name: signature for signature, names in _SIGNATURES.items() for name in names.split()},
    **_DEPENDENT,
}

#: Functions with a default that is small in one unit and large in another: the parameter, its position, and the default
#: in its place; None is the smallest normal number of the dtype.
DEFAULTS: dict[str, tuple[str, int, float | None]] = {
    "isclose": ("atol", 3, 0.0),
    "allclose": ("atol", 3, 0.0),
    "normalize": ("eps", 3, None),
    "cosine_similarity": ("eps", 3, None),
}

#: Functions that torch refuses for integers, and JAX and numpy do not.
NEEDS_FLOATS = frozenset(
    {"mean", "std", "var", "std_mean", "var_mean", "nanmean", "quantile", "nanquantile", "linalg_norm"}
    | {"linalg_vector_norm", "norm", "cov", "corrcoef"}
)

#: Functions that would count a scale twice: they need the number one as unit, an angle in degrees is not enough.
NEEDS_ONE = frozenset({"deg2rad", "rad2deg"})

_IN_PLACE = {
    f"__i{name}__": f"__{name}__" for name in ("add", "sub", "mul", "truediv", "div", "mod", "floordiv", "pow")
}


def rule_of(*names: str) -> tuple[str | Callable[..., str] | None, bool]:
    """The rule of the first of the names that has one, and whether it writes in place."""
    for name in names:
        if name in _TABLE:
            return _TABLE[name], name.endswith("_") and not name.endswith("__")
    for name in names:
        base = _IN_PLACE.get(name, name.removesuffix("_"))
        if (base != name and base in _TABLE and not name.endswith("__")) or name in _IN_PLACE:
            return _TABLE[base], True
    return None, False
