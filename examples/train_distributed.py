"""A spiking network trained by several processes, which goes on where it was when one of them is killed.

torchrun --standalone --nproc-per-node 2 --max-restarts 3 examples/train_distributed.py --folder runs/digits
"""

import argparse
import gc
import json
import os
import shutil
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed as dist
import torch.distributed.checkpoint as checkpoints
from sklearn.datasets import load_digits
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict
from torch.distributed.rendezvous import rendezvous
from torch.nn.functional import cross_entropy

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import nn, spiking


class Network(nn.Module):
    """64 pixels drive leaky integrate-and-fire neurons, whose spikes charge 10 leaky class scores."""

    def __init__(self, hidden=60, steps=12):
        super().__init__()
        self.steps = steps
        self.w_in = nn.Linear(64, hidden, w_init=nn.init.Normal(scale=1.0, unit=u.nA), b_init=None)
        self.neurons = spiking.LIF(
            hidden, R=10.0 * u.Mohm, tau=10.0 * u.ms, V_th=15.0 * u.mV, spk_fun=spiking.surrogate.InvSquareGrad(3.0)
        )
        self.w_out = nn.Linear(hidden, 10, w_init=nn.init.Normal(scale=0.5, unit=u.nA), b_init=None)
        self.scores = spiking.Expon(10, tau=10.0 * u.ms, g_initializer=nn.init.Constant(0.0 * u.nA))

    def update(self, pixels):
        """The mean score of each class [batch, 10], in nA, for pixels [batch, 64]."""
        nn.init_all_states(self, batch_size=len(pixels))
        current = self.w_in(pixels)
        scores = brainstate.transform.for_loop(
            lambda _: self.scores(self.w_out(self.neurons(current))), torch.arange(self.steps)
        )
        return scores.mean(0) / u.nA


class Run:
    """A folder with the state after some steps: weights, moments of the optimizer, and how many steps these are."""

    def __init__(self, folder, model, optimizer):
        self.folder, self.model, self.optimizer = Path(folder), model, optimizer

    def save(self, step, losses):
        """Save the state after a step. A process that is killed meanwhile leaves the one before."""
        model, optimizer = get_state_dict(self.model.module, self.optimizer)
        checkpoints.save({"model": model, "optimizer": optimizer}, checkpoint_id=self.folder / f"step{step}")
        if dist.get_rank() == 0:
            latest = self.folder / "latest.new"
            latest.write_text(json.dumps({"step": step, "losses": losses}))
            os.replace(latest, self.folder / "latest.json")
            for old in self.folder.glob("step*"):
                if old.name != f"step{step}":
                    shutil.rmtree(old)
        dist.barrier()

    def restore(self):
        """Load the last state; returns how many steps were done, and their losses."""
        latest = self.folder / "latest.json"
        if not latest.exists():
            return 0, []
        found = json.loads(latest.read_text())
        model, optimizer = get_state_dict(self.model.module, self.optimizer)
        state = {"model": model, "optimizer": optimizer}
        checkpoints.load(state, checkpoint_id=self.folder / f"step{found['step']}")
        set_state_dict(
            self.model.module, self.optimizer, model_state_dict=state["model"], optim_state_dict=state["optimizer"]
        )
        return found["step"], found["losses"]


def batches(count, size, step):
    """The rows of the batches from a step on, in an order that depends on the epoch alone."""
    each = count // size
    while True:
        epoch, place = divmod(step, each)
        rows = torch.randperm(count, generator=torch.Generator().manual_seed(epoch))
        yield rows[place * size : (place + 1) * size]
        step += 1


def meet():
    """Find the other processes, also after a restart.

    torchrun keeps its store of addresses then (torch 2.13), and a process that reads the address of one that has ended
    waits for ever. So each attempt has addresses of its own.
    """
    store, rank, size = next(rendezvous("env://"))
    store = dist.PrefixStore(f"attempt {os.environ.get('TORCHELASTIC_RESTART_COUNT', 0)}", store)
    # A connection that was lost ends the process, which torchrun starts again; torch's own limit is half an hour.
    dist.init_process_group("gloo", store=store, rank=rank, world_size=size, timeout=timedelta(seconds=60))


def train(options):
    """The first process prints the accuracy on images that were held out."""
    rank, size = dist.get_rank(), dist.get_world_size()
    pixels, labels = load_digits(return_X_y=True)
    pixels, labels = torch.tensor(pixels / 16).float(), torch.tensor(labels).long()
    model = torch.nn.parallel.DistributedDataParallel(Network())
    optimizer = torch.optim.Adam(model.parameters(), 0.03)
    run = Run(options.folder, model, optimizer)
    run.folder.mkdir(parents=True, exist_ok=True)
    done, losses = run.restore()
    if rank == 0:
        print(f"starting after {done} steps", flush=True)
    order = batches(1500, options.batch, done)
    for step in range(done, options.steps):
        rows = next(order)[rank::size]
        with torch.autocast("cpu", torch.bfloat16, enabled=options.bf16):
            loss = cross_entropy(model(pixels[rows]).float(), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        dist.all_reduce(loss.detach_())
        losses.append(loss.item() / size)
        if (step + 1) % options.every == 0 or step + 1 == options.steps:
            run.save(step + 1, losses)
        if rank == 0:
            print(f"step {step + 1} loss {losses[-1]:.4f}", flush=True)
    if rank == 0:
        with torch.no_grad():
            right = (model.module(pixels[1500:]).argmax(1) == labels[1500:]).float().mean().item()
        print(f"accuracy {right:.3f}", flush=True)


def main(options):
    """Train as one of several processes."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    brainstate.environ.set(dt=1.0 * u.ms)
    meet()
    train(options)
    # DistributedDataParallel must go before the group. With the last reference to it, it waits for gloo's thread and
    # holds the interpreter's lock, for which that thread may wait (torch 2.13): the process would never end.
    gc.collect()
    dist.destroy_process_group()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", required=True, help="where the checkpoints lie")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--batch", type=int, default=60, help="images in a step, over all processes")
    parser.add_argument("--every", type=int, default=10, help="steps from checkpoint to checkpoint")
    parser.add_argument("--bf16", action="store_true", help="products in bfloat16")
    main(parser.parse_args())
