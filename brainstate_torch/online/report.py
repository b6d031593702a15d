"""CompilationReport: what a compiled learner learns by traces, and what it does not."""

from collections import Counter
from typing import Any

from .relations import StepAnalysis

__all__ = ["CompilationReport"]


class CompilationReport:
    """What a learner found in its model; ``str`` of it is a text.

    Parameters
    ----------
    analysis
        The `graph` of a learner.

    Attributes
    ----------
    hidden_groups
        For each group its number and the paths of its hidden states.
    etrace_weights
        For each weight with a trace its path and the numbers of the groups.
    excluded_weights
        For each tensor of a weight without a trace the path and the reason. Its derivative is that within the step.
    cut
        How often each operation stands between hidden states and mixes positions: no derivative goes through it from
        one step to the next.

    Notes
    -----
    Source: braintrace.CompilationReport (0.2.6).
    """

    def __init__(self, analysis: StepAnalysis) -> None:
        hidden = analysis.step.hidden
        self.hidden_groups = [(g, [hidden[i].path for i in group.members]) for g, group in enumerate(analysis.groups)]
        found: dict[Any, set[int]] = {}
        for i, relation in enumerate(analysis.relations):
            for path in analysis.paths(i):
                found.setdefault(path, set()).update(relation.groups)
        self.etrace_weights = [(path, sorted(groups)) for path, groups in found.items()]
        self.excluded_weights = analysis.excluded()
        self.cut: Counter[str] = Counter(analysis.cut())

    def show(self) -> None:
        """Print the text."""
        print(self)

    def __str__(self) -> str:
        lines = ["hidden states, by groups that depend on each other element by element:"]
        lines += [f"  {g}: {', '.join(map(_dotted, paths))}" for g, paths in self.hidden_groups]
        lines += ["weights with a trace:"]
        lines += [f"  {_dotted(path)} in {', '.join(map(str, groups))}" for path, groups in self.etrace_weights]
        if self.excluded_weights:
            lines += ["weights differentiated within the step alone:"]
            lines += [f"  {_dotted(path)}: {reason}" for path, reason in self.excluded_weights]
        if self.cut:
            counts = ", ".join([f"{name} ({count})" for name, count in self.cut.items()])
            lines += [f"operations that mix positions, and are not followed from step to step: {counts}"]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"CompilationReport({len(self.hidden_groups)} groups, {len(self.etrace_weights)} weights with traces)"


def _dotted(path: tuple[Any, ...]) -> str:
    return ".".join(map(str, path))
