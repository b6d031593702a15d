"""SpikeBitwise: logic of two spike trains, in arithmetic that has derivatives."""

from typing import Any

from ..module.element_wise import ElementWiseBlock
from ..module.operand import floating

__all__ = ["SpikeBitwise"]

_OPERATIONS = {
    "add": lambda x, y: x + y,
    "and": lambda x, y: x * y,
    "iand": lambda x, y: (1 - x) * y,
    "or": lambda x, y: x + y - x * y,
    "xor": lambda x, y: x + y - 2 * x * y,
    "ixor": lambda x, y: x + y - 2 * x * y,
}


class SpikeBitwise(ElementWiseBlock):
    """Combine two spike trains, of zeros and ones, element by element.

    Parameters
    ----------
    op
        =================== =====================
        `op`                result
        =================== =====================
        'add'               ``x + y``
        'and'               ``x * y``
        'iand', not x and y ``(1 - x) * y``
        'or'                ``x + y - x * y``
        'xor', 'ixor'       ``x + y - 2 * x * y``
        =================== =====================
    name
        A name of the module.

    Raises
    ------
    ValueError
        `op` is none of those.

    Notes
    -----
    Source: brainstate.nn.SpikeBitwise (0.5.4). Differs: needs no braintools; 'add', the default, works; an unknown `op`
    raises when the module is made; booleans become floating numbers.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> x, y = torch.tensor([0., 0., 1., 1.]), torch.tensor([0., 1., 0., 1.])
    >>> brainstate.nn.SpikeBitwise('or')(x, y)
    tensor([0., 1., 1., 1.])
    """

    def __init__(self, op: str = "add", name: str | None = None) -> None:
        super().__init__(name=name)
        if op not in _OPERATIONS:
            raise ValueError(f"`op` must be one of {', '.join(map(repr, _OPERATIONS))}. Got {op!r}.")
        self.op = op

    def update(self, x: Any, y: Any) -> Any:
        """`x` and `y`, combined."""
        return _OPERATIONS[self.op](floating(x), floating(y))
