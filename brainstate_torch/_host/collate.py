"""What a DataLoader makes of samples of a type that torch does not know."""

from collections.abc import Callable
from typing import Any

from torch.utils.data._utils.collate import default_collate_fn_map

__all__ = ["collated"]


def collated(kind: type, stack: Callable[[list[Any]], Any]) -> None:
    """Let ``torch.utils.data.default_collate`` make one value of a batch of these with `stack`."""

    def collate(batch: list[Any], *, collate_fn_map: Any = None) -> Any:
        return stack(batch)

    default_collate_fn_map[kind] = collate
