"""Those parts of ``jax.scipy`` that torch has: special functions, linear algebra, signals, distributions."""

from . import linalg, signal, special, stats

__all__ = ["linalg", "signal", "special", "stats"]
