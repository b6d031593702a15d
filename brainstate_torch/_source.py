"""Which files hold the user's code."""

import functools
import sysconfig
import traceback
import types
from os import path

import torch

__all__ = ["OURS", "TORCH", "is_in", "is_users", "is_users_file", "line_of", "place_of"]

#: The folders of this package and of torch, each as the start of the paths of its files.
OURS = path.dirname(__file__) + path.sep
TORCH = path.dirname(torch.__file__) + path.sep


def is_users(code: types.CodeType) -> bool:
    """Whether code is the user's, and of no installed library."""
    return not code.co_filename.startswith((OURS, TORCH)) and "site-packages" not in code.co_filename


_STANDARD = sysconfig.get_path("stdlib") + path.sep


@functools.lru_cache(maxsize=4096)
def is_users_file(file: str) -> bool:
    """Whether a file of code belongs to no library, Python's own included, and is not made by one."""
    made = file.startswith("<") and not file.startswith(("<stdin>", "<ipython"))
    return not made and not file.startswith((OURS, TORCH, _STANDARD)) and "site-packages" not in file


def _last_frame(error: BaseException) -> traceback.FrameSummary | None:
    """The innermost frame of the user's that an error has passed."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((f for f in reversed(frames) if not f.filename.startswith((OURS, TORCH))), None)


def line_of(error: BaseException) -> str:
    """The line of the user's code where an error arose; the empty text if it is not known."""
    frame = _last_frame(error)
    return (frame.line or "") if frame else ""


def place_of(error: BaseException) -> str:
    """The file, the number and the text of the line of the user's code where an error arose."""
    frame = _last_frame(error)
    return f"{frame.filename}:{frame.lineno}: `{frame.line}`" if frame else "code of a library"


def is_in(error: BaseException, folder: str) -> bool:
    """Whether an error has passed a file below a folder of torch."""
    where = path.join(TORCH, *folder.split("/"))
    return any(frame.filename.startswith(where) for frame in traceback.extract_tb(error.__traceback__))
