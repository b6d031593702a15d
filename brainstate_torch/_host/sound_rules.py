"""Right formulas in the place of torch's wrong derivative rules, while the derivatives of this package run.

The table rests on `tests/sweeps/derivatives.py`, which compares every operator of torch with central differences.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch._functorch.autograd_function import custom_function_call
from torch.autograd import forward_ad
from torch.overrides import TorchFunctionMode

__all__ = ["SoundRules", "constant_outside", "is_constant"]


class _Thread(threading.local):
    """Per thread: how many derivatives were begun under `torch.no_grad` within others that were not.

    `enabled` tells of the innermost derivative whether gradients were enabled when its function began.
    """

    depth, enabled = 0, False


_THREAD = _Thread()


class SoundRules(TorchFunctionMode):
    """Within: an operation whose derivative torch gets wrong is computed from others, or refused.

    Parameters
    ----------
    kinds
        The transforms that enclose the caller, outermost first, the one about to begin included: Grad, Jvp and Vmap of
        torch.func, and Tape.
    """

    def __init__(self, kinds: Sequence[str]) -> None:
        super().__init__()
        derivatives = [kind for kind in kinds if kind != "Vmap"]
        self._order, self._taped = len(derivatives), "Tape" in kinds
        forward = "Jvp" in derivatives
        # A rule for the forward mode is itself differentiated (`reverse of forward` and `forward of forward`), or the
        # rule for the second derivative is: torch differentiates what both saved as if it were constant (186256).
        self._nested = self._order > 2 or derivatives[1:] == ["Jvp"]
        self._tables = [_FORWARD] * forward + [_NESTED, _SECOND] * (forward or self._order > 1)
        self._tables += [_WRITING] * (forward and not self._taped)
        self._tables += [_MAPPED] * ("Vmap" in kinds)
        # Where gradients are disabled around the derivative, the function is differentiated nevertheless.
        self._forward = forward and torch.is_grad_enabled()
        self._depth = _THREAD.depth
        self._kind = kinds[-1]

    def __enter__(self) -> "SoundRules":
        self._outer = _THREAD.enabled
        if self._kind != "Vmap":
            # torch.func enables them for the reverse mode.
            _THREAD.enabled = self._kind == "Grad" or torch.is_grad_enabled()
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)  # type: ignore[no-untyped-call]
        _THREAD.enabled = self._outer

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func is custom_function_call and is_constant():
            # A user's function enables gradients again for the levels outside of the innermost one.
            args = [x.detach() if isinstance(x, torch.Tensor) else x for x in args]
        if self._forward and self._depth == _THREAD.depth and not torch.is_grad_enabled():
            # torch's forward mode ignores `torch.no_grad` (78961); its reverse mode takes what is made there for
            # constant.
            return _constant(func, args, kwargs)
        for table in self._tables:
            rule = table.get(func)
            if rule is not None and self._applies(table, args):
                return rule(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))

    def _applies(self, table: Any, args: Sequence[Any]) -> bool:
        if table is _NESTED:
            return self._nested or (not self._taped and _on_tape(args))
        return table is not _SECOND or self._order > 1 or _on_tape(args)


def is_constant() -> bool:
    """Whether the caller, in the function of a derivative, is under `torch.no_grad` there."""
    return _THREAD.enabled and not torch.is_grad_enabled()


class constant_outside:
    """Within: what encloses a derivative that is begun under `torch.no_grad` takes its result for constant.

    Parameters
    ----------
    kinds
        The transforms that enclose the caller, outermost first.
    """

    __slots__ = ("_acts", "_before")

    def __init__(self, kinds: Sequence[str]) -> None:
        self._acts = "Jvp" in kinds and is_constant()

    def __enter__(self) -> None:
        if self._acts:
            # torch.func goes back to this for the levels outside of the one that is about to begin.
            self._before = torch._C._is_fwd_grad_enabled()
            torch._C._set_fwd_grad_enabled(False)
            _THREAD.depth += 1

    def __exit__(self, *error: object) -> None:
        if self._acts:
            _THREAD.depth -= 1
            torch._C._set_fwd_grad_enabled(self._before)


def _constant(func: Callable[..., Any], args: Any, kwargs: Mapping[str, Any] | None) -> Any:
    """Call a function whose results have no tangents."""
    before = torch._C._is_fwd_grad_enabled()
    torch._C._set_fwd_grad_enabled(False)
    try:
        return func(*args, **(kwargs or {}))
    finally:
        torch._C._set_fwd_grad_enabled(before)


def _on_tape(args: Sequence[Any]) -> bool:
    """Whether autograd, of which torch.func knows nothing, follows one of the tensors."""
    unwrapped = torch._C._functorch.get_unwrapped
    for x in args:
        while isinstance(x, torch.Tensor) and torch._C._functorch.is_functorch_wrapped_tensor(x):
            x = unwrapped(x)
        if isinstance(x, torch.Tensor) and x.requires_grad:
            return True
    return False


# Rules that are wrong at second order in the forward mode, some at third in the reverse mode: they use what was saved
# as if it were constant.


def _normalised(x: torch.Tensor, axes: list[int], eps: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    mean = x.mean(axes, keepdim=True)
    variance = (x - mean).square().mean(axes, keepdim=True)
    return (x - mean) * torch.rsqrt(variance + eps), mean, variance


def _layer_norm(
    input: torch.Tensor,
    normalized_shape: Sequence[int],
    weight: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> torch.Tensor:
    found = _normalised(input, list(range(-len(normalized_shape), 0)), eps)[0]
    found = found if weight is None else found * weight
    return found if bias is None else found + bias


def _by_channel(x: torch.Tensor | None, like: torch.Tensor) -> torch.Tensor | None:
    return None if x is None else x.reshape(1, -1, *[1] * (like.ndim - 2))


def _batch_norm(
    input: torch.Tensor,
    weight: torch.Tensor | None,
    bias: torch.Tensor | None,
    running_mean: torch.Tensor | None,
    running_var: torch.Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = True,
    axes: list[int] | None = None,
) -> torch.Tensor:
    axes = [i for i in range(input.ndim) if i != 1] if axes is None else axes
    scale, shift = _by_channel(weight, input), _by_channel(bias, input)
    if training:
        found, mean, variance = _normalised(input, axes, eps)
        count = 1
        for axis in axes:
            count *= input.shape[axis]
        for running, now in ((running_mean, mean), (running_var, variance * (count / max(count - 1, 1)))):
            if running is not None:
                over = now.detach().mean(0) if now.shape[0] > 1 else now.detach()
                running.mul_(1 - momentum).add_(momentum * over.reshape(-1))
    else:
        mean, variance = _by_channel(running_mean, input), _by_channel(running_var, input)  # type: ignore[assignment]
        found = (input - mean) * torch.rsqrt(variance + eps)
    found = found if scale is None else found * scale
    return found if shift is None else found + shift


def _instance_norm(
    input: torch.Tensor,
    weight: torch.Tensor | None,
    bias: torch.Tensor | None,
    running_mean: torch.Tensor | None,
    running_var: torch.Tensor | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = True,
) -> torch.Tensor:
    axes = list(range(2, input.ndim))
    return _batch_norm(input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps, axes=axes)


def _functional_batch_norm(
    input: torch.Tensor,
    running_mean: torch.Tensor | None,
    running_var: torch.Tensor | None,
    weight: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> torch.Tensor:
    return _batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps)


def _functional_instance_norm(
    input: torch.Tensor,
    running_mean: torch.Tensor | None = None,
    running_var: torch.Tensor | None = None,
    weight: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> torch.Tensor:
    return _instance_norm(input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps)


def _diagonal(matrix: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The diagonal of U in P L U, and the determinant of P."""
    permutation, _, upper = torch.linalg.lu(matrix)
    return upper.diagonal(dim1=-2, dim2=-1), torch.linalg.det(permutation.detach())


