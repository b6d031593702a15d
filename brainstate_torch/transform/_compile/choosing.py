"""A choice between stateful functions while a graph is recorded."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from ... import _tree
from ..._arrays import short_dtype
from ..._program.branch import Branch
from ..._program.operation import Body
from ..._program.recording import Like
from ..._state import State
from .._core.carry import protected
from .._core.functional import combine, partition
from .recorded import RecordedFunction, StateFrame, record_stateful

__all__ = ["choose"]


def choose(index: torch.Tensor, branches: Sequence[Callable[..., Any]], operands: Any, names: Sequence[str]) -> Any:
    """The result of the function number `index`; the States that it writes are written.

    Raises
    ------
    TypeError
        The functions disagree in the structure, shape, dtype or unit of a result or a State.
    """
    given, template = partition(operands)

    def arguments(tensors: Sequence[torch.Tensor]) -> tuple[Any, dict[str, Any]]:
        return protected(combine(tensors, template)), {}

    found = [
        record_stateful(branch, given, arguments, StateFrame(name))
        for branch, name in zip(branches, names, strict=True)
    ]
    written = list(dict.fromkeys([state for one in found for state in one.frame.written()]))
    captured: dict[int, torch.Tensor] = {}
    for one in found:
        captured |= {id(x): x for x in one.recorded.captured}
        # A State that only one branch writes is handed through by the others.
        captured |= {id(x): x for state in written if state in one.frame.given for x in one.before(state)}
    constants = list(captured.values())
    place = {key: i for i, key in enumerate(captured)}
    like = [*given, *constants]

    def body(one: RecordedFunction, branch: Callable[..., Any]) -> Body:
        own = one.frame.written()

        def ordered(outputs: Sequence[torch.Tensor], others: Sequence[torch.Tensor]) -> list[torch.Tensor]:
            """The result, and what every written State holds, whether this function wrote it or not."""
            supply = iter(outputs)
            results = [next(supply) for _ in one.outputs[0].places]
            values = {
                state: [next(supply) for _ in rest.places] for state, rest in zip(own, one.outputs[1:], strict=False)
            }
            for state in written:
                kept = values.get(state)
                results += kept if kept is not None else [others[place[id(x)]] for x in _before(found, state)]
            return results

        def replay(*tensors: torch.Tensor) -> list[torch.Tensor]:
            others = tensors[len(given) :]
            inner = [others[place[id(x)]] for x in one.recorded.captured]
            return ordered(one.recorded.graph(*tensors[: len(given)], *inner), others)

        # For derivatives, by the functions themselves, which may have rules of their own.
        def again(*tensors: torch.Tensor) -> list[torch.Tensor]:
            others = tensors[len(given) :]
            inner = {i: others[place[id(x)]] for i, x in enumerate(one.recorded.captured)}
            return ordered(one.again(arguments(tensors[: len(given)])[0], inner, {}), others)

        return Body(again, like, replay)

    templates = {state: _template_after(found, state, names) for state in written}
    _check_agreement([one.outputs[0].spec for one in found], names, "result")
    bodies = [body(one, branch) for one, branch in zip(found, branches, strict=True)]
    for other, name in zip(bodies[1:], names[1:], strict=True):
        _check_likeness(bodies[0].results, other.results, names[0], name)
    results = iter(Branch(bodies).apply([index, *given, *constants]))
    first = found[0].outputs[0]
    result = combine([next(results) for _ in first.places], first)
    values = {state: combine([next(results) for _ in templates[state].places], templates[state]) for state in written}
    for one in found:
        one.commit([values[state] for state in one.frame.written()])
    return result


def _before(found: Sequence[RecordedFunction], state: State[Any]) -> tuple[torch.Tensor, ...]:
    """The tensors of a State before the choice."""
    return next(one.before(state) for one in found if state in one.frame.given)


def _template_after(found: Sequence[RecordedFunction], state: State[Any], names: Sequence[str]) -> Any:
    """The structure of a State after the choice, which is the same whatever is chosen."""
    templates = []
    for one in found:
        own = one.frame.written()
        if state in own:
            templates.append(one.outputs[1 + own.index(state)])
        else:
            holder = next(other for other in found if state in other.frame.given)
            templates.append(partition(holder.frame.given[state][0])[1])
    _check_agreement([template.spec for template in templates], names, f"value of {state!r}")
    return templates[0]


def _check_agreement(specs: Sequence[_tree.Spec], names: Sequence[str], what: str) -> None:
    for spec, name in zip(specs[1:], names[1:], strict=True):
        if spec != specs[0]:
            raise TypeError(
                f"branches must agree in the structure and units of the {what}. "
                f"Got {specs[0]} from {names[0]} and {spec} from {name}."
            )


def _check_likeness(first: Sequence[Like], other: Sequence[Like], name: str, other_name: str) -> None:
    for x, y in zip(first, other, strict=True):
        if x.shape != y.shape or x.dtype != y.dtype:
            raise TypeError(
                "branches must agree in the shape and dtype of results and States. "
                f"Got {_described(x)} from {name} and {_described(y)} from {other_name}."
            )


def _described(x: Like) -> str:
    return f"{short_dtype(x.dtype)}{list(x.shape)}"
