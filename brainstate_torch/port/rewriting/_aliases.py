"""By what names a ported program calls the homes: those that it imports already, or new ones."""

from collections.abc import Iterable

from ..names import BROUGHT
from ..table import PACKAGE

__all__ = ["Aliases"]

#: Modules that a program is given a name for, with the names to try, the longest path first.
_BASES = {
    **{f"{PACKAGE}.port.brought.{name}": (name, f"{name}_torch") for name in [x.partition(".")[0] for x in BROUGHT]},
    f"{PACKAGE}.port.compat": ("compat", "jax_compat"),
    f"{PACKAGE}.port.arrays": ("arrays", "port_arrays"),
    f"{PACKAGE}.port": ("port", "bst_port"),
    f"{PACKAGE}.units": ("u", "bu", "units_"),
    PACKAGE: ("brainstate", "bst", "brainstate_torch"),
    "torch": ("torch", "torch_"),
}


class Aliases:
    """Names for modules.

    Parameters
    ----------
    taken
        Names that the program binds to other things.
    """

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)
        #: Imports that the program keeps at its top: module, name, and the place of the statement.
        self._kept: dict[str, list[tuple[str, int]]] = {}
        #: New imports: module and name.
        self.new: dict[str, str] = {}

    def keep(self, module: str, name: str, place: int) -> None:
        """Note that the statement number `place` binds a name to a module."""
        self._kept.setdefault(module, []).append((name, place))

    def reserve(self, name: str) -> None:
        """Note that a name means something else."""
        self._taken.add(name)

    def written(self, path: str, place: int) -> str:
        """A home as the statement number `place` may write it."""
        for base, names in _BASES.items():
            if path == base or path.startswith(f"{base}."):
                return self._alias(base, names, place) + path[len(base) :]
        raise ValueError(f"`path` must be below {PACKAGE} or torch. Got {path!r}.")

    def _alias(self, base: str, names: tuple[str, ...], place: int) -> str:
        for name, where in self._kept.get(base, ()):
            if where < place and name not in self._taken:
                return name
        if base not in self.new:
            others = {name for module, pairs in self._kept.items() if module != base for name, _ in pairs}
            mine = {name for name, _ in self._kept.get(base, ())} - self._taken
            free = [name for name in [*sorted(mine), *names] if name not in self._taken | others]
            self.new[base] = free[0] if free else f"_{names[0]}"
        return self.new[base]

    def statements(self) -> list[str]:
        """The new imports as lines."""
        lines = []
        for module, name in sorted(self.new.items()):
            owner, _, last = module.rpartition(".")
            if not owner:
                lines.append(f"import {module}" if name == module else f"import {module} as {name}")
            else:
                lines.append(f"from {owner} import {last}" + ("" if name == last else f" as {name}"))
        return lines
