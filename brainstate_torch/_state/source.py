"""Where a State was made."""

import sys
from typing import NamedTuple

from .._source import OURS

__all__ = ["SourceInfo", "calling_line"]


class SourceInfo(NamedTuple):
    """Where a State was made: file, line and function of the caller."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} (in {self.function})"


def calling_line() -> SourceInfo:
    """The innermost frame outside this package."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(OURS):
        frame = frame.f_back
    return SourceInfo(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
