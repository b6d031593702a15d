"""Bring a program: brainstate, JAX and their neighbours, rewritten for torch or answered for as they are.

``python -m brainstate_torch.port FILE`` rewrites a program; ``… port run FILE`` runs it untouched; ``… port compare
FILE`` runs both and says where they differ. In a notebook, ``%load_ext brainstate_torch.port``.
"""

from typing import Any

from .table import Home, Missing, lookup, resolve

__all__ = ["Home", "Missing", "load_ipython_extension", "lookup", "port_source", "resolve", "unload_ipython_extension"]


def port_source(source: str, same_random: bool = False) -> Any:
    r"""The text of a program, rewritten.

    Parameters
    ----------
    source
        The text.
    same_random
        Whether draws are to be JAX's.

    Returns
    -------
    Ported
        ``.source`` is the new text, ``.changes`` and ``.left`` say what was changed and what could not be.

    Raises
    ------
    ImportError
        libcst is missing: it comes with the extra ``port``.
    SyntaxError
        The text is no Python.

    Examples
    --------
    >>> from brainstate_torch.port import port_source
    >>> print(port_source('import jax.numpy as jnp\nx = jnp.ones(3)\n').source, end='')
    from brainstate_torch import units as u
    x = u.math.ones(3)
    """
    from .rewriting import port_source as ported

    return ported(source, same_random=same_random)


def load_ipython_extension(shell: Any) -> None:
    """Let the cells of a notebook be ported as they are run, and the imports be answered: ``%load_ext``.

    Parameters
    ----------
    shell
        IPython's shell.
    """
    from .notebook_cells import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Undo :func:`load_ipython_extension`.

    Parameters
    ----------
    shell
        IPython's shell.
    """
    from .notebook_cells import unload

    unload(shell)