def _det(A: torch.Tensor) -> torch.Tensor:
    diagonal, sign = _diagonal(A)
    return sign * diagonal.prod(-1)


def _slogdet(A: torch.Tensor) -> Any:
    diagonal, sign = _diagonal(A)
    return torch.return_types.linalg_slogdet((sign * diagonal.sgn().prod(-1), diagonal.abs().log().sum(-1)))  # type: ignore[attr-defined]


def _logdet(A: torch.Tensor) -> torch.Tensor:
    sign, value = _slogdet(A)
    return value + sign.log() if A.is_complex() else torch.where(sign < 0, torch.nan, value)


def _solve(A: torch.Tensor, B: torch.Tensor, *, left: bool = True) -> torch.Tensor:
    is_vector = B.ndim == 1 or (A.ndim - 1 == B.ndim and B.shape == A.shape[:-1])
    factors, pivots = torch.linalg.lu_factor(A)
    found = torch.linalg.lu_solve(factors, pivots, B.unsqueeze(-1) if is_vector else B, left=left)
    return found.squeeze(-1) if is_vector else found  # type: ignore[no-any-return]


def _solve_ex(A: torch.Tensor, B: torch.Tensor, *, left: bool = True, check_errors: bool = False) -> Any:
    info = torch.linalg.solve_ex(A.detach(), B.detach(), left=left, check_errors=check_errors)[1]
    return torch.return_types.linalg_solve_ex((_solve(A, B, left=left), info))  # type: ignore[attr-defined]


