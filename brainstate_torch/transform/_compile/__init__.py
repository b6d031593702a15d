"""jit: stateful functions recorded as programs, and run."""
