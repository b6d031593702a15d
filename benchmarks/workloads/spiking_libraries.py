"""The network of ``spiking_network`` with the neurons of other PyTorch libraries, each with its own surrogate."""

LEAK, LEAK_OUT = 0.1, 0.05


def _gradient(data, make_step):
    """The shared part; ``make_step()`` starts a run and returns (current) -> spikes."""
    import torch

    weights = [getattr(data, name).requires_grad_() for name in ("w_in", "w_rec", "w_out")]

    def gradient():
        w_in, w_rec, w_out = weights
        s = torch.zeros(len(data.target), w_rec.shape[0], dtype=w_rec.dtype, device=w_rec.device)
        y = torch.zeros_like(data.target)
        step = make_step(s)
        for current in (data.x @ w_in).unbind(0):
            s = step(current + s @ w_rec)
            y = y + LEAK_OUT * (s @ w_out - y)
        return torch.autograd.grad(((y - data.target) ** 2).mean(), weights)

    return gradient


def snntorch(case, data):
    import snntorch

    fire = snntorch.surrogate.fast_sigmoid(slope=1)
    leaky = snntorch.Leaky(beta=1 - LEAK, threshold=1.0, spike_grad=fire, reset_delay=False).to(data.target)

    def make_step(silent):
        v = silent

        def step(current):
            nonlocal v
            s, v = leaky(LEAK * current, v)
            return s.to(silent.dtype)  # its spikes are float32 whatever comes in

        return step

    return {"snntorch": _gradient(data, make_step)}


def spikingjelly(case, data):
    from spikingjelly.activation_based import neuron, surrogate

    lif = neuron.LIFNode(
        tau=1 / LEAK, v_threshold=1.0, v_reset=None, surrogate_function=surrogate.SuperSpike(), step_mode="s"
    )

    def make_step(silent):
        lif.reset()
        return lif

    return {"spikingjelly": _gradient(data, make_step)}


def norse(case, data):
    import torch
    from norse.torch.functional import lif_box, reset

    one = torch.ones((), dtype=data.target.dtype, device=data.target.device)
    neuron = lif_box.LIFBoxParameters(
        tau_mem_inv=one, v_leak=0 * one, v_th=one, v_reset=0 * one, reset_method=reset.reset_subtract
    )

    def make_step(silent):
        state = lif_box.LIFBoxFeedForwardState(v=silent)

        def step(current):
            nonlocal state
            s, state = lif_box.lif_box_feed_forward_step(current, state, neuron, dt=LEAK)
            return s

        return step

    return {"norse": _gradient(data, make_step)}
