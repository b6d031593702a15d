"""pmap2: the lanes of a mapped axis shared by the processes of torch.distributed."""

from typing import Any

from ...typing import Missing
from .ranks import Ranks, world
from .vmap2 import StatefulMapping

__all__ = ["pmap2"]

_MISSING = Missing()
_INSTEAD = {
    "backend": "Choose it with `torch.distributed.init_process_group`.",
    "global_arg_shapes": "Every process gets the whole arguments.",
}


class _SharedMapping(StatefulMapping[..., Any]):
    """A mapping whose lanes the processes of the default group share."""

    def _ranks(self) -> Ranks:
        return world()


def pmap2(
    fn: Any = _MISSING,
    axis_name: Any = None,
    *,
    in_axes: Any = 0,
    out_axes: Any = 0,
    static_broadcasted_argnums: Any = (),
    devices: Any = None,
    backend: Any = None,
    axis_size: int | None = None,
    donate_argnums: Any = (),
    global_arg_shapes: Any = None,
    state_in_axes: Any = None,
    state_out_axes: Any = None,
    unexpected_out_state_mapping: str = "auto",
) -> Any:
    """What :func:`vmap2` computes, with the lanes shared by the processes of ``torch.distributed``.

    Every process runs the same program, with equal arguments and States. Each computes its part of the lanes, in order
    of rank, and ends with the result and the States of all lanes. Without a process group, that is :func:`vmap2`.

    Parameters
    ----------
    fn
        Written for one lane; without it `pmap2` is a decorator.
    axis_name
        A name for the axis: :func:`pmean` over it averages over all lanes of all processes.
    in_axes, out_axes, axis_size, state_in_axes, state_out_axes, unexpected_out_state_mapping
        See :class:`StatefulMapping`. The number of lanes must be a multiple of the number of processes.
    static_broadcasted_argnums
        Arguments that are the same in each lane and need not be tensors, as `static_argnums` of :func:`vmap2`.
    devices, donate_argnums
        Accepted so that programs port: lanes are computed where their tensors are.
    backend, global_arg_shapes
        Not possible here.

    Returns
    -------
    StatefulMapping

    Raises
    ------
    ValueError
        At a call: the processes cannot share the lanes equally; otherwise as :class:`StatefulMapping`.
    NotImplementedError
        An option is given that has no meaning here; at a call: a gradient is taken around it on several processes.

    Notes
    -----
    Source: brainstate.transform.pmap2 (0.5.4). Differs: processes take the place of devices, and may have several lanes
    each. On several processes a RandomState of the generator 'torch' draws other numbers than on one. If one process
    raises, the others wait for it until the timeout of the process group.

    Examples
    --------
    The gradient of a mean over a batch, of which each lane has a part:

    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor(2.))
    >>> gradient = brainstate.transform.grad(lambda x: ((w.value * x) ** 2).mean(), w)
    >>> averaged = brainstate.transform.pmap2(lambda x: brainstate.transform.pmean(gradient(x), 'batch'), 'batch')
    >>> averaged(torch.tensor([[1., 2.], [3., 4.]]))
    tensor([30., 30.])
    """
    refused = {
        "backend": backend,
        "global_arg_shapes": global_arg_shapes,
    }
    for option, value in refused.items():
        if value is not None:
            raise NotImplementedError(f"`{option}` of pmap2 must be left out. Got {value!r}. {_INSTEAD[option]}")
    options = {
        "axis_name": axis_name,
        "in_axes": in_axes,
        "out_axes": out_axes,
        "axis_size": axis_size,
        "static_argnums": static_broadcasted_argnums,
        "state_in_axes": state_in_axes,
        "state_out_axes": state_out_axes,
        "unexpected_out_state_mapping": unexpected_out_state_mapping,
    }
    if isinstance(fn, Missing):
        return lambda fn: _SharedMapping(fn, name="pmap2", **options)
    return _SharedMapping(fn, name="pmap2", **options)
