"""What torch says where a function that is mapped asks for one number, in words that name the place and the cure."""

from ..._errors import ConcretizationError
from ..._source import line_of, place_of

__all__ = ["one_number"]

# torch raises all of these as RuntimeError; the messages are those of torch 2.13.
_BRANCH = "data-dependent control flow"
_NUMBER = ("calling .item()", "doesn't have storage")
_SHAPE = ("dynamic shape", "torch.masked_select(self, mask)")
_TRUTH = ("torch.allclose", "aten::equal")


def one_number(error: BaseException) -> ConcretizationError | None:
    """The error of this package for one of torch's; None if it is about something else."""
    if not isinstance(error, RuntimeError):
        return None
    text = str(error)
    if _BRANCH in text:
        cure = "Choose with `transform.cond` or `torch.where`, loop with `transform.while_loop`."
        if line_of(error).startswith("assert"):
            cure = "Check with `transform.jit_error_if`."
    elif any(part in text for part in _NUMBER):
        cure = "Compute with tensors: without `.item()`, `float()`, `int()`, `range()`, `.tolist()` and `.numpy()`."
    elif any(part in text for part in _SHAPE):
        cure = "Keep the shape: `torch.where(mask, x, 0.)` in the place of `x[mask]`."
    elif any(part in text for part in _TRUTH):
        cure = "Compare with `torch.isclose(...).all()` or `(x == y).all()`, which have one answer for each lane."
    else:
        return None
    return ConcretizationError(
        "a function that is mapped must not need one number or shape to go on: its tensors have one for each lane. "
        f"Got {place_of(error)}. {cure}"
    )
