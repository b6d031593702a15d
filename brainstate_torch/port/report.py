"""What was changed and what is left, as text and as a page."""

import html
from collections.abc import Sequence

from .files import Outcome

__all__ = ["page", "status", "text"]


def status(outcomes: Sequence[Outcome]) -> int:
    """0: everything is ported. 1: something is left to the reader. 2: a file could not be read."""
    if any(outcome.ported is None for outcome in outcomes):
        return 2
    return int(any(outcome.ported is not None and outcome.ported.left for outcome in outcomes))


def text(outcomes: Sequence[Outcome], verbose: bool = False) -> str:
    """A report for a terminal: a line for each thing left, with file, line, reason and cure."""
    lines = []
    for outcome in outcomes:
        if outcome.ported is None:
            lines.append(f"{outcome.path}: not ported: {outcome.error}")
            continue
        if verbose:
            lines += [f"{outcome.path}:{line}: {what}" for line, what in outcome.ported.changes]
        lines += [
            f"{outcome.path}:{left.line}: left: {left.name}: {left.reason}. Use {left.cure}."
            for left in outcome.ported.left
        ]
    changed = sum(1 for outcome in outcomes if outcome.ported is not None and outcome.ported.changed)
    left = sum(len(outcome.ported.left) for outcome in outcomes if outcome.ported is not None)
    changes = sum(len(outcome.ported.changes) for outcome in outcomes if outcome.ported is not None)
    failed = sum(1 for outcome in outcomes if outcome.ported is None)
    lines.append(
        f"{_counted(len(outcomes), 'file')}, {changed} to change, {_counted(changes, 'change')}, {left} left to you"
        + (f", {failed} not ported" if failed else "")
        + "."
    )
    return "\n".join(lines)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


_STYLE = (
    "body{font:15px/1.5 sans-serif;max-width:70em;margin:2em auto;padding:0 1em}table{border-collapse:collapse;"
    "width:100%}td,th{border-bottom:1px solid #ddd;padding:.3em .6em;text-align:left;vertical-align:top}"
    "pre{background:#f6f6f6;padding:.6em;overflow:auto}.added{background:#e6ffec}.gone{background:#ffebe9}"
)


def page(outcomes: Sequence[Outcome], title: str) -> str:
    """A report as one HTML page: a table of files, what is left in each, and the differences."""
    rows, details = [], []
    for number, outcome in enumerate(outcomes):
        name = html.escape(str(outcome.path))
        if outcome.ported is None:
            rows.append(f"<tr><td>{name}</td><td colspan=2>not ported: {html.escape(outcome.error)}</td></tr>")
            continue
        ported = outcome.ported
        rows.append(
            f'<tr><td><a href="#f{number}">{name}</a></td><td>{len(ported.changes)}</td>'
            f"<td>{len(ported.left)}</td></tr>"
        )
        left = "".join(
            f"<tr><td>{item.line}</td><td><code>{html.escape(item.name)}</code></td><td>{html.escape(item.reason)}</td>"
            f"<td>{html.escape(item.cure)}</td></tr>"
            for item in ported.left
        )
        head = "<tr><th>line<th>name<th>reason<th>use</tr>"
        table = f"<table>{head}{left}</table>" if left else "<p>Nothing is left.</p>"
        details.append(f'<h2 id="f{number}">{name}</h2>{table}<pre>{_coloured(outcome.diff())}</pre>')
    return (
        f"<!doctype html><meta charset=utf-8><title>{html.escape(title)}</title><style>{_STYLE}</style>"
        f"<h1>{html.escape(title)}</h1><p>{html.escape(text(outcomes).splitlines()[-1])}</p>"
        f"<table><tr><th>file<th>changes<th>left</tr>{''.join(rows)}</table>{''.join(details)}\n"
    )


def _coloured(diff: str) -> str:
    lines = []
    for line in diff.splitlines():
        kind = "added" if line.startswith("+") else "gone" if line.startswith("-") else ""
        lines.append(f'<span class="{kind}">{html.escape(line)}</span>' if kind else html.escape(line))
    return "\n".join(lines)
