"""Mixins: descriptions of objects to build later, combinations of types, and computation modes."""

from collections.abc import Sequence
from typing import Any, Union

import torch

__all__ = [
    "Batching",
    "JointMode",
    "JointTypes",
    "Mixin",
    "Mode",
    "OneOfTypes",
    "ParamDesc",
    "ParamDescriber",
    "Training",
    "_JointGenericAlias",
    "_OneOfGenericAlias",
]


class Mixin:
    """Marks a class that adds behaviour to others and is not used alone.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> class Named(brainstate.mixin.Mixin):
    ...     def title(self):
    ...         return type(self).__name__.lower()
    >>> class Layer(Named):
    ...     pass
    >>> Layer().title()
    'layer'
    """


class ParamDesc(Mixin):
    """Gives a class :meth:`desc`: its arguments now, the object later.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> class Layer(brainstate.mixin.ParamDesc):
    ...     def __init__(self, size, rate=0.1):
    ...         self.size, self.rate = size, rate
    >>> describer = Layer.desc(8, rate=0.5)
    >>> describer().rate, describer(rate=0.2).rate
    (0.5, 0.2)

    Notes
    -----
    Source: brainstate.mixin.ParamDesc (0.5.4).
    """

    non_hashable_params: Sequence[str] | None = None

    @classmethod
    def desc(cls, *args: Any, **kwargs: Any) -> "ParamDescriber":
        """Describe an object of this class by arguments of its constructor."""
        return ParamDescriber(cls, *args, **kwargs)


def hashable(x: Any) -> bool:
    """Whether a value can be part of a key."""
    if isinstance(x, torch.Tensor):
        return False  # hashed by identity, but compared element by element
    try:
        hash(x)
    except TypeError:
        return False
    return True


def _frozen(x: Any) -> Any:
    return x if hashable(x) else str(x)


class HashableDict(dict[Any, Any]):
    """A dict that serves as a key; values without a hash are replaced by their text."""

    def __init__(self, the_dict: dict[Any, Any]) -> None:
        super().__init__({key: _frozen(value) for key, value in the_dict.items()})

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))


class ParamDescriber:
    """A class and arguments for it. A call makes the object; its own arguments are added, or override.

    ``ParamDescriber[Layer]`` describes a Layer without arguments. ``isinstance(x, ParamDescriber[Layer])``
    asks whether `x` describes a Layer or an object of a subclass.

    Parameters
    ----------
    cls
        The class of the object.
    *desc_tuple, **desc_dict
        Arguments of its constructor.

    Raises
    ------
    TypeError
        It is subclassed.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.mixin.ParamDescriber(dict, a=1)(b=2)
    {'a': 1, 'b': 2}
    >>> isinstance(brainstate.mixin.ParamDescriber(bool), brainstate.mixin.ParamDescriber[int])
    True

    Notes
    -----
    Source: brainstate.mixin.ParamDescriber (0.5.4).
    """

    def __init__(self, cls: type, *desc_tuple: Any, **desc_dict: Any) -> None:
        self.cls = cls
        self.args = desc_tuple
        self.kwargs = desc_dict

    def __init_subclass__(cls) -> None:
        raise TypeError("`ParamDescriber` must not be subclassed. Derive the described class from ParamDesc instead.")

    def __class_getitem__(cls, item: type) -> "ParamDescriber":
        return cls(item)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.cls(*self.args, *args, **(self.kwargs | kwargs))

    def init(self, *args: Any, **kwargs: Any) -> Any:
        """Make the object, like a call."""
        return self(*args, **kwargs)

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(instance, ParamDescriber) and issubclass(instance.cls, self.cls)

    def __repr__(self) -> str:
        args = [*map(repr, self.args), *(f"{key}={value!r}" for key, value in self.kwargs.items())]
        return f"ParamDescriber({self.cls.__name__}({', '.join(args)}))"

    @property
    def identifier(self) -> tuple[type, tuple[Any, ...], HashableDict]:
        """The class and its arguments as a key; arguments without a hash are replaced by their text."""
        return self.cls, tuple(map(_frozen, self.args)), HashableDict(self.kwargs)


class _TypeCombination:
    """Several types that answer isinstance and issubclass together; their order does not matter."""

    __args__: tuple[Any, ...]

    def __new__(cls, *types: Any) -> Any:
        unique = tuple(dict.fromkeys(types))
        if not unique:
            raise TypeError(f"`{cls.__name__}` must have one type or more. Got no types.")
        if len(unique) == 1:
            return unique[0]
        self = super().__new__(cls)
        self.__args__ = unique
        return self

    def __class_getitem__(cls, types: Any) -> Any:
        return cls(*types) if isinstance(types, tuple) else cls(types)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _TypeCombination):
            return NotImplemented
        return type(self) is type(other) and set(self.__args__) == set(other.__args__)

    def __hash__(self) -> int:
        return hash((type(self), frozenset(self.__args__)))

    def __or__(self, other: Any) -> Any:
        return Union[self, other]  # noqa: UP007  `self | other` is this method

    def __ror__(self, other: Any) -> Any:
        return Union[other, self]  # noqa: UP007

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.__args__

    def __repr__(self) -> str:
        names = (f"{t.__module__}.{t.__qualname__}" if isinstance(t, type) else repr(t) for t in self.__args__)
        return f"{type(self).__name__}[{', '.join(names)}]"


