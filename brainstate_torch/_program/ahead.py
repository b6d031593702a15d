"""Products of a loop's inputs with its constants, as one product before the loop.

The current that a layer draws from its inputs, ``x_t @ w``, is such a product. One for all steps takes less time than
one at each, and leaves a step that may be element-wise: a loop of these is one kernel on a GPU. :mod:`postponed` does
the same for the derivative of the weight.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from .._host.fx import GraphModule, Node
from .nodes import acts, arguments, outputs, size_of
from .postponed import rows_of
from .subgraph import extracted, reached

__all__ = ["Ahead", "Product", "ahead", "pays"]

_aten = torch.ops.aten
#: Where what comes from the inputs stands among the arguments.
_PRODUCTS: dict[Any, int] = {_aten.mm.default: 0, _aten.addmm.default: 1, _aten.mv.default: 1}
#: Products may take so many times the memory of the inputs.
_GROWTH = 4


class Product(NamedTuple):
    """One product for all steps.

    Attributes
    ----------
    place
        Which of the loop's inputs is its left factor, with rows that are joined over all steps.
    dtype
        To what this is converted first.
    right
        Which of the values of `factors` is the right factor, and whether it is transposed.
    bias
        Which of these is added; None for nothing.
    shape
        Of the product in one step.
    """

    place: int
    dtype: torch.dtype
    right: tuple[int, bool]
    bias: int | None
    shape: torch.Size

    def computed(self, inputs: Sequence[torch.Tensor], factors: Sequence[torch.Tensor]) -> torch.Tensor:
        """The product ``[length, ...]`` of the loop's inputs."""
        left = inputs[self.place].to(self.dtype)
        place, transposed = self.right
        rows, right = left.flatten(0, -2), factors[place].mT if transposed else factors[place]
        product = rows @ right if self.bias is None else torch.addmm(factors[self.bias], rows, right)
        return product.view(len(left), *self.shape)


class Ahead(NamedTuple):
    """A step without the products that were taken out of it.

    Attributes
    ----------
    products
        These.
    factors
        constants, extras -> the factors of the products besides the inputs. None if there are no products.
    kept
        The constants and extras that the step still needs.
    used
        Whether it reads each of the inputs, and of the products, which come after them.
    step
        carry, what is kept, inputs, products -> results.
    """

    products: list[Product]
    factors: GraphModule | None
    kept: list[int]
    used: list[bool]
    step: GraphModule

    @property
    def like(self) -> list[Any]:
        """What the products of one step are like."""
        return [node.meta["val"] for node in arguments(self.step)[-len(self.products) :]] if self.products else []

    def computed(self, inputs: Sequence[torch.Tensor], fixed: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """The products ``[length, ...]``, of the loop's inputs and of its constants and extras."""
        if self.factors is None:
            return []
        factors = self.factors(*fixed)
        return [product.computed(inputs, factors) for product in self.products]


def pays(like: Sequence[Any]) -> bool:
    """Whether to take products out of a loop over tensors like these: not on a CPU.

    There 100 products of [64, 40] and [40, 100] take as long as one of [6400, 40], and need less memory. On a GPU each
    is a launch, and a step with a product is not fused with the next.
    """
    return any(x.device.type != "cpu" for x in like)


def ahead(graph: GraphModule, layout: Sequence[int], allowed: bool = True) -> Ahead:
    """Take the products of inputs and constants out of the graph of a step: carry, constants, inputs, extras.

    Parameters
    ----------
    layout
        How many of the arguments are carried, constant, and read at each step; the rest are extras.
    allowed
        Whether the loop may take the memory of the products of all steps.
    """
    given = arguments(graph)
    ends = [layout[0], layout[0] + layout[1], sum(layout)]
    carry, read, fixed = given[: ends[0]], given[ends[1] : ends[2]], [*given[ends[0] : ends[1]], *given[ends[2] :]]
    found = _found(graph, read, reached(_calls(graph), [*carry, *read])) if allowed else {}
    factors = list(dict.fromkeys(x for part in found.values() for x in (part.right, *part.bias)))
    products = [
        Product(
            read.index(part.source),
            node.meta["val"].dtype,
            (factors.index(part.right), node.target is _aten.mv.default),
            factors.index(part.bias[0]) if part.bias else None,
            node.meta["val"].shape,
        )
        for node, part in found.items()
    ]
    step = extracted(graph, [*carry, *fixed, *read, *found], outputs(graph), acts(graph))
    needed = [bool(node.users) for node in arguments(step)]
    kept = [i for i, is_used in enumerate(needed[len(carry) : len(carry) + len(fixed)]) if is_used]
    return Ahead(
        products,
        extracted(graph, fixed, factors) if products else None,
        kept,
        needed[len(carry) + len(fixed) :],
        extracted(graph, [*carry, *[fixed[i] for i in kept], *read, *found], outputs(graph), acts(graph)),
    )


class _Parts(NamedTuple):
    """What a product is made of: one of the loop's inputs, the other factor, and what is added, if anything is."""

    source: Node
    right: Node
    bias: list[Node]


def _calls(graph: GraphModule) -> list[Node]:
    return [node for node in graph.graph.nodes if node.op == "call_function"]


def _found(graph: GraphModule, read: Sequence[Node], varying: set[Node]) -> dict[Node, _Parts]:
    """The products that can be computed before the loop."""
    found: dict[Node, _Parts] = {}
    for node in _calls(graph):
        place = _PRODUCTS.get(node.target)
        if place is None or node.kwargs:
            continue
        left, bias = node.args[place], [x for x in node.args[:place] if node.target is _aten.addmm.default]
        right: Any = node.args[0] if node.target is _aten.mv.default else node.args[place + 1]
        source = _source(left)
        constant = not any(x in varying for x in (right, *bias))
        if source in read and constant and all(x.meta["val"].dim() < 2 for x in bias) and _fits(node, source):  # type: ignore[union-attr]
            found[node] = _Parts(source, right, bias)  # type: ignore[arg-type]
    return found


def _source(node: object) -> Node:
    """What a matrix shows the rows of, before it was converted, if it was. A second conversion rounds once more."""
    found = rows_of(node)
    converted = found.target is _aten._to_copy.default and found.kwargs.keys() == {"dtype"}
    return rows_of(found.args[0]) if converted else found


def _fits(node: Node, source: Node) -> bool:
    """Whether the products of all steps take not much more memory than the inputs."""
    size, before = size_of(node), size_of(source)
    return size is not None and before is not None and size <= _GROWTH * before
