"""Sphinx extension: the map of the architecture, drawn from the imports of the package.

Rooms stand above the rooms that they import. An arrow is left out where a longer way leads to the same room.
"""

import ast
from pathlib import Path

from sphinx.application import Sphinx

import brainstate_torch

ROOT = Path(brainstate_torch.__file__).parent
#: Packages that are drawn room by room.
OPENED = {"transform"}
WIDTH, HEIGHT, GAP_X, GAP_Y = 136, 40, 20, 46
STYLE = """
  rect { fill: #eef3fb; stroke: #4a6fa5; } text { font: 14px sans-serif; fill: #1c2733; text-anchor: middle; }
  path { stroke: #8a99ad; fill: none; marker-end: url(#tip); } #tip path { fill: #8a99ad; stroke: none; }
  @media (prefers-color-scheme: dark) { rect { fill: #24303f; stroke: #7d9ccb; } text { fill: #e4e9f0; } }
"""


def room(parts: tuple[str, ...]) -> str:
    """Return the room of a module: its package, or for an opened package the folder in it."""
    if parts[0] in OPENED and len(parts) > 1 and (ROOT / parts[0] / parts[1]).is_dir():
        return f"{parts[0]}.{parts[1].lstrip('_')}"
    return parts[0]


def uses() -> dict[str, set[str]]:
    """Return for each room the rooms that its files import."""
    found: dict[str, set[str]] = {}
    for path in ROOT.rglob("*.py"):
        here = path.relative_to(ROOT).with_suffix("").parts
        if here[0] in ("__init__", "_version"):
            continue
        own = found.setdefault(room(here), set())
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level:
                base = [*here[: len(here) - node.level], *(node.module.split(".") if node.module else [])]
                own |= {room((*base, alias.name)) for alias in node.names}
    # A package that is opened is also its own front: what it offers is made in its rooms.
    return {name: {other for other in others if other in found and other != name} for name, others in found.items()}


def storeys(rooms: dict[str, set[str]]) -> list[list[str]]:
    """Return the rooms by storey, from the ground: each one above all that it imports."""
    rest, found = dict(rooms), []
    while rest:
        free = sorted(name for name, others in rest.items() if not others & rest.keys())
        if not free:
            raise RuntimeError(f"these rooms import each other in a circle: {sorted(rest)}")
        found.append(free)
        rest = {name: others for name, others in rest.items() if name not in free}
    return found


def reduced(rooms: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return the arrows that no longer way replaces."""

    def reach(name: str) -> set[str]:
        return rooms[name].union(*map(reach, rooms[name]))

    return {name: {o for o in others if not any(o in reach(p) for p in others)} for name, others in rooms.items()}


def drawn(rooms: dict[str, set[str]]) -> str:
    """Return the map as SVG."""
    levels = storeys(rooms)
    widest = max(map(len, levels))
    places = {}
    for storey, names in enumerate(reversed(levels)):
        left = (widest - len(names)) * (WIDTH + GAP_X) / 2
        for column, name in enumerate(names):
            places[name] = (left + column * (WIDTH + GAP_X) + GAP_X, storey * (HEIGHT + GAP_Y) + GAP_Y / 2)
    size = (widest * (WIDTH + GAP_X) + GAP_X, len(levels) * (HEIGHT + GAP_Y) + GAP_Y / 2)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[0]:.0f} {size[1]:.0f}" role="img">',
        "<title>The rooms of brainstate_torch; each imports those below that its arrows lead to</title>",
        f"<style>{STYLE}</style>",
        '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">',
        '<path d="M0 0 L8 4 L0 8 z"/></marker>',
    ]
    for name, others in sorted(reduced(rooms).items()):
        x, y = places[name]
        for other in sorted(others):
            u, v = places[other]
            start, end, bend = (x + WIDTH / 2, y + HEIGHT), (u + WIDTH / 2, v), GAP_Y * 0.8
            lines.append(
                f'<path d="M{start[0]:.0f} {start[1]:.0f} C{start[0]:.0f} {start[1] + bend:.0f} '
                f'{end[0]:.0f} {end[1] - bend:.0f} {end[0]:.0f} {end[1]:.0f}"/>'
            )
    for name, (x, y) in sorted(places.items()):
        lines.append(f'<rect x="{x:.0f}" y="{y:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>')
        lines.append(f'<text x="{x + WIDTH / 2:.0f}" y="{y + HEIGHT / 2 + 5:.0f}">{name}</text>')
    return "\n".join([*lines, "</svg>"]) + "\n"


def draw(app: Sphinx) -> None:
    """Write the map into the sources."""
    path = Path(app.srcdir) / "reference" / "map.svg"
    path.parent.mkdir(exist_ok=True)
    path.write_text(drawn(uses()))


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the hook."""
    app.connect("builder-inited", draw)
    return {"parallel_read_safe": True}
