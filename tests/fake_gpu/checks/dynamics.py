"""Delays, neurons, synapses and networks of them."""

import torch

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch import nn, spiking
from brainstate_torch import transform as T

from .draws import default_device
from .registry import filled, same

for _method in ("nearest", "linear", "cubic"):

    @same(f"nn.Delay: {_method}, made on the device")
    def _(d, method=_method):
        with bst.environ.context(dt=0.1, t=0.9):
            delay = nn.Delay(torch.zeros(2, device=d), time=0.6, interpolation=method)
            delay.init_state()
            for i in range(9):
                delay.update(filled(2, d, i))
            return delay.retrieve_at_time(0.55), delay.retrieve_at_step(2), delay.history


@same("nn.Delay: moved with its module")
def _(d):
    with bst.environ.context(dt=0.1):
        delay = nn.Delay(torch.zeros(2), time=0.6)
        delay.init_state()
        delay.to(d)
        for i in range(9):
            delay.update(filled(2, d, i))
        return delay.retrieve_at_step(2)


@same("nn.Delay: moved, then its state is made")
def _(d):
    with bst.environ.context(dt=0.1):
        net = nn.Linear(2, 2)
        net.delay = nn.Delay(torch.zeros(2), time=0.6)
        net.to(d)
        net.delay.init_state()
        for i in range(9):
            net.delay.update(net(filled(2, d, i)))
        return net.delay.retrieve_at_step(2)


@same("nn.exp_euler_step")
def _(d):
    with bst.environ.context(dt=0.1):
        return nn.exp_euler_step(lambda v, i: (i - v) / 10.0, filled(3, d), filled(3, d, 1))


def _neurons(name):
    size = 4
    if name == "HH":
        return spiking.HH(size, gL=0.3 * u.mS, V_initializer=nn.init.Constant(-65.0 * u.mV))
    return getattr(spiking, name)(size)


for _name in ("IF", "LIF", "ALIF", "LIFRef", "HH"):

    @same(f"spiking.{_name}: moved, its states made, a loop and its gradient")
    def _(d, name=_name):
        with bst.environ.context(dt=0.1 * u.ms, t=0.0 * u.ms):
            neurons = _neurons(name)
            neurons.to(d)
            nn.init_all_states(neurons, 2)
            xs = filled((6, 2, 4), d).abs() * 30
            unit = u.mA if name != "HH" else u.uA
            return T.grad(lambda x: T.for_loop(lambda i: neurons(i * unit), x).sum(), return_value=True)(xs)

    @same(f"spiking.{_name}: made on the default device, a loop")
    def _(d, name=_name):
        with bst.environ.context(dt=0.1 * u.ms, t=0.0 * u.ms), default_device(d):
            neurons = _neurons(name)
            nn.init_all_states(neurons, 2)
            unit = u.mA if name != "HH" else u.uA
            return T.for_loop(lambda i: neurons(i * unit), filled((6, 2, 4), d).abs() * 30)


@same("spiking.LIF: constants that differ from neuron to neuron move with it")
def _(d):
    with bst.environ.context(dt=0.1 * u.ms):
        tau, threshold = (torch.arange(4.0) + 5) * u.ms, (torch.arange(4.0) + 1) * u.mV
        neurons = nn.init_all_states(spiking.LIF(4, tau=tau, V_th=threshold)).to(d)
        return neurons(filled(4, d) * u.mA)


for _name in ("Expon", "Alpha", "DualExpon", "STP", "STD"):

    @same(f"spiking.{_name}: moved, then its states are made")
    def _(d, name=_name):
        with bst.environ.context(dt=0.1 * u.ms, t=0.0 * u.ms):
            synapse = getattr(spiking, name)(4)
            synapse.to(d)
            nn.init_all_states(synapse)
            unit = u.mS if name in ("Expon", "Alpha", "DualExpon") else 1.0
            return T.for_loop(lambda x: u.get_mantissa(synapse(x * unit)), (filled((6, 4), d) > 0).float())


for _name in ("sigmoid", "relu_grad", "gaussian_grad", "arctan", "piecewise_quadratic", "erf", "multi_gaussian_grad"):

    @same(f"surrogate.{_name}")
    def _(d, name=_name):
        return T.grad(lambda x: getattr(spiking.surrogate, name)(x).sum())(filled(5, d))


def spiking_network(d, where="moved"):
    ref = 0.0 * u.ms

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.n = spiking.LIF(
                6, R=1.0 * u.ohm, tau=20.0 * u.ms, V_th=1.0 * u.mV, V_reset=0.0 * u.mV, V_rest=0.0 * u.mV
            )
            self.proj = spiking.AlignPostProj(
                comm=nn.EventFixedProb(6, 6, 0.5, 0.1 * u.mA, seed=1),
                syn=spiking.Expon.desc(6, tau=5.0 * u.ms, g_initializer=nn.init.Constant(0.0 * u.mA)),
                out=spiking.CUBA.desc(scale=1.0),
                post=self.n,
            )

        def update(self, x):
            self.proj(self.n.get_spike() > 0)
            return self.n(x * u.mA)

    net = Net()
    if where == "moved":
        net.to(d)
        nn.init_all_states(net)
    else:
        nn.init_all_states(net)
        net.to(d)
    return net


for _where in ("moved", "initialised"):

    @same(f"a spiking network with projections, {_where} first")
    def _(d, where=_where):
        with bst.environ.context(dt=0.1 * u.ms, t=0.0 * u.ms):
            net = spiking_network(d, where)
            return T.for_loop(net, filled((8, 6), d).abs() * 30)
