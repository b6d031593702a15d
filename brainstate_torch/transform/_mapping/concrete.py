"""What torch says where a function cannot be mapped, in words that name the place and the cure."""

import re

from ..._errors import ConcretizationError
from ..._source import line_of, place_of

__all__ = ["refusal"]

# torch raises all of these as RuntimeError; the messages are those of torch 2.13.
_BRANCH = "data-dependent control flow"
_NUMBER = ("calling .item()", "doesn't have storage")
_SHAPE = ("dynamic shape", "torch.masked_select(self, mask)")
_TRUTH = ("torch.allclose", "aten::equal")
_NO_RULE = re.compile(
    r"Batching rule not implemented for aten::(\w+)|not yet support aten::(\w+)|"
    r"aten::(\w+) requires special handling, and does not yet have a batching rule"
)


def refusal(error: BaseException) -> ConcretizationError | NotImplementedError | None:
    """The error of this package for one of torch's; None if it is about something else."""
    if not isinstance(error, RuntimeError):
        return None
    text = str(error)
    if _BRANCH not in text and not any(part in text for part in (*_NUMBER, *_SHAPE, *_TRUTH)):
        missing = _NO_RULE.search(text)
        return None if missing is None else _without_rule(next(filter(None, missing.groups())), error)
    if _BRANCH in text:
        cure = "Choose with `transform.cond` or `torch.where`, loop with `transform.while_loop`."
        if line_of(error).startswith("assert"):
            cure = "Check with `transform.jit_error_if`."
    elif any(part in text for part in _NUMBER):
        cure = "Compute with tensors: without `.item()`, `float()`, `int()`, `range()`, `.tolist()` and `.numpy()`."
    elif any(part in text for part in _SHAPE):
        cure = "Keep the shape: `torch.where(mask, x, 0.)` in the place of `x[mask]`."
    else:
        cure = "Compare with `torch.isclose(...).all()` or `(x == y).all()`, which have one answer for each lane."
    return ConcretizationError(
        "a function that is mapped must not need one number or shape to go on: its tensors have one for each lane. "
        f"Got {place_of(error)}. {cure}"
    )


def _without_rule(name: str, error: BaseException) -> NotImplementedError:
    return NotImplementedError(
        f"a function that is mapped must do without torch's `{name}`, which has no rule for lanes. "
        f"Got {place_of(error)}. Compute it from other operations, or lane by lane: with `transform.for_loop`."
    )
