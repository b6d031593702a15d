"""Our time beside hand-written PyTorch and brainstate: ``python -m benchmarks`` (``make bench``).

Each framework runs in a process of its own. Before anything is timed its results are compared in double precision with
those of the hand-written code; a contestant that disagrees is not timed.

The libraries for spiking networks are optional. snntorch is the extra ``bench``; the other two name torchvision, which
pulls another torch, and run without it: ``pip install --no-deps spikingjelly loguru h5py norse nir nirtorch``.
"""
