"""A pytest plugin that looks for tensors in the wrong place: those of tests are on one device, the default is another.

``PYTHONPATH=tests/fake_gpu:. pytest -p beside tests/unit/online``. What a test makes, what an object makes when it is
made, and what functions of creation make for a test are on the first device of BESIDE (``cuda:0,cpu``); whatever else
the package makes without saying where is on the second. At the end come the places where they met.
"""

import os
import sys

import fake_gpu  # noqa: F401
import torch
from on_fake_gpu import _Generator, _of_tests, _skipping
from torch.overrides import TorchFunctionMode
from torch.utils._device import DeviceContext

_THEIRS, _OURS = os.environ.get("BESIDE", "cuda:0,cpu").split(",")
_TORCH = os.path.dirname(torch.__file__)
_FUNCTIONS_OF_CREATION = ("/units/math/creation.py", "/random/", "/input/", "/interop/")
_MAKING = ("__init__", "init", "reset", "__setattr__", "__get__")
#: What stands between a caller and torch without making anything.
_BETWEEN = ("/_host/", "/_program/recording.py")


def _where():
    """The device for a tensor that is made now without one."""
    callers, frame = [], sys._getframe(2)
    while frame is not None and "/tests/" not in (name := frame.f_code.co_filename):
        passes_on = frame.f_code.co_name.startswith("__torch_") or any(part in name for part in _BETWEEN)
        if "/brainstate_torch/" in name and not passes_on:
            callers.append(frame.f_code)
        frame = frame.f_back
    if not callers:
        return _OURS if frame is None else _THEIRS
    made = any(code.co_name.startswith(_MAKING) for code in callers)
    asked = any(part in callers[-1].co_filename for part in _FUNCTIONS_OF_CREATION)
    return _THEIRS if made or asked else _OURS


class _Device:
    """The attribute of torch's own mode, which `jit` and `get_default_device` know; of ours it depends on the caller."""

    def __get__(self, mode, kind=None):
        return torch.device(_where()) if mode.__dict__["_device"] is _Device else mode.__dict__["_device"]

    def __set__(self, mode, device):
        mode.__dict__["_device"] = device


_PLACES = {}


def pytest_configure(config):
    torch.Generator = _Generator
    torch.nn.parallel.DistributedDataParallel.__init__ = _skipping
    for name in ("numpy", "__array__"):
        _of_tests(name)
    DeviceContext.device = _Device()
    mode = DeviceContext("cpu")
    mode.device, mode.old_device = _Device, None
    TorchFunctionMode.__enter__(mode)


def pytest_runtest_makereport(item, call):
    if call.excinfo is not None and call.excinfo.typename not in ("Skipped", "XFailed"):
        ours = [entry for entry in call.excinfo.traceback if "/brainstate_torch/" in str(entry.path)]
        tests = [entry for entry in call.excinfo.traceback if "/tests/" in str(entry.path)]
        # A test may be called by the package: then the error is the test's.
        last = max(ours[-1:] + tests[-1:], key=call.excinfo.traceback.index, default=None)
        place = f"{last.path}:{last.lineno + 1}" if last else item.nodeid
        text = " ".join(str(call.excinfo.value).split())[:110]
        _PLACES.setdefault(place, []).append(f"{item.name[:60]}: {call.excinfo.typename}: {text}")


def pytest_terminal_summary(terminalreporter):
    for place, tests in _PLACES.items():
        terminalreporter.write_line(f"{len(tests)} at {place}\n    {tests[0]}")
