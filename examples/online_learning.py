"""A spiking network learns to remember a cue, forward in time: ``python examples/online_learning.py``.

One of two groups of inputs fires for five steps. After a delay the network must tell which. Adaptive neurons remember
by their thresholds. The loss is that of the last steps; no step is kept for a backward pass.
"""

import torch

import brainstate_torch as bst
import brainstate_torch.units as u

CUE, DELAY, ANSWER, SAMPLES, INPUTS, NEURONS = 5, 20, 5, 32, 10, 30


class Network(bst.nn.Module):
    """Adaptive neurons with recurrent connections, and a leaky readout."""

    def __init__(self) -> None:
        super().__init__()
        self.inp = bst.nn.Linear(INPUTS, NEURONS, w_init=bst.nn.init.KaimingNormal(scale=4.0))
        self.rec = bst.nn.Linear(NEURONS, NEURONS, w_init=bst.nn.init.KaimingNormal(scale=0.2))
        self.neurons = bst.spiking.ALIF(NEURONS, tau=10 * u.ms, tau_a=100 * u.ms, beta=0.3 * u.mV)
        self.out = bst.spiking.LeakyRateReadout(NEURONS, 2, tau=10 * u.ms)

    def update(self, x: torch.Tensor) -> torch.Tensor:
        """One step: spikes of the inputs ``[samples, inputs]`` to the evidence for each answer."""
        current = self.inp(x) + self.rec(self.neurons.get_spike())
        return self.out(self.neurons(current * u.mA))


def trials() -> tuple[torch.Tensor, torch.Tensor]:
    """Spikes ``[steps, samples, inputs]`` and the right answers ``[samples]``."""
    answers = torch.randint(2, (SAMPLES,))
    rates = torch.zeros(CUE + DELAY + ANSWER, SAMPLES, INPUTS)
    rates[:CUE, :, : INPUTS // 2] = 0.6 * (answers == 0).float().unsqueeze(-1)
    rates[:CUE, :, INPUTS // 2 :] = 0.6 * (answers == 1).float().unsqueeze(-1)
    rates[-ANSWER:] = 0.2  # tells that it is time to answer
    return (torch.rand_like(rates) < rates).float(), answers


def main(sequences: int = 60) -> float:
    """Train, and give the share of right answers in the last five batches."""
    torch.manual_seed(0)
    with bst.random.seed_context(0), bst.environ.context(dt=1.0 * u.ms):
        return trained(sequences)


def trained(sequences: int) -> float:
    """The share of right answers in the last five batches."""
    xs, _ = trials()
    learner = bst.online.compile(Network(), "pp_prop", xs[0], batch_size=SAMPLES, decay_or_rank=0.95, verbose=1)
    optimizer = bst.optim.Adam(3e-2)
    optimizer.register_trainable_weights(learner.param_states)
    right = []
    for i in range(sequences):
        xs, answers = trials()
        bst.nn.reset_all_states(learner, batch_size=SAMPLES)
        learner.etrace_evolve(xs[:-ANSWER])  # traces go on, nothing is differentiated

        def loss(x: torch.Tensor, answers: torch.Tensor = answers) -> tuple[torch.Tensor, torch.Tensor]:
            y = learner(x)
            return torch.nn.functional.cross_entropy(y, answers), y.detach()

        grads, losses, ys = learner.etrace_grad(xs[-ANSWER:], step_fn=loss, has_aux=True, return_value=True)
        optimizer.update(grads)
        right.append((ys.mean(0).argmax(-1) == answers).float().mean().item())
        if i % 10 == 9:
            print(f"{i + 1:3} sequences: loss {losses.mean():.3f}, right {sum(right[-5:]) / 5:.2f}")
    return sum(right[-5:]) / 5


if __name__ == "__main__":
    main()