def _tensorsolve(A: torch.Tensor, B: torch.Tensor, dims: Sequence[int] | None = None) -> torch.Tensor:
    if dims is not None:
        A = A.movedim(tuple(dims), tuple(range(A.ndim - len(dims), A.ndim)))
    shape = A.shape[B.ndim :]
    return _solve(A.reshape(B.numel(), -1), B.reshape(-1)).reshape(shape)


def _householder_product(A: torch.Tensor, tau: torch.Tensor) -> torch.Tensor:
    rows, columns = A.shape[-2:]
    unit = torch.eye(rows, dtype=A.dtype, device=A.device)
    found = unit[:, :columns].expand(*A.shape[:-2], rows, columns)
    below = A.tril(-1)
    for i in reversed(range(tau.shape[-1])):
        v = (below[..., i] + unit[i]).unsqueeze(-1)
        found = found - tau[..., i, None, None] * (v @ (v.mH @ found))
    return found


def _cumprod(input: torch.Tensor, dim: int, *, dtype: torch.dtype | None = None, out: Any = None) -> torch.Tensor:
    found = (input if dtype is None else input.to(dtype)).movedim(dim, -1) if input.ndim else input
    step = 1
    while input.ndim and step < found.shape[-1]:
        found = found * torch.cat([torch.ones_like(found[..., :step]), found[..., :-step]], -1)
        step *= 2
    return found.movedim(-1, dim) if input.ndim else found.clone()


