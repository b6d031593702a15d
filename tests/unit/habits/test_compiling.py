"""torch.compile and torch.jit, as PyTorch users have it."""

import warnings

import torch

import brainstate_torch as bst
import brainstate_torch.units as u

from .models import Counting, Leak, Mixed, Net, X, close, entering, nn, running, spiking

HABITS = {}
habit = entering(HABITS)


@habit("compile")
def torch_compile_of_a_model():
    close(torch.compile(net := Net(), backend="eager")(X), net(X))


@habit("compile")
def torch_compile_of_a_model_with_buffers_and_states_of_the_run():
    net, twin = Counting(), Counting()
    twin.load_state_dict(net.state_dict())
    compiled = torch.compile(net, backend="eager")
    for _ in range(3):
        close(compiled(X), twin(X))
    assert net.calls.value == 3


@habit("compile", slow=True)
def torch_compile_of_a_model_with_units():
    close(torch.compile(leak := Leak(), backend="eager")(X), leak(X))


@habit("compile", slow=True)
def torch_compile_of_a_spiking_model():
    net = spiking()
    with bst.environ.context(dt=1.0 * u.ms):
        nn.init_all_states(net, 3)
        step = lambda x: net[1](net[0](x) * u.mA)
        wanted = step(X)
        nn.init_all_states(net, 3)
        close(torch.compile(step, backend="eager")(X), wanted)


@habit("compile")
def torch_compile_of_a_model_with_layers_of_torch():
    close(torch.compile(net := Mixed(), backend="eager")(X), net(X))


@habit("compile", slow=True)
def torch_compile_by_inductor():
    close(torch.compile(net := Net())(X), net(X))


@habit("compile")
def module_compile():
    net = Net()
    wanted = net(X)
    net.compile(backend="eager")
    close(net(X), wanted)


@habit("compile", without="a script has no place for States: `torch.export`")
def jit_trace():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(net := Net(), X)
    close(traced(2 * X), net(2 * X))


@habit("compile")
def a_compiled_training_step_with_taped():
    net, twin = Net(), Net()
    twin.load_state_dict(net.state_dict())

    def step(x):
        with bst.taped():
            return net(x).square().mean()

    torch.compile(step, backend="eager")(X).backward()
    twin(X).square().mean().backward()
    close([p.grad for p in net.parameters()], [p.grad for p in twin.parameters()])


@habit("compile")
def torch_compile_with_fullgraph():
    close(torch.compile(net := Net(), fullgraph=True, backend="eager")(X), net(X))


@habit("compile")
def torch_compile_with_fullgraph_of_a_model_with_states():
    net, twin = Counting(), Counting()
    twin.load_state_dict(net.state_dict())
    compiled = torch.compile(net, fullgraph=True, backend="eager")
    for _ in range(3):
        close(compiled(X), twin(X))
    assert net.calls.value == 3


@habit("compile")
def torch_compile_makes_one_graph_for_all_training_steps():
    net, made = Net(), []
    optimizer = torch.optim.SGD(net.parameters(), 0.1)

    def backend(graph, inputs):
        made.append(graph)
        return graph

    compiled = torch.compile(net, backend=backend)
    for _ in range(5):
        optimizer.zero_grad()
        compiled(X).square().mean().backward()
        optimizer.step()
    assert len(made) == 1


test_habit = running(HABITS)