class JointTypes(_TypeCombination):
    """The intersection of several types, also written ``JointTypes[A, B]``.

    A single type is returned as it is.

    Parameters
    ----------
    *types
        The types.

    Raises
    ------
    TypeError
        No type is given.

    Notes
    -----
    Source: brainstate.mixin.JointTypes (0.5.4). Differs: not a private class of ``typing``.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> from collections.abc import Hashable, Sequence
    >>> both = brainstate.mixin.JointTypes[Hashable, Sequence]
    >>> isinstance((1, 2), both), isinstance([1, 2], both)
    (True, False)
    """

    def __instancecheck__(self, instance: Any) -> bool:
        return all(isinstance(instance, t) for t in self.__args__)

    def __subclasscheck__(self, subclass: type) -> bool:
        return all(issubclass(subclass, t) for t in self.__args__)


class OneOfTypes(_TypeCombination):
    """The union of several types, also written ``OneOfTypes[A, B]``.

    A single type is returned as it is.

    Parameters
    ----------
    *types
        The types.

    Raises
    ------
    TypeError
        No type is given.

    Notes
    -----
    Source: brainstate.mixin.OneOfTypes (0.5.4). Differs: see :class:`JointTypes`.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> number = brainstate.mixin.OneOfTypes[int, float]
    >>> isinstance(1.5, number), isinstance('a', number)
    (True, False)
    """

    def __instancecheck__(self, instance: Any) -> bool:
        return any(isinstance(instance, t) for t in self.__args__)

    def __subclasscheck__(self, subclass: type) -> bool:
        return any(issubclass(subclass, t) for t in self.__args__)


_JointGenericAlias = JointTypes
_OneOfGenericAlias = OneOfTypes


class Mode(Mixin):
    """A way to compute, such as :class:`Training`. Derive from it for further ones.

    Modes are equal when their classes and their attributes are.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> mode = brainstate.mixin.Training()
    >>> mode.is_a(brainstate.mixin.Mode), mode.has(brainstate.mixin.Mode)
    (False, True)

    Notes
    -----
    Source: brainstate.mixin.Mode (0.5.4). Differs: there Batching(2) equals Batching(3).
    """

    def is_a(self, mode: Any) -> bool:
        """Whether `mode` is exactly the class of this mode."""
        return type(self) is _as_type(mode)

    def has(self, mode: Any) -> bool:
        """Whether `mode` is the class of this mode, or a base of it."""
        return isinstance(self, _as_type(mode))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mode):
            return NotImplemented
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        return type(self).__name__


def _as_type(mode: Any) -> Any:
    if isinstance(mode, (type, _TypeCombination)):
        return mode
    raise TypeError(f"`mode` must be a class, such as Training. Got {mode!r}.")


class JointMode(Mode):
    """Several modes at once. It has the attributes of each; the first mode that has one gives it.

    Parameters
    ----------
    *modes
        The modes.

    Raises
    ------
    TypeError
        One of them is not a mode.

    Notes
    -----
    Source: brainstate.mixin.JointMode (0.5.4).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> mode = brainstate.mixin.JointMode(brainstate.mixin.Training(), brainstate.mixin.Batching(16))
    >>> mode.has(brainstate.mixin.Training), mode.is_a(brainstate.mixin.Training), mode.batch_size
    (True, False, 16)
    """

    def __init__(self, *modes: Mode) -> None:
        for mode in modes:
            if not isinstance(mode, Mode):
                raise TypeError(f"`modes` must be instances of Mode. Got {mode!r}.")
        self.modes = modes
        self.types = {type(mode) for mode in modes}

    def has(self, mode: Any) -> bool:
        """Whether `mode` is the class of one of these modes, or a base of it."""
        return any(issubclass(t, _as_type(mode)) for t in self.types)

    def is_a(self, mode: Any) -> bool:
        """Whether `mode` is the class of the only mode, or the :class:`JointTypes` of the classes of all."""
        return bool(JointTypes(*self.types) == _as_type(mode))

    def __getattr__(self, item: str) -> Any:
        # vars(), because copy and pickle ask for attributes before `modes` is there.
        for mode in vars(self).get("modes", ()):
            if hasattr(mode, item):
                return getattr(mode, item)
        raise AttributeError(f"`{item}` must be an attribute of one of the modes. Got {self!r}, which has none.")

    def __repr__(self) -> str:
        modes = vars(self).get("modes", ())
        return f"JointMode({', '.join(map(repr, modes))})"


class Batching(Mode):
    """Computing on a batch.

    Parameters
    ----------
    batch_size
        The number of elements.
    batch_axis
        The axis along which they lie.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.mixin.Batching(32)
    Batching(batch_size=32, batch_axis=0)
    """

    def __init__(self, batch_size: int = 1, batch_axis: int = 0) -> None:
        self.batch_size = batch_size
        self.batch_axis = batch_axis

    def __repr__(self) -> str:
        return f"{type(self).__name__}(batch_size={self.batch_size}, batch_axis={self.batch_axis})"


class Training(Mode):
    """Computing in order to fit parameters.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.mixin.Training() == brainstate.mixin.Training()
    True
    """