def _native_layer_norm(
    input: torch.Tensor,
    normalized_shape: Sequence[int],
    weight: torch.Tensor | None,
    bias: torch.Tensor | None,
    eps: float,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    _, mean, variance = _normalised(input, list(range(-len(normalized_shape), 0)), eps)
    # Constants to torch.
    return _layer_norm(input, normalized_shape, weight, bias, eps), mean.detach(), torch.rsqrt(variance + eps).detach()


def _native_batch_norm(
    input: torch.Tensor,
    weight: torch.Tensor | None,
    bias: torch.Tensor | None,
    running_mean: torch.Tensor | None,
    running_var: torch.Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    found = _batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps)
    if not training:
        return found, input.new_zeros(0), input.new_zeros(0)
    _, mean, variance = _normalised(input, [i for i in range(input.ndim) if i != 1], eps)
    return found, mean.detach().reshape(-1), torch.rsqrt(variance + eps).detach().reshape(-1)


def _logcumsumexp(input: torch.Tensor, dim: int, *, out: Any = None) -> torch.Tensor:
    found, step = (input.movedim(dim, -1) if input.ndim else input), 1
    while input.ndim and step < found.shape[-1]:
        found = torch.cat([found[..., :step], torch.logaddexp(found[..., step:], found[..., :-step])], -1)
        step *= 2
    return found.movedim(-1, dim) if input.ndim else found.clone()


def _linear_cross_entropy(
    input: torch.Tensor,
    linear_weight: torch.Tensor,
    target: torch.Tensor,
    *,
    linear_bias: torch.Tensor | None = None,
    ignore_index: int | None = None,
    options: Any = None,
    **others: Any,
) -> torch.Tensor:
    """The loss at once: in chunks it has the derivative zero."""
    others = others if ignore_index is None else {**others, "ignore_index": ignore_index}
    if linear_weight.ndim != 2:
        return F.linear_cross_entropy(input, linear_weight, target, linear_bias=linear_bias, **others)
    return F.cross_entropy(F.linear(input, linear_weight, linear_bias), target, **others)


def _weight_norm(v: torch.Tensor, g: torch.Tensor, dim: int = 0) -> torch.Tensor:
    return v * (g / torch.norm_except_dim(v, 2, dim))


# Rules that are nan where all is masked, at second order or forward.


def _logaddexp(input: torch.Tensor, other: torch.Tensor, *, out: Any = None) -> torch.Tensor:
    """The other one where one is minus infinity, and constant where both are."""
    if out is not None:
        return torch.logaddexp(input, other, out=out)
    no_input, no_other = input == -torch.inf, other == -torch.inf
    none = no_input | no_other
    found = torch.logaddexp(torch.where(none, 0, input), torch.where(none, 0, other))
    one = torch.where(no_input, torch.where(no_other, -torch.inf, other), input)
    return torch.where(none, one, found)


def _safe_softmax(input: torch.Tensor, dim: int, dtype: torch.dtype | None = None) -> torch.Tensor:
    empty = (input == -torch.inf).all(dim, keepdim=True)
    return torch.where(empty, 0, torch.softmax(torch.where(empty, 0, input), dim, dtype=dtype))


# Rules for the forward mode that are wrong at first order.


def _cholesky_inverse(L: torch.Tensor, upper: bool = False, *, out: Any = None) -> torch.Tensor:
    factor = L.triu() if upper else L.tril()
    unit = torch.eye(L.shape[-1], dtype=L.dtype, device=L.device).expand(L.shape)
    inverse = torch.linalg.solve_triangular(factor, unit, upper=upper)
    return inverse @ inverse.mH if upper else inverse.mH @ inverse  # type: ignore[no-any-return]


def _triangular_solve(
    b: torch.Tensor, A: torch.Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> Any:
    factor = A.mH if transpose else A
    found = torch.linalg.solve_triangular(factor, b, upper=upper ^ transpose, unitriangular=unitriangular)
    return torch.return_types.triangular_solve((found, A.clone()))


def _reduced(func: Callable[..., Any], place: int) -> Callable[..., Any]:
    """A reduction by index, refused for products, whose rule gives zero."""

    def checked(*args: Any, **kwargs: Any) -> Any:
        if "prod" in (*args[place:], kwargs.get("reduce")):
            raise NotImplementedError(
                f"`{func.__name__}` with 'prod' must not be differentiated forward: torch gives a wrong derivative. "
                "Got it in `jvp`, `jacfwd` or `hessian`. Use `jacrev`, or add logarithms."
            )
        return func(*args, **kwargs)

    return checked


def _weighted(func: Callable[..., Any]) -> Callable[..., Any]:
    """A loss whose rule ignores the derivative with respect to its weights."""

    def checked(input: torch.Tensor, target: torch.Tensor, weight: Any = None, *args: Any, **kwargs: Any) -> Any:
        moves = isinstance(weight, torch.Tensor) and forward_ad.unpack_dual(weight, level=0).tangent is not None  # type: ignore[no-untyped-call]
        if moves:
            raise NotImplementedError(
                "`weight` of a classification loss must be constant: torch passes over its derivative. Got one that is "
                "differentiated. Multiply `log_softmax` by the weights, and gather."
            )
        return func(input, target, weight, *args, **kwargs)

    return checked


# Rules for maps.


def _prod(input: torch.Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> torch.Tensor:
    """Products of halves: torch divides by the factors, which may be zero."""
    found = input if dtype is None else input.to(dtype)
    if not (found.is_floating_point() or found.is_complex()) or (dim is not None and not found.ndim):
        return torch.prod(found) if dim is None else torch.prod(found, dim, keepdim)
    found = found.reshape(-1) if dim is None else found.movedim(dim, -1)
    while found.shape[-1] > 1:
        half = found.shape[-1] // 2
        found = torch.cat([found[..., :half] * found[..., half : 2 * half], found[..., 2 * half :]], -1)
    found = found[..., 0] if found.shape[-1] else found.new_ones(found.shape[:-1])
    return found if dim is None or not keepdim else found.unsqueeze(dim)


def _select_scatter(input: torch.Tensor, src: torch.Tensor, dim: int, index: int) -> torch.Tensor:
    """One slice replaced: for a `src` of no axes torch adds its derivative up once for each element."""
    index %= input.shape[dim]
    return torch.slice_scatter(input, src.unsqueeze(dim), dim, index, index + 1)


# Rules for the forward mode that write in place without telling autograd's counter, by which a State knows of writes.


def _normalising(func: Callable[..., Any], place: int, trains: bool) -> Callable[..., Any]:
    """A norm, whose forward rule writes into the running statistics at two places, if the sixth argument says so."""

    def normalised(*args: Any, **kwargs: Any) -> Any:
        found = func(*args, **kwargs)
        levels = torch._C._functorch.get_interpreter_stack() or ()
        if any(x.key() == torch._C._functorch.TransformType.Grad for x in levels):
            # It would be a write into what the backward pass has saved.
            return found
        if args[5] if len(args) > 5 else kwargs.get("training", kwargs.get("use_input_stats", trains)):
            for x in (*args[place : place + 2], kwargs.get("running_mean"), kwargs.get("running_var")):
                if x is not None:
                    torch.Tensor.mul_(x.detach(), 1)  # counted, and changes nothing
        return found

    return normalised


def _of(rule: Callable[..., Any], *functions: Any) -> dict[Any, Callable[..., Any]]:
    return dict.fromkeys(functions, rule)


_NESTED: dict[Any, Callable[..., Any]] = {
    **_of(_layer_norm, torch.layer_norm, F.layer_norm),
    **_of(_batch_norm, torch.batch_norm),
    **_of(_functional_batch_norm, F.batch_norm),
    **_of(_instance_norm, torch.instance_norm),
    **_of(_functional_instance_norm, F.instance_norm),
    **_of(_det, torch.det, torch.linalg.det, torch.Tensor.det),
    **_of(_slogdet, torch.slogdet, torch.linalg.slogdet, torch.Tensor.slogdet),
    **_of(_logdet, torch.logdet, torch.Tensor.logdet),
    **_of(_solve, torch.linalg.solve),
    **_of(_solve_ex, torch.linalg.solve_ex),
    **_of(_tensorsolve, torch.linalg.tensorsolve),
    **_of(_householder_product, torch.linalg.householder_product, torch.orgqr, torch.Tensor.orgqr),
    **_of(_cumprod, torch.cumprod, torch.Tensor.cumprod),
    **_of(_prod, torch.prod, torch.Tensor.prod),
    **_of(_native_layer_norm, torch.native_layer_norm),
    **_of(_native_batch_norm, torch.native_batch_norm),
    **_of(_linear_cross_entropy, F.linear_cross_entropy),
    **_of(_logcumsumexp, torch.logcumsumexp, torch.Tensor.logcumsumexp),
}
#: Wrong in the reverse mode of the reverse mode, too.
_EMPTY: dict[Any, Callable[..., Any]] = {
    **_of(_logaddexp, torch.logaddexp, torch.Tensor.logaddexp),
    **_of(_safe_softmax, torch._safe_softmax),
}
_SECOND: dict[Any, Callable[..., Any]] = {**_of(_weight_norm, torch._weight_norm), **_EMPTY}
_FORWARD: dict[Any, Callable[..., Any]] = {
    **_EMPTY,
    **_of(_cholesky_inverse, torch.cholesky_inverse, torch.Tensor.cholesky_inverse),
    **_of(_triangular_solve, torch.triangular_solve, torch.Tensor.triangular_solve),
    **{f: _reduced(f, 4) for f in (torch.scatter_reduce, torch.Tensor.scatter_reduce, torch.Tensor.scatter_reduce_)},
    **{f: _reduced(f, 4) for f in (torch.index_reduce, torch.Tensor.index_reduce, torch.Tensor.index_reduce_)},
    # Calls inside a Python function of torch are not seen: a mode is off within its own handler.
    **{f: _weighted(f) for f in (F.nll_loss, F.cross_entropy)},
}
_WRITING: dict[Any, Callable[..., Any]] = {
    F.batch_norm: _normalising(F.batch_norm, 1, trains=False),
    F.instance_norm: _normalising(F.instance_norm, 1, trains=True),
    **{f: _normalising(f, 3, trains=True) for f in (torch.batch_norm, torch.instance_norm, torch.native_batch_norm)},
}
_MAPPED: dict[Any, Callable[..., Any]] = {
    **_of(_prod, torch.prod, torch.Tensor.prod),
    **_of(_select_scatter, torch.select_scatter, torch.Tensor.select_scatter),
}
