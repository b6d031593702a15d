"""First steps: three gradients, then spiking neurons with physical units that learn to read handwritten digits."""

import argparse

import torch
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy
from tqdm import tqdm

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import nn, spiking


def first_gradients():
    """The gradient of a plain function, of a loss with two States, and the same with value and aux data."""
    gradient = brainstate.transform.grad(lambda x: (x**2).sum())
    print("gradient of sum(x²) at [1, 2, 3]:", gradient(torch.tensor([1.0, 2.0, 3.0])).tolist())

    # States are read and written through `.value`. The function takes the data and closes over the States.
    w = brainstate.ParamState(torch.tensor([1.0, 2.0]))
    b = brainstate.ParamState(torch.tensor(0.0))
    x, y = torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([2.0, 0.0])

    def squared_error(x, y):
        return ((x @ w.value + b.value - y) ** 2).sum()

    dw, db = brainstate.transform.grad(squared_error, [w, b])(x, y)
    print("squared error of a linear prediction: dw =", dw.tolist(), " db =", db.item())

    def with_prediction(x, y):
        prediction = x @ w.value + b.value
        return ((prediction - y) ** 2).sum(), prediction

    gradient = brainstate.transform.grad(with_prediction, {"w": w, "b": b}, has_aux=True, return_value=True)
    grads, loss, prediction = gradient(x, y)
    print("the same with value and aux data:", grads, loss.item(), prediction.tolist())


class Network(nn.Module):
    """64 pixels drive 100 leaky integrate-and-fire neurons, whose spikes charge 10 leaky class scores."""

    def __init__(self, hidden=100):
        super().__init__()
        self.w_in = nn.Linear(64, hidden, w_init=nn.init.Normal(scale=1.0, unit=u.nA), b_init=None)
        self.neurons = spiking.LIF(
            hidden, R=10.0 * u.Mohm, tau=10.0 * u.ms, V_th=15.0 * u.mV, spk_fun=spiking.surrogate.InvSquareGrad(3.0)
        )
        self.w_out = nn.Linear(hidden, 10, w_init=nn.init.Normal(scale=0.5, unit=u.nA), b_init=None)
        self.scores = spiking.Expon(10, tau=10.0 * u.ms, g_initializer=nn.init.Constant(0.0 * u.nA))

    def simulate(self, pixels, duration=40.0 * u.ms):
        """Inject pixels [batch, 64] as currents; return spikes [time, batch, 100], scores [time, batch, 10]."""
        nn.init_all_states(self, batch_size=len(pixels))
        current = self.w_in(pixels)

        def step(t):
            spikes = self.neurons(current)
            return spikes, self.scores(self.w_out(spikes))

        return brainstate.transform.for_loop(step, u.math.arange(0.0 * u.ms, duration, brainstate.environ.get_dt()))

    def loss(self, pixels, labels):
        """The cross entropy of the mean scores, counted in nA; as aux data the firing rate."""
        spikes, scores = self.simulate(pixels)
        rate = spikes.mean() / brainstate.environ.get_dt()
        return cross_entropy(scores.mean(0) / u.nA, labels), rate.to(u.Hz)

    @torch.no_grad()
    def accuracy(self, pixels, labels):
        return (self.simulate(pixels)[1].mean(0).argmax(1) == labels).float().mean().item()


def train(network, pixels, labels, test, epochs):
    """Train; return the loss of every update, and the test accuracy before and after every epoch."""
    weights = network.states(brainstate.ParamState)
    gradient = brainstate.transform.grad(network.loss, weights, has_aux=True, return_value=True, unit_aware=True)
    adam = brainstate.optim.Adam(lr=0.03 * u.nA).register_trainable_weights(weights)
    grads, loss, rate = gradient(pixels[:64], labels[:64])
    print(f"gradient in {grads['w_in', 'weight']['weight'].unit}, firing rate {rate:.1f}")
    try:
        brainstate.optim.Adam(lr=0.03 * u.mV).register_trainable_weights(weights).update(grads)
    except u.UnitMismatchError as error:
        print("a step with a learning rate of 0.03 mV is refused:", error)

    def update(pixels, labels):
        grads, loss, rate = gradient(pixels, labels)
        adam.update(grads)
        return loss, rate

    losses, accuracies = [], [network.accuracy(*test)]
    bar = tqdm(range(epochs), unit="epoch")
    for _ in bar:
        for rows in brainstate.random.permutation(len(pixels)).split(64):
            loss, rate = update(pixels[rows], labels[rows])
            losses.append(loss.item())
        accuracies.append(network.accuracy(*test))
        bar.set_postfix_str(f"loss {losses[-1]:.3f}, test accuracy {accuracies[-1]:.1%}, {rate:.0f}")
    return losses, accuracies


