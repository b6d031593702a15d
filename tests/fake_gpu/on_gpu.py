"""The checks on a real GPU: ``PYTHONPATH=. python tests/fake_gpu/on_gpu.py [part of a name ...]``.

Numbers, graphs and errors are checked as on the fake device; waits and launches, which that one counts, are not.
"""

import contextlib
import os
import sys
import types


class Counts(dict):
    """Nothing is counted."""

    places: dict = {}

    def __missing__(self, key):
        return 0


@contextlib.contextmanager
def _nothing(**_):
    yield Counts()


def main(arguments):
    stand_in = types.ModuleType("fake_gpu")
    stand_in.COMPILES, stand_in.counting = True, _nothing
    sys.modules["fake_gpu"] = stand_in
    sys.path.insert(0, os.path.dirname(__file__))
    import checks
    import torch
    from checks.registry import NEAR

    # cuDNN multiplies with ten bits of mantissa by default, and sums are in another order than on a CPU.
    torch.backends.cudnn.allow_tf32 = False
    NEAR.update(rtol=1e-4, atol=1e-5)
    # These look into the stand-in.
    skipped = ("the driver refuses", "the device would notice", "another stream waits", "a call is one launch")
    chosen = [x for x in checks.CHECKS if x.kind in ("same", "check") and not any(word in x.name for word in skipped)]
    chosen = [x for x in chosen if not arguments or any(part in x.name for part in arguments)]
    from known import KNOWN

    failed = 0
    for check in chosen:
        try:
            checks.run(check)
        except Exception as error:
            if check.name not in KNOWN:
                failed += 1
                print(f"FAIL {check.name}: {checks.described(error)}", flush=True)
    print(f"{len(chosen) - failed} of {len(chosen)} hold")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
