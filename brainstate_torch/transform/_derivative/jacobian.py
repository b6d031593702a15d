"""jacrev, jacfwd and hessian: derivatives of every result with respect to every input."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from ... import _tree
from ..._arrays import as_tensor, short_dtype
from ..._host.functorch import along_directions, jvp, vjp, vmap
from .._core.draws import random_state, rewind
from .._core.running import Ran, Run
from .._core.selection import Inputs
from .._core.signatures import P
from .checks import check_inputs, checked_result
from .exact import Exact
from .gradient_transform import Argnums, GradientTransform, GradStates, Out, checked_keywords
from .naming import public_name
from .reverse import Pure, Tensors
from .signatures import shown_as_jacobian
from .unit_ratio import as_derivative

__all__ = ["hessian", "jacfwd", "jacobian", "jacrev"]

Rows = list[list[Any]]  # Rows[i][j]: the derivative of result i by input j, of shape [*result, *input]
Base = Callable[[Sequence[torch.Tensor], Run], tuple[Any, Tensors]]


def _reverse_rows(fun: Any, leaves: Tensors, chunk_size: int | None) -> tuple[Rows, Any]:
    """Rows by reverse mode: one pass backward for each number in the results, in chunks under vmap."""
    results, pull, carried = vjp(fun, leaves, has_aux=True)
    rows = []
    for i, result in enumerate(results):

        def pulled(cotangent: torch.Tensor, i: int = i) -> Tensors:
            zeros = [torch.zeros_like(other) for other in results]
            zeros[i] = cotangent.reshape(results[i].shape)
            (found,) = pull(tuple(zeros))
            return tuple([x.conj().resolve_conj() if x.is_complex() else x for x in found])

        if result.ndim == 0:
            rows.append(list(pulled(torch.ones_like(result))))
            continue
        basis = torch.eye(result.numel(), dtype=result.dtype, device=result.device)
        flat = vmap(pulled, chunk_size=chunk_size)(basis)
        rows.append([x.reshape(result.shape + leaf.shape) for x, leaf in zip(flat, leaves, strict=True)])
    return rows, carried


def _forward_rows(fun: Any, leaves: Tensors, run: Run, chunk_size: int | None) -> tuple[list[Any], Any]:
    """The derivatives of each result with respect to each leaf: one forward pass for each number in the inputs."""
    total = sum([leaf.numel() for leaf in leaves])
    step = chunk_size or max(total, 1)
    draws = random_state() if step < total else None
    parts: list[Any] = []
    spec, carried = _tree.LEAF, None
    for start in range(0, max(total, 1), step):
        if start and draws is not None:
            run.abandon()  # The function runs once per chunk, with the same draws; its writes are committed once.
            rewind(draws)

        def push(*tangents: torch.Tensor) -> Any:
            result, tangent, aux = jvp(fun, (leaves,), (tangents,), has_aux=True)
            # torch makes the tangent of a 0-d tensor times a Python number 64 bit wide.
            return _tree.map(lambda t, x: t.to(x.dtype), tangent, result), aux

        basis = _unit_tangents(leaves, start, min(start + step, max(total, 1)))  # vmap needs at least one lane.
        pushed, carried = along_directions(push, basis)
        columns, spec = _tree.flatten(pushed)
        parts.append(columns)
    columns = [torch.cat(column) if len(column) > 1 else column[0][:total] for column in zip(*parts, strict=True)]
    sizes = [leaf.numel() for leaf in leaves]
    split = []
    for column in columns:
        blocks = column.movedim(0, -1).split(sizes, -1)
        split.append([block.reshape(block.shape[:-1] + leaf.shape) for block, leaf in zip(blocks, leaves, strict=True)])
    return _tree.unflatten(spec, split), carried


def _unit_tangents(leaves: Tensors, start: int, stop: int) -> list[torch.Tensor]:
    """The unit tangents number `start` to `stop`, counted through all leaves: one tensor [n, *leaf] for each leaf."""
    tangents, first = [], 0
    numbers = torch.arange(start, stop, device=leaves[0].device)
    for leaf in leaves:
        places = torch.arange(first, first + leaf.numel(), device=leaf.device)
        rows = (numbers.to(leaf.device)[:, None] == places).to(leaf.dtype)
        tangents.append(rows.reshape(stop - start, *leaf.shape))
        first += leaf.numel()
    return tangents


def _checked(
    fun: Pure, run: Run, check: Callable[[Any], torch.Tensor]
) -> Callable[[Sequence[torch.Tensor]], tuple[Tensors, Tensors]]:
    """The pure function of the tensors alone, always with a tuple of results, each checked."""

    def checked(leaves: Sequence[torch.Tensor]) -> tuple[Tensors, Tensors]:
        result, carried = fun(leaves, run)
        return tuple([check(x) for x in (result if isinstance(result, tuple) else (result,))]), carried

    return checked


@public_name("jacrev")
def reverse_jacobian(
    fun: Pure,
    argnums: int = 0,
    has_aux: bool = True,
    *,
    holomorphic: bool = False,
    allow_int: bool = False,
    chunk_size: int | None = None,
) -> Base:
    """The base transform of ``jacrev``."""

    def check(raw: Any) -> torch.Tensor:
        x = checked_result(raw, "jacrev")
        if x.is_complex() != holomorphic:
            needed = "complex results with `holomorphic=True`" if holomorphic else "real results"
            raise TypeError(
                f"jacrev needs {needed}. Got dtype {short_dtype(x.dtype)}. "
                "Set `holomorphic` to suit, or differentiate real and imaginary part apart."
            )
        return x

    def rows(leaves: Sequence[torch.Tensor], run: Run) -> tuple[Rows, Tensors]:
        exact = Exact(run.inputs, leaves, holomorphic, allow_int)
        checked = _checked(fun, run, check)
        found, carried = _reverse_rows(lambda free: checked(exact.merged(free)), tuple(exact.free), chunk_size)
        shapes = [as_tensor(x).shape for x in _tree.leaves(run.last.output)]
        return [exact.completed(row, shape) for row, shape in zip(found, shapes, strict=True)], carried

    return rows


@public_name("jacfwd")
def forward_jacobian(
    fun: Pure, argnums: int = 0, has_aux: bool = True, *, holomorphic: bool = False, chunk_size: int | None = None
) -> Base:
    """The base transform of ``jacfwd``."""

    def check(raw: Any) -> torch.Tensor:
        x = as_tensor(raw)
        if holomorphic and not x.is_complex():
            raise TypeError(f"with `holomorphic=True` the result must be complex. Got dtype {short_dtype(x.dtype)}.")
        return x

    def rows(leaves: Sequence[torch.Tensor], run: Run) -> tuple[Rows, Tensors]:
        check_inputs(run.inputs, leaves, holomorphic, allow_int=False)
        for i, leaf in enumerate(leaves):
            if leaf.is_complex() and not holomorphic:
                raise TypeError(
                    f"jacfwd needs real inputs. Got dtype {short_dtype(leaf.dtype)} in {run.inputs.name(i)}. "
                    "Pass `holomorphic=True`, or use `jacrev`."
                )
        found, carried = _forward_rows(_checked(fun, run, check), tuple(leaves), run, chunk_size)
        return list(found), carried

    return rows


@public_name("hessian")
def second_derivatives(
    fun: Pure, argnums: int = 0, has_aux: bool = True, *, holomorphic: bool = False, chunk_size: int | None = None
) -> Base:
    """The base transform of ``hessian``: forward over reverse."""

    def check(raw: Any) -> torch.Tensor:
        x = checked_result(raw, "hessian")
        if x.is_complex() and not holomorphic:
            raise TypeError(f"hessian needs real results. Got dtype {short_dtype(x.dtype)}. Pass `holomorphic=True`.")
        return x

    def blocks(leaves: Sequence[torch.Tensor], run: Run) -> tuple[list[Any], Tensors]:
        check_inputs(run.inputs, leaves, holomorphic, allow_int=False)
        pure = _checked(fun, run, check)
        return _forward_rows(lambda xs: _reverse_rows(pure, xs, chunk_size), tuple(leaves), run, chunk_size)

    return blocks


class JacobianTransform(GradientTransform[P, Out]):
    """What ``jacrev`` and ``jacfwd`` return: a tree like the result, of trees like the inputs."""

    def _derivative(self, raw: Rows, inputs: Inputs, ran: Ran) -> Any:
        rows = []
        for of, row in zip(ran.units, raw, strict=True):
            if self.unit_aware:
                row = [as_derivative(x, of, [by]) for x, by in zip(row, inputs.units, strict=True)]
            rows.append(inputs.arrange(row))
        return _tree.unflatten(ran.spec, rows)


class HessianTransform(GradientTransform[P, Out]):
    """What ``hessian`` returns: a tree like the result, of trees like the inputs, of trees like the inputs."""

    def _derivative(self, raw: Any, inputs: Inputs, ran: Ran) -> Any:
        units, arrange = inputs.units, inputs.arrange
        results = []
        for of, block in zip(ran.units, raw, strict=True):
            if self.unit_aware:
                pairs = zip(block, units, strict=True)
                block = [[as_derivative(x, of, [a, b]) for x, b in zip(row, units, strict=True)] for row, a in pairs]
            results.append(arrange([arrange(row) for row in block]))
        return _tree.unflatten(ran.spec, results)


@shown_as_jacobian
def jacrev(
    fun: Callable[..., Any],
    grad_states: GradStates = None,
    argnums: Argnums = None,
    has_aux: bool | None = None,
    return_value: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
    unit_aware: bool = False,
    check_states: bool = True,
    *,
    chunk_size: int | None = None,
    **kwargs: Any,
) -> JacobianTransform[..., Any]:
    """The Jacobian by reverse mode: for each result and input a tensor of shape ``[*result, *input]``.

    Suits functions with fewer results than inputs. One backward pass for each number in the results, under vmap.

    Parameters
    ----------
    fun
        Returns tensors or quantities of any shape, in any pytree.
    grad_states, argnums, has_aux, return_value, check_states
        See :func:`grad`, which also has the table of return forms. G stands in the place of each result.
    holomorphic, allow_int
        See :func:`grad`.
    unit_aware
        True: the derivative of result i by input j has the unit unit(i) / unit(j). False: plain tensors.
    chunk_size
        How many rows are computed at once; smaller ones need less memory.
    **kwargs
        `debug_nan`, see :func:`grad`.

    Returns
    -------
    GradientTransform
        Called with the arguments of the function; :func:`grad` has the table of what it returns.

    Raises
    ------
    TypeError
        At a call: a result is complex and the function not `holomorphic`, or a result or input is an integer.

    Notes
    -----
    Source: brainstate.transform.jacrev (0.5.4). Differs: dict and tuple results work with `grad_states` too.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor([1., 2.]))
    >>> brainstate.transform.jacrev(lambda x: {'y': w.value * x, 's': x.sum()}, argnums=0)(torch.tensor([3., 4.]))
    {'s': tensor([1., 1.]), 'y': tensor([[1., 0.],
            [0., 2.]])}
    """
    params = {"holomorphic": holomorphic, "allow_int": allow_int, "chunk_size": _checked_chunk(chunk_size)}
    kwargs = checked_keywords("jacrev", kwargs, grad_states, argnums, return_value, has_aux, check_states)
    return JacobianTransform(fun, reverse_jacobian, transform_params=params, unit_aware=unit_aware, **kwargs)


jacobian = jacrev


@shown_as_jacobian
def jacfwd(
    func: Callable[..., Any],
    grad_states: GradStates = None,
    argnums: Argnums = None,
    has_aux: bool | None = None,
    return_value: bool = False,
    holomorphic: bool = False,
    unit_aware: bool = False,
    check_states: bool = True,
    *,
    chunk_size: int | None = None,
    **kwargs: Any,
) -> JacobianTransform[..., Any]:
    """The Jacobian by forward mode: for each result and input a tensor of shape ``[*result, *input]``.

    Suits functions with fewer inputs than results. One forward pass for each number in the inputs, under vmap.

    Parameters
    ----------
    func, grad_states, argnums, has_aux, return_value, holomorphic, unit_aware, check_states
        See :func:`jacrev`.
    chunk_size
        How many columns are computed at once; the function runs once for each chunk, with the same random draws.
    **kwargs
        `debug_nan`, see :func:`grad`.

    Returns
    -------
    GradientTransform
        Called with the arguments of the function; :func:`grad` has the table of what it returns.

    Raises
    ------
    TypeError
        At a call: an input is complex and the function not `holomorphic`, or an input is an integer.

    Notes
    -----
    Source: brainstate.transform.jacfwd (0.5.4). Differs: as :func:`jacrev`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.transform.jacfwd(lambda t: torch.stack([t, t ** 2, t ** 3]))(torch.tensor(2.))
    tensor([ 1.,  4., 12.])
    """
    params = {"holomorphic": holomorphic, "chunk_size": _checked_chunk(chunk_size)}
    kwargs = checked_keywords("jacfwd", kwargs, grad_states, argnums, return_value, has_aux, check_states)
    return JacobianTransform(func, forward_jacobian, transform_params=params, unit_aware=unit_aware, **kwargs)


@shown_as_jacobian
def hessian(
    func: Callable[..., Any],
    grad_states: GradStates = None,
    argnums: Argnums = None,
    return_value: bool = False,
    holomorphic: bool = False,
    has_aux: bool | None = None,
    unit_aware: bool = False,
    check_states: bool = True,
    *,
    chunk_size: int | None = None,
    **kwargs: Any,
) -> HessianTransform[..., Any]:
    """The second derivatives, forward over reverse: for inputs i and j a tensor of shape ``[*result, *i, *j]``.

    The form G of the table of return forms (:func:`grad`) is applied twice: for a list of two States
    ``[[H11, H12], [H21, H22]]``, for a dict a dict of dicts, for a single State one tensor.

    Parameters
    ----------
    func, grad_states, argnums, return_value, holomorphic, has_aux, check_states
        See :func:`jacrev`.
    unit_aware
        True: each block has the unit unit(result) / unit(i) / unit(j). False: plain tensors.
    chunk_size
        How many columns are computed at once.
    **kwargs
        `debug_nan`, see :func:`grad`.

    Returns
    -------
    GradientTransform
        Called with the arguments of the function; :func:`grad` has the table of what it returns.

    Raises
    ------
    TypeError
        At a call: a result is complex and the function not `holomorphic`, or a result or input is an integer.

    Notes
    -----
    Source: brainstate.transform.hessian (0.5.4). Differs: dict-valued States work, and `grad_states` with `argnums`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> a, b = brainstate.ParamState(torch.tensor(2.)), brainstate.ParamState(torch.tensor(3.))
    >>> brainstate.transform.hessian(lambda: a.value ** 2 * b.value, [a, b])()
    [[tensor(6.), tensor(4.)], [tensor(4.), tensor(0.)]]
    """
    params = {"holomorphic": holomorphic, "chunk_size": _checked_chunk(chunk_size)}
    kwargs = checked_keywords("hessian", kwargs, grad_states, argnums, return_value, has_aux, check_states)
    return HessianTransform(func, second_derivatives, transform_params=params, unit_aware=unit_aware, **kwargs)


def _checked_chunk(chunk_size: int | None) -> int | None:
    if chunk_size is not None and (not isinstance(chunk_size, int) or chunk_size < 1):
        raise ValueError(f"`chunk_size` must be a positive int or None. Got {chunk_size!r}.")
    return chunk_size
