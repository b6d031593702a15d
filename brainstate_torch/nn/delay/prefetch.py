"""References to attributes of a module that may not exist yet, and to their values some time ago."""

from typing import Any

from ... import environ
from ..._state import State
from ...graph import Node
from ...transform import ShapeDtypeStruct
from ..module.update_hooks import HookedModule, not_receive_update_output
from .delay import Delay
from .state_with_delay import StateWithDelay

__all__ = ["OutputDelayAt", "Prefetch", "PrefetchDelay", "PrefetchDelayAt", "init_maybe_prefetch"]


class Prefetch(Node):
    """A reference to an attribute of a module, which need not exist yet. Called, it gives the value.

    Parameters
    ----------
    module
        The :class:`Dynamics`.
    item
        The name of the attribute: a State, or anything.

    Raises
    ------
    AttributeError
        It is called while the module has no such attribute.

    Notes
    -----
    Source: brainstate.nn.Prefetch (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> neurons = brainstate.nn.Dynamics(2)
    >>> v = neurons.prefetch('v')
    >>> neurons.v = brainstate.HiddenState(torch.ones(2))
    >>> v()
    tensor([1., 1.])
    """

    def __init__(self, module: HookedModule, item: str) -> None:
        super().__init__()
        self.module = module
        self.item = item

    @property
    def delay(self) -> "PrefetchDelay":
        """The way to its value some time ago."""
        return PrefetchDelay(self.module, self.item)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The value of the State, or the attribute itself if it is not a State."""
        return self.get_item_value()

    def get_item_value(self) -> Any:
        """The value of the State, or the attribute itself if it is not a State."""
        item = self.get_item()
        return item.value if isinstance(item, State) else item

    def get_item(self) -> Any:
        """The attribute itself.

        Raises
        ------
        AttributeError
            There is none, or it is None.
        """
        return prefetched(self.module, self.item)


class PrefetchDelay(Node):
    """A reference to the past of a State of a module; :meth:`at` says how long ago.

    Parameters
    ----------
    module, item
        As for :class:`Prefetch`.

    Notes
    -----
    Source: brainstate.nn.PrefetchDelay (0.5.4).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> neurons = brainstate.nn.Dynamics(2)
    >>> with brainstate.environ.context(dt=0.1):
    ...     before = neurons.prefetch('v').delay.at(0.5)
    >>> before.delay_info
    (5,)
    """

    def __init__(self, module: HookedModule, item: str) -> None:
        super().__init__()
        self.module = module
        self.item = item

    def at(self, *delay_time: Any) -> "PrefetchDelayAt":
        """The value that time ago, at further indices if there are any; see :class:`PrefetchDelayAt`."""
        return PrefetchDelayAt(self.module, self.item, *delay_time)


class PrefetchDelayAt(Node):
    """The value of a State of a module, some time ago. Called, it gives the value.

    The module then keeps the last values of the State: a :class:`StateWithDelay` among its after-updates, one for all
    delays of the State.

    Parameters
    ----------
    module, item
        As for :class:`Prefetch`.
    *time_and_index
        The delay and indices into the value, as for :meth:`Delay.register_delay`; without any, the present value.
    delay_init, interpolation, update_every, **kwargs
        As for :class:`Delay`. Of delays with one `update_every`, the first decides the rest.

    Raises
    ------
    TypeError
        `module` is not a Dynamics.
    AttributeError
        It is called before `init_all_states`.

    Notes
    -----
    Source: brainstate.nn.PrefetchDelayAt (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> class Count(brainstate.nn.Dynamics):
    ...     def init_state(self):
    ...         self.v = brainstate.HiddenState(torch.zeros(1))
    ...     def update(self):
    ...         self.v.value += 1
    >>> count = Count(1)
    >>> with brainstate.environ.context(dt=0.1):
    ...     before = brainstate.nn.PrefetchDelayAt(count, 'v', 0.2)
    >>> _ = brainstate.nn.init_all_states(count)
    >>> for _ in range(5):
    ...     count()
    >>> count.v.value, before()
    (tensor([5.]), tensor([3.]))
    """

    def __init__(
        self,
        module: HookedModule,
        item: str,
        *time_and_index: Any,
        delay_init: Any = None,
        interpolation: Any = None,
        update_every: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        _check_dynamics(module)
        self.module = module
        self.item = item
        if len(time_and_index) == 1 and isinstance(time_and_index[0], (tuple, list)):
            time_and_index = tuple(time_and_index[0])
        self.delay_time = time_and_index
        if time_and_index:
            key = f"{item}-prefetch-delay-{update_every}"
            known = _known(module, key)
            self.state_delay = (
                StateWithDelay(
                    module, item, init=delay_init, interpolation=interpolation, update_every=update_every, **kwargs
                )
                if known is None
                else known
            )
            self.delay_info = self.state_delay.register_delay(*time_and_index)
            if known is None:
                module.add_after_update(key, not_receive_update_output(self.state_delay))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The value that time ago."""
        if not self.delay_time:
            return prefetched(self.module, self.item).value
        return self.state_delay.retrieve_at_step(*(self.delay_info or (0,)))


class OutputDelayAt(Node):
    """The output of a module, some time ago. Called, it gives the output.

    The module then keeps its last outputs: a :class:`Delay` among its after-updates, one for all delays.

    Parameters
    ----------
    module
        The :class:`Dynamics`. Its output has the shape ``out_size``.
    *delay_time
        The delay and indices into the output, as for :meth:`Delay.register_delay`.
    delay_init, interpolation, update_every, **kwargs
        As for :class:`PrefetchDelayAt`. All outputs have the unit of the first. Give `delay_init` that unit if an
        output is read before there was one.

    Raises
    ------
    TypeError
        `module` is not a Dynamics.
    AttributeError
        It is called before `init_all_states`.

    Notes
    -----
    Source: brainstate.nn.OutputDelayAt (0.5.4). Differs: outputs may have a unit.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> class Echo(brainstate.nn.Dynamics):
    ...     def update(self, x):
    ...         return x
    >>> echo = Echo(1)
    >>> with brainstate.environ.context(dt=0.1):
    ...     before = brainstate.nn.OutputDelayAt(echo, 0.2)
    >>> _ = brainstate.nn.init_all_states(echo)
    >>> for i in range(5):
    ...     _ = echo(torch.full((1,), float(i)))
    >>> before()
    tensor([2.])
    """

    def __init__(
        self,
        module: HookedModule,
        *delay_time: Any,
        delay_init: Any = None,
        interpolation: Any = None,
        update_every: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        _check_dynamics(module)
        self.module = module
        key = f"output-delay-{update_every}"
        known = _known(module, key)
        self.out_delay = (
            Delay(
                ShapeDtypeStruct(module.out_size, environ.dftype()),
                take_aware_unit=True,
                init=delay_init,
                interpolation=interpolation,
                update_every=update_every,
                **kwargs,
            )
            if known is None
            else known
        )
        self.delay_info = self.out_delay.register_delay(*delay_time)
        if known is None:
            module.add_after_update(key, self.out_delay)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The output that time ago."""
        return self.out_delay.retrieve_at_step(*(self.delay_info or (0,)))


def init_maybe_prefetch(target: Any, *args: Any, **kwargs: Any) -> None:
    """Check that what a reference names is there; anything but a reference passes.

    Parameters
    ----------
    target
        A :class:`Prefetch`, whose attribute must exist; a :class:`PrefetchDelay`, of whose State a delay must be
        registered; or anything.
    *args, **kwargs
        Have no meaning.

    Raises
    ------
    AttributeError
        The attribute does not exist.
    KeyError
        No delay is registered.

    Notes
    -----
    Source: brainstate.nn.init_maybe_prefetch (0.5.4). Differs: a PrefetchDelay is checked, where brainstate always
    raises.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> neurons = brainstate.nn.Dynamics(2)
    >>> neurons.gain = 2.
    >>> brainstate.nn.init_maybe_prefetch(neurons.prefetch('gain'))
    """
    if isinstance(target, Prefetch):
        target.get_item()
    elif isinstance(target, PrefetchDelay):
        target.module.get_after_update(f"{target.item}-prefetch-delay-None")


def prefetched(module: Any, item: str) -> Any:
    """The attribute of a module that a reference names."""
    found = getattr(module, item, None)
    if found is None:
        raise AttributeError(
            f"`item` must be an attribute of {type(module).__name__}. Got {item!r}, which it does not have. "
            "Call `init_all_states` first, or correct the name."
        )
    return found


def _known(module: HookedModule, key: str) -> Any:
    """The buffer that a module has for this already, or None."""
    return module.get_after_update(key) if module.has_after_update(key) else None


def _check_dynamics(module: Any) -> None:
    if not isinstance(module, HookedModule):
        raise TypeError(f"`module` must be a Dynamics. Got {type(module).__name__}.")
