"""What `help()` shows of public names: every parameter, and what is returned."""

import importlib
import inspect
import re
from typing import NoReturn

import pytest

from .test_public_api import NAMESPACES

SECTION = re.compile(r"^(\w[\w ]*)\n-+$", re.MULTILINE)
#: The annotations of functions that return nothing.
NOTHING = (None, "None", type(None), NoReturn)
#: Names without a section that they would need, with the reason.
ALLOWED = {
    "typing.Key": "a protocol, never called",
    "typing.SupportsDType": "a protocol, never called",
    "typing.PyTree": "an annotation, never called",
}


def sections(doc):
    """The sections of a docstring by title."""
    parts = SECTION.split(inspect.cleandoc(doc or ""))
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def listed(section):
    """The names that a section has entries for."""
    heads = [line for line in section.splitlines() if line[:1].strip()]
    return {part.split(":")[0].strip(" *`") for head in heads for part in head.split(",")}


def owner(kind):
    """The class whose constructor a class has."""
    return next((base for base in kind.__mro__ if "__init__" in vars(base) or "__new__" in vars(base)), kind)


def public():
    for namespace in [*NAMESPACES, "nn.init", "units.math"]:
        module = importlib.import_module(f"brainstate_torch.{namespace}".rstrip("."))
        for name in module.__all__:
            value = getattr(module, name)
            is_own = (getattr(value, "__module__", None) or "").startswith("brainstate_torch")
            if is_own and (inspect.isclass(value) or inspect.isroutine(value)):
                yield f"{namespace}.{name}".lstrip("."), value


def parameters(value):
    try:
        return set(inspect.signature(value).parameters)
    except ValueError:
        return set()


def missing(value):
    """What the docstring of a class or function lacks."""
    doc = sections(value.__doc__)
    if inspect.isclass(value):
        found = [doc, sections(owner(value).__doc__)]
        described = "\n".join(each.get(title, "") for each in found for title in ("Parameters", "Attributes"))
        return [f"`{name}`" for name in sorted(parameters(value) - listed(described))]
    lacking = [f"`{name}`" for name in sorted(parameters(value) - listed(doc.get("Parameters", "")))]
    returns = inspect.signature(value).return_annotation
    return lacking + (["Returns"] if returns not in NOTHING and not {"Returns", "Yields"} & doc.keys() else [])


PUBLIC = dict(public())


@pytest.mark.parametrize("name", [name for name in PUBLIC if name not in ALLOWED])
def test_docstring_describes_parameters_and_result(name):
    assert missing(PUBLIC[name]) == []


@pytest.mark.parametrize("name", ALLOWED)
def test_an_exception_is_still_needed(name):
    assert missing(PUBLIC[name]) != []


#: Classes whose public methods are described like functions; subclasses say what differs.
DESCRIBED = [
    "State",
    "TreefyState",
    "StateTraceStack",
    "nn.Module",
    "nn.Metric",
    "nn.Param",
    "nn.Regularization",
    "nn.Transform",
    "optim.Optimizer",
    "random.RandomState",
    "spiking.SynOut",
]
METHODS = {
    f"{name}.{method}": function
    for name in DESCRIBED
    for method, function in vars(PUBLIC[name]).items()
    # A `forward` that a class was given shows the parameters of `update`, which describes them.
    if not method.startswith("_") and inspect.isfunction(function) and not hasattr(function, "_runs_update")
}


@pytest.mark.parametrize("name", METHODS)
def test_docstring_of_a_method_describes_parameters_and_result(name):
    assert [part for part in missing(METHODS[name]) if part != "`self`"] == []
