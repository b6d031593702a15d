"""The checkpointers of orbax, without JAX: trees of arrays in a folder."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from . import tree

__all__ = ["PyTreeCheckpointer", "StandardCheckpointer"]

_FILE = "tree.pt"


class PyTreeCheckpointer:
    """Writes trees of arrays and reads them. The folder holds one file of ``torch.save``, which orbax does not read.

    Parameters
    ----------
    **options
        Of orbax's storage; nothing here.

    Notes
    -----
    Source: orbax.checkpoint.PyTreeCheckpointer (0.12). Differs: a folder that orbax wrote is read by
    :func:`brainstate_torch.interop.load`.
    """

    def __init__(self, **options: Any) -> None:
        pass

    def save(self, directory: str | os.PathLike[str], item: Any, save_args: Any = None, force: bool = False) -> None:
        """Write a tree: the whole folder appears at once.

        Parameters
        ----------
        directory
            The folder to make.
        item
            Dicts, lists and tuples of arrays, numbers, strings and None.
        save_args
            Of orbax's storage; nothing here.
        force
            Whether a folder that is there is replaced.

        Raises
        ------
        ValueError
            The folder is there, and `force` is false.
        TypeError
            The tree holds something else.
        """
        target = Path(directory)
        if target.exists() and not force:
            raise ValueError(f"`directory` must be new. Got {target}, which is there. Give `force=True` to replace it.")
        plain = tree.map(_plain, item)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=target.parent))
        try:
            torch.save(plain, part / _FILE)
            if target.exists():
                shutil.rmtree(target)
            part.rename(target)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise

    def restore(self, directory: str | os.PathLike[str], item: Any = None, restore_args: Any = None) -> Any:
        """The tree of a folder.

        Parameters
        ----------
        directory
            The folder.
        item
            A tree that has the same structure, or None.
        restore_args
            Of orbax's storage; nothing here.

        Returns
        -------
        Any
            The tree, with tensors for arrays.

        Raises
        ------
        FileNotFoundError
            The folder is not there, or another program wrote it.
        ValueError
            `item` has another structure.
        """
        file = Path(directory) / _FILE
        if not file.is_file():
            raise FileNotFoundError(
                f"`directory` must be a folder that this class has written. Got {directory}. One of orbax is read by "
                "`brainstate_torch.interop.load(directory, model)`."
            )
        found = torch.load(file, weights_only=True)
        if item is not None and tree.structure(item) != tree.structure(found):
            raise ValueError(f"`item` must have the structure of the tree in {directory}. Leave it out to see it.")
        return found

    def wait_until_finished(self) -> None:
        """Nothing is pending: `save` returns when the folder is written."""

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> "PyTreeCheckpointer":
        return self

    def __exit__(self, *_: object) -> None:
        pass


class StandardCheckpointer(PyTreeCheckpointer):
    """The same with orbax's newer names of arguments: ``save(directory, state)``, ``restore(directory, target)``."""

    def save(self, directory: Any, state: Any, save_args: Any = None, force: bool = False) -> None:
        """Write a tree: see :meth:`PyTreeCheckpointer.save`."""
        super().save(directory, state, force=force)

    def restore(self, directory: Any, target: Any = None, strict: bool = True) -> Any:
        """The tree of a folder: see :meth:`PyTreeCheckpointer.restore`."""
        return super().restore(directory, target if strict else None)


def _plain(x: Any) -> Any:
    if isinstance(x, torch.Tensor):
        return x.detach().as_subclass(torch.Tensor).clone()
    if isinstance(x, (np.ndarray, np.generic)):
        return torch.as_tensor(np.asarray(x))
    if isinstance(x, (bool, int, float, complex, str)) or x is None:
        return x
    raise TypeError(f"`item` must hold arrays, numbers, strings and None. Got {type(x).__name__}. Take its numbers.")
