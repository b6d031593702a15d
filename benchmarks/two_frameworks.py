"""What a call across the frameworks costs: ``python -m benchmarks.two_frameworks``. Needs the extra ``jax``.

Five numbers on the CPU, so that the way counts and not the work. The shortest of many short rounds, since a longer one
measures what else the machine does.
"""

import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import torch

import brainstate_torch as brainstate


def shortest(function: Callable[[], object], calls: int = 15, rounds: int = 800) -> float:
    """Microseconds of one call."""
    for _ in range(100):
        function()
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(calls):
            function()
        best = min(best, time.perf_counter() - start)
    return best / calls * 1e6


def main() -> None:
    """Print a line for each way."""
    torch.set_num_threads(1)
    jitted, there = jax.jit(lambda x: jnp.sin(x) * 2), jnp.arange(5.0)
    here, ones = torch.arange(5.0), torch.ones(5)
    leaf = torch.arange(5.0, requires_grad=True)
    borrowed = brainstate.interop.from_jax(lambda x: jnp.sin(x) * 2)
    lent = jax.jit(brainstate.interop.to_jax(lambda x: torch.sin(x) * 2))

    def trained(function: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[], None]:
        def step() -> None:
            function(leaf).backward(ones)
            leaf.grad = None

        return step

    for name, way in {
        "JAX, jitted": lambda: jitted(there).block_until_ready(),
        "from_jax": lambda: borrowed(here),
        "torch, forward and backward": trained(lambda x: torch.sin(x) * 2),
        "from_jax, forward and backward": trained(borrowed),
        "to_jax in jax.jit": lambda: lent(there).block_until_ready(),
    }.items():
        print(f"{name:32} {shortest(way):6.1f} us")


if __name__ == "__main__":
    main()