@torch.no_grad()
def draw(network, losses, accuracies, pixels, label, path):
    """Training, and one test digit: what the network saw, which neurons spiked, how the scores grew."""
    spikes, scores = network.simulate(pixels[None])
    scores = scores[:, 0].to_decimal(u.nA)
    favourite, order = network.w_out.weight.value["weight"].mantissa.argmax(1).sort(stable=True)
    step, row = spikes[:, 0, order].nonzero(as_tuple=True)
    sizes = favourite.bincount(minlength=10)
    colors = ["tab:red" if c == label else "darkgray" for c in range(10)]
    time = torch.arange(1, len(scores) + 1) * float(brainstate.environ.get_dt() / u.ms)
    figure = Figure(figsize=(11, 5), layout="constrained")
    axes = figure.subplots(2, 3, width_ratios=[3, 5, 2])
    (ax_loss, ax_spikes, ax_digit), (ax_accuracy, ax_scores, ax_means) = axes
    ax_loss.semilogy(torch.linspace(0, len(accuracies) - 1, len(losses)), losses, linewidth=0.8)
    ax_loss.set(title="cross entropy")
    ax_accuracy.plot(accuracies, marker="o", markersize=4)
    ax_accuracy.set(title=f"test accuracy: {accuracies[-1]:.1%}", xlabel="epoch")
    ax_spikes.scatter(time[step], row, c=[colors[c] for c in favourite[row]], marker="|", s=25)
    ax_spikes.set_yticks(sizes.cumsum(0) - sizes / 2 - 0.5, range(10))
    ax_spikes.set(title="spikes", ylabel="neurons in favour of class", xlim=(0, time[-1] + 1))
    ax_scores.set_prop_cycle(color=colors)
    ax_scores.plot(time, scores)
    ax_scores.set(title="class scores", xlabel="time (ms)", ylabel="nA", xlim=(0, time[-1] + 1))
    ax_means.barh(range(10), scores.mean(0), color=colors)
    ax_means.set(title="mean scores", xlabel="nA", yticks=range(10))
    ax_digit.imshow(pixels.view(8, 8), cmap="gray_r")
    ax_digit.set(title=f"a {label}, read as {scores.mean(0).argmax()}", xticks=[], yticks=[])
    for ax in axes.flat:
        ax.spines[["top", "right"]].set_visible(ax is ax_digit)
    figure.savefig(path, dpi=150)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--samples", type=int, default=1797, help="digits to use; a fifth is for testing")
    parser.add_argument("--check", type=float, default=0.9, help="exit with 1 below this test accuracy")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="demo.png", help="where to save the picture")
    args = parser.parse_args()

    first_gradients()
    torch.set_num_threads(1)  # with tensors this small, threads mostly wait for one another
    brainstate.environ.set(dt=1.0 * u.ms)
    brainstate.random.seed(args.seed)
    digits = load_digits()
    chosen = brainstate.random.permutation(len(digits.data))[: args.samples]
    pixels, labels = torch.tensor(digits.data / 16).float()[chosen], torch.tensor(digits.target)[chosen]
    n = len(chosen) // 5
    test = pixels[:n], labels[:n]
    network = Network()
    losses, accuracies = train(network, pixels[n:], labels[n:], test, args.epochs)
    draw(network, losses, accuracies, test[0][0], test[1][0].item(), args.out)
    print(f"test accuracy {accuracies[-1]:.1%} on {n} digits it has not seen; picture in {args.out}")
    return 0 if accuracies[-1] >= args.check else 1


if __name__ == "__main__":
    raise SystemExit(main())
