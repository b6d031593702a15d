"""Hodgkin–Huxley cells, the model of the notebook: the same voltages in both libraries, eagerly and compiled."""

import contextlib
import functools

import numpy as np
import pytest

from .frameworks import OURS, THEIRS, jax

CURRENTS = np.array([0.0, 5.0, 8.0, 15.0])  # uA / cm²
STEPS, DT = 1500, 0.02  # ms


def cells(f):
    """A model in the words of one library."""
    u = f.u
    density = u.mS / u.cm**2

    class HodgkinHuxley(f.bs.nn.Dynamics):
        def init_state(self):
            at = f.np.exp(self.zeros) - 1.0
            self.V = f.bs.HiddenState((at - 65.0) * u.mV)
            self.m, self.h, self.n = (f.bs.HiddenState(at + x) for x in (0.05, 0.6, 0.32))

        def slope(self, v, m, h, n, current):
            sodium = 120.0 * density * m**3 * h * (v - 50.0 * u.mV)
            potassium = 36.0 * density * n**4 * (v + 77.0 * u.mV)
            leak = 0.3 * density * (v + 54.4 * u.mV)
            return (current - sodium - potassium - leak) / (1.0 * u.uF / u.cm**2)

        def update(self, current):
            v, m, h, n = self.V.value, self.m.value, self.h.value, self.n.value
            x = v / u.mV
            exprel = u.math.exprel
            rates = {
                "m": (1.0 / exprel(-(x + 40.0) / 10.0), 4.0 * f.np.exp(-(x + 65.0) / 18.0)),
                "h": (0.07 * f.np.exp(-(x + 65.0) / 20.0), 1.0 / (1.0 + f.np.exp(-(x + 35.0) / 10.0))),
                "n": (0.1 / exprel(-(x + 55.0) / 10.0), 0.125 * f.np.exp(-(x + 65.0) / 80.0)),
            }
            step = f.bs.nn.exp_euler_step
            self.V.value = step(self.slope, v, m, h, n, current)
            for name, (opening, closing) in rates.items():
                gate = getattr(self, name)
                gate.value = step(lambda y, a=opening, b=closing: (a * (1.0 - y) - b * y) / u.ms, gate.value)
            return self.V.value

    return HodgkinHuxley(CURRENTS.shape)


@functools.cache
def voltages(name, precision, compiled):
    """The voltages in mV, [step, cell]."""
    f = THEIRS if name == "theirs" else OURS
    wide = jax.enable_x64(precision == 64) if f is THEIRS else contextlib.nullcontext()
    dtype = f"float{precision}"
    with wide, f.bs.environ.context(precision=precision, dt=DT * f.u.ms):
        model = cells(f)
        model.zeros = f.array(0.0 * CURRENTS, dtype)
        model.init_state()
        currents = f.array(CURRENTS, dtype) * (f.u.uA / f.u.cm**2)

        def simulate(steps):
            return f.bs.transform.for_loop(lambda i: model(currents), steps)

        run = f.bs.transform.jit(simulate) if compiled else simulate
        found = run(f.array(np.arange(STEPS), "int32")).to_decimal(f.u.mV)
        assert str(found.dtype).endswith(dtype)
        return np.asarray(found)


def spikes(v):
    """Where the voltage comes to 0 mV from below, [step, cell]."""
    return (v[1:] >= 0.0) & (v[:-1] < 0.0)


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "jit"])
def test_double_precision_gives_the_same_curves(compiled):
    """The functions exp of the two libraries differ in the last bit, 1e-16; a spike makes that 1e4 times larger."""
    ours, theirs = voltages("ours", 64, compiled), voltages("theirs", 64, True)
    assert spikes(theirs).sum(0).tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


def test_single_precision_spikes_at_the_same_steps():
    """The last bit is 1e-7 here, of a voltage that rises by 6 mV in a step."""
    ours, theirs = voltages("ours", 32, False), voltages("theirs", 32, True)
    np.testing.assert_array_equal(spikes(ours), spikes(theirs))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=0.05)


def test_single_precision_is_near_double_precision():
    """Which also says that the bound of the other test is not a loose one."""
    np.testing.assert_allclose(voltages("ours", 32, False), voltages("ours", 64, False), rtol=0, atol=0.05)


def test_current_decides_over_firing():
    """A reference from outside: the rheobase of this cell lies near 6 uA / cm², below it one spike at most."""
    count = spikes(voltages("ours", 64, False)).sum(0)
    assert (np.diff(count) >= 0).all()
    assert count[1] <= 1 < count[2]
