"""The exceptions that States and transforms raise for misuse of States."""

import re
from typing import Any

__all__ = ["BatchAxisError", "BrainStateError", "ConcretizationError", "TraceContextError", "kind_of", "named"]

#: Names before which one says "an".
_VOWEL = re.compile(r"(?!uni|use|ufunc|eu|one)[aeiou]", re.IGNORECASE)


def kind_of(x: Any) -> str:
    """The class of an object as a sentence has it: "an int", "a list"."""
    return named(type(x))


def named(kind: type) -> str:
    """A class as a sentence has it."""
    name = kind.__name__
    return f"{'an' if _VOWEL.match(name) else 'a'} {name}"


class BrainStateError(Exception):
    """A State or a transform was used against its rules.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> issubclass(brainstate.BatchAxisError, brainstate.BrainStateError)
    True
    """


class TraceContextError(BrainStateError):
    """A State was used in a transform that cannot see it.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> issubclass(brainstate.TraceContextError, brainstate.BrainStateError)
    True
    """


class BatchAxisError(BrainStateError):
    """A State was given a batched value along an axis that was not declared.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> raise brainstate.BatchAxisError("`w` must be declared in out_states.")
    Traceback (most recent call last):
    brainstate_torch._errors.BatchAxisError: `w` must be declared in out_states.
    """


class ConcretizationError(TypeError, BrainStateError):
    """A function that is compiled or mapped asked for the number of a tensor.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> try:
    ...     brainstate.transform.jit(lambda x: 1 if x > 0 else 2)(torch.tensor(1.))
    ... except brainstate.ConcretizationError as error:
    ...     print('transform.cond' in str(error))
    True
    """
