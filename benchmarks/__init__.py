"""Our time beside hand-written PyTorch and brainstate: ``python -m benchmarks`` (``make bench``).

Each framework runs in a process of its own. Before anything is timed its results are compared in double precision with
those of the hand-written code; a contestant that disagrees is not timed.

``make bench`` installs the rivals: the extra ``bench``; spikingjelly and norse without what they name, which is
torchvision, whose builds must fit that of torch, and which their neurons do not need; and Brian2 in an environment of
its own, ``.venv/brian2``, since its release 2.9 does not load with numpy 2.
"""
