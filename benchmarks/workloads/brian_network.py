"""Writes the network of ``ei_network`` as a program in C++, by Brian2's "standalone" mode, and compiles it.

``python brian_network.py INPUTS.npz FOLDER``, in an environment of its own: Brian2 2.9 does not load with the numpy
that the others need. It imports nothing of the benchmarks.
"""

import sys

import brian2 as b2
import numpy as np


def main(file, folder):
    """Build; the program is FOLDER/main, and leaves what it finds in FOLDER/results."""
    data = np.load(file)
    n, n_e, dt, steps, threads = (data[name].item() for name in ("n", "n_e", "dt", "steps", "threads"))
    b2.prefs.core.default_float_dtype = data["v"].dtype.type
    b2.prefs.devices.cpp_standalone.openmp_threads = threads if threads > 1 else 0
    b2.set_device("cpp_standalone", directory=None, build_on_run=False)
    b2.defaultclock.dt = dt * b2.ms
    names = {
        name: data[name].item()
        for name in ("v_th", "v_reset", "rest", "towards", "decay_e", "decay_i", "refractory", "w_e", "w_i")
    }
    neurons = b2.NeuronGroup(
        n,
        "v : 1\n g_e : 1\n g_i : 1\n since : 1",
        threshold="v >= v_th",
        reset="v = v_reset; since = 0",
        namespace=names,
    )
    neurons.run_regularly("since = since + 1; g_e = g_e * decay_e; g_i = g_i * decay_i", when="groups")
    neurons.run_regularly("v = v + int(since >= refractory) * towards * (rest + g_e + g_i - v)", when="end")
    neurons.v, neurons.since = data["v"], 1e7
    parts = [neurons]
    for first, place in ((0, "e"), (n_e, "i")):
        indices = data[f"to_{place}"]
        synapses = b2.Synapses(neurons, neurons, on_pre=f"g_{place}_post += w_{place}", namespace=names)
        synapses.connect(i=first + np.repeat(np.arange(len(indices)), indices.shape[1]), j=indices.ravel())
        parts.append(synapses)
    network = b2.Network(*parts, b2.SpikeMonitor(neurons, name="spikes"))
    network.schedule = ["start", "thresholds", "groups", "synapses", "resets", "end"]
    network.run(steps * dt * b2.ms)
    b2.device.build(directory=folder, run=False, with_output=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
