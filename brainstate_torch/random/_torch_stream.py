"""torch's default generators as a State, so that a recorded program takes and returns their states as of any State."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from .._host.dispatch import OpOverload
from .._program.capture import capture, hand_on
from .._program.operation import Tensors
from .._program.recording import recording, with_numbers
from .._state.value import Value
from ._captured import DEFAULT
from ._draw_operation import Draw
from ._generators import Generators
from ._state import RandomState

__all__ = ["TORCH_STREAM", "TorchStream", "drawn"]


@functools.cache
def _has_cuda() -> bool:
    return torch.cuda.is_available()


def _default_generators() -> Generators:
    """The generators that torch draws from where it is given none."""
    found = Generators()
    found._cpu = torch.default_generator
    if _has_cuda():
        torch.cuda.init()  # type: ignore[no-untyped-call]
        found._cuda = list(torch.cuda.default_generators)
    return found


class TorchStream(RandomState):
    """Where torch's default generators stand; what is written to it moves them.

    Draws such as `torch.rand` and `F.dropout` have no State outside of programs. In a program they read and write this
    one, so that a loop carries it, a branch that is not taken leaves it, and a backward pass meets the draws of the
    forward pass.
    """

    def __init__(self) -> None:
        super().__init__(0, impl="torch")

    def __repr__(self) -> str:
        return "TorchStream()"

    @property
    def _value(self) -> Any:
        # While a program is recorded, the states of several generators have no numbers to join.
        with with_numbers():
            return _default_generators().state().as_subclass(Value)

    @_value.setter
    def _value(self, value: torch.Tensor) -> None:
        if TORCH_STREAM is not None:
            _default_generators().load(value)


TORCH_STREAM: TorchStream = None  # type: ignore[assignment]
TORCH_STREAM = TorchStream()


class _TorchDraw(Draw):
    """state, tensors -> what an operation of torch draws from its default generators, and the state after it.

    Parameters
    ----------
    sampler
        Called with a generator, which it ignores, and the tensors; gives a list.
    results
        How many tensors it gives.
    """

    def __init__(self, device: torch.device, sampler: Callable[..., Any], results: int) -> None:
        super().__init__(device, sampler)
        self.count = results + 1

    def shapes(self, tensors: Tensors) -> list[torch.Tensor]:
        state, *others = tensors
        drawn = [torch.empty(x.shape, dtype=x.dtype, device=x.device) for x in self.sampler(None, *others)]
        return [*drawn, torch.empty_like(state)]

    def run(self, tensors: Tensors) -> list[torch.Tensor]:
        state, *others = tensors
        if (recorded := capture()) is not None:
            recorded.stream(state).draws = DEFAULT
            return [*[x.contiguous() for x in self.sampler(None, *others)], hand_on(state)]
        generators = _default_generators()
        before = generators.state()
        generators.load(state)
        try:
            drawn = [x.contiguous() for x in self.sampler(None, *others)]
            return [*drawn, generators.state()]
        finally:
            generators.load(before)

    def spread(self, flags: Sequence[bool], randomness: str) -> list[bool]:
        return [super().spread(flags, randomness)[0]] * (self.count - 1) + [False]

    def _mapped_by(self, sampler: Callable[..., Any]) -> Draw:
        return _TorchDraw(self.device, sampler, self.count - 1)


def drawn(func: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """The result of an operation that may draw from torch's generators, while a program is recorded.

    A draw is a node that takes the state of the generators and gives the next one.

    Raises
    ------
    NotImplementedError
        It draws from a generator of the user's own, or hides its seed.
    """
    given = _given(func, args, kwargs)
    if not _draws(func, given):
        return func(*args, **kwargs)
    schema = func._schema
    if given.get("generator") is not None:
        raise NotImplementedError(
            "a program must draw from torch's default generator or a RandomState. Got a `generator` for "
            f"{schema.name}. Use `random.RandomState`, or draw before and pass what was drawn."
        )
    if any(str(x.type) != "Tensor" for x in schema.returns):
        if recording().is_outermost:
            return func(*args, **kwargs)
        raise NotImplementedError(
            f"a compiled loop or branch must not draw with {schema.name}, whose seed torch hides. "
            "Got dropout in attention. Choose `torch.nn.attention.SDPBackend.MATH` with `sdpa_kernel`."
        )
    places = [name for name, x in given.items() if isinstance(x, torch.Tensor)]
    written = [x.name for x in schema.arguments if x.alias_info is not None and x.alias_info.is_write]
    fresh = [i for i, x in enumerate(schema.returns) if x.alias_info is None]
    by_place = [x.name for x in schema.arguments if not x.kwarg_only]

    def sampler(generator: Any, *tensors: torch.Tensor) -> list[torch.Tensor]:
        all_given = given | dict(zip(places, tensors, strict=True))
        all_given |= {name: all_given[name].clone() for name in written}
        positional = [all_given.pop(name) for name in by_place]
        found = func(*positional, **all_given)
        found = found if isinstance(found, (tuple, list)) else (found,)
        own = all_given | dict(zip(by_place, positional, strict=True))
        return [*[found[i] for i in fresh], *[own[name] for name in written]]

    device = next((given[name].device for name in places), given.get("device") or torch.device("cpu"))
    draw = _TorchDraw(device, sampler, len(fresh) + len(written))
    *results, after = draw.apply([TORCH_STREAM.value, *[given[name] for name in places]])
    TORCH_STREAM.value = after
    for name, x in zip(written, results[len(fresh) :], strict=True):
        given[name].copy_(x)
    supply = iter(results)
    writable = {_memory(x.alias_info): given[x.name] for x in schema.arguments if x.name in written}
    found = [next(supply) if x.alias_info is None else writable[_memory(x.alias_info)] for x in schema.returns]
    return found[0] if len(found) == 1 else tuple(found)


def _memory(alias: Any) -> str:
    """The letter by which a schema names memory that a result shares with an argument."""
    return next(iter(alias.before_set))  # type: ignore[no-any-return]


def _given(func: OpOverload, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments by name, defaults included."""
    schema = func._schema.arguments
    found = {x.name: x.default_value for x in schema if x.has_default_value()}
    return found | dict(zip([x.name for x in schema], args, strict=False)) | dict(kwargs)


def _draws(func: OpOverload, given: Mapping[str, Any]) -> bool:
    """Whether an operation with these arguments draws."""
    # Excluded: backward passes of attention, which redraw from their seeds, and the choice of a kernel, which draws
    # nothing.
    idle = "backward" in func._schema.name or not any(str(x.type) == "Tensor" for x in func._schema.returns)
    off = given.get("dropout_p") == 0 or given.get("dropout") == 0 or given.get("train", True) is False
    return not idle and not off and given.get("training", True) is not False
