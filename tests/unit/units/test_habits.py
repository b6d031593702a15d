"""What pint's, numpy's, brainunit's and torch's users type."""

import io
import os
import subprocess
import sys

import numpy as np
import pint
import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch.units import si
from brainstate_torch.units.pint_registry import get_registry

Q = torch.tensor([1.0, 2.0, 3.0]) * u.mV


def test_pints_names_are_there():
    q = 1.5 * u.volt
    assert (q.m, q.u, q.m_as("mV"), q.units, q.magnitude) == (1.5, u.volt, 1500.0, u.volt, 1.5)
    assert q.is_compatible_with("mV") and not q.is_compatible_with(u.ms) and not q.unitless
    assert (2.0 * u.km).to_base_units().unit == u.meter and (2.0 * u.km).to_root_units().mantissa == 2000.0
    assert u.Quantity.from_tuple(q.to_tuple()) == q
    assert repr((0.00015 * u.volt).to_compact()) == "150.0 uV"
    with pytest.raises(TypeError, match=r"must not be converted in place.*q = q.to\(unit\)"):
        q.ito("mV")


@pytest.mark.parametrize(
    ("text", "mantissa", "unit"),
    [("3 mV", 3, u.mV), ("3.5 mV/ms", 3.5, u.mV / u.ms), ("-1e-3 volt", -1e-3, u.volt), ("7", 7, u.UNITLESS),
     ("25 degC", 298.15, u.kelvin), ("2 * 3 mV", 6, u.mV)],
)  # fmt: skip
def test_quantity_reads_texts(text, mantissa, unit):
    q = u.Quantity(text)
    assert q.mantissa == pytest.approx(mantissa) and q.unit == unit


def test_text_that_is_no_quantity_is_refused():
    with pytest.raises(
        ValueError, match=r"`value` must be a string that pint can read, such as '3 mV'. Got '3 bananas"
    ):
        u.Quantity("3 bananas apples")
    assert u.Quantity(3, "mV").unit is u.mV and u.Quantity(mantissa=3, unit="mV").mantissa == 3


def test_scales_that_are_not_linear_are_read_and_held_in_si():
    assert (10 * u.delta_degC + 20 * u.degC).unit is u.kelvin
    power = u.Quantity(20.0, u.Unit("dBm"))
    assert power.to_decimal(u.mW) == pytest.approx(100.0) and power.to_decimal(u.Unit("dBm")) == pytest.approx(20.0)
    assert u.Quantity(torch.tensor([10.0]), u.Unit("dB")).to_decimal().item() == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("q", "spec", "text"),
    [
        (Q, ".2f", "[1.00 2.00 3.00] mV"),
        (1.5 * u.mV, ".2f~P", "1.50 mV"),
        (1.5 * u.mV, "P", "1.5 millivolt"),
        (1.5 * u.mV, "~P", "1.5 mV"),
        (0.0015 * u.volt, "#~P", "1.5 mV"),
        (0.0015 * u.volt, ".1f#~P", "1.5 mV"),
        (0.0015 * u.volt, ".2f~#P", "1.50 mV"),
        (0.0015 * u.volt, "~P#", "1.5 mV"),
        (1.5 * u.mV, ".1f", "1.5 mV"),
        (torch.tensor(1e-7) * u.mV, "", "1.0e-07 mV"),
    ],
)
def test_format_specifications(q, spec, text):
    assert format(q, spec) == text


def test_html_has_the_unit():
    assert (3.0 * u.mV)._repr_html_() == "3.0 mV"


def test_quantity_survives_torchs_safe_loading():
    file = io.BytesIO()
    torch.save({"q": Q, "unit": u.mV / u.ms, "scalar": (1.0 * u.ms) / (2.0 * u.mV)}, file)
    file.seek(0)
    found = torch.load(file, weights_only=True)
    assert torch.equal(found["q"].mantissa, Q.mantissa) and found["q"].unit is u.mV
    assert found["unit"] is u.mV / u.ms and found["scalar"].mantissa == 0.5


def test_loader_stacks_quantities():
    batch = torch.utils.data.default_collate([{"v": Q}, {"v": Q.to(u.volt)}])
    assert batch["v"].shape == (2, 3) and batch["v"].unit is u.mV
    torch.testing.assert_close(batch["v"].mantissa[1], Q.mantissa)


def test_numpy_reductions_keep_the_unit():
    assert np.mean(Q).unit is u.mV and np.mean(Q).mantissa == 2.0 and np.sum(Q).mantissa == 6.0
    with pytest.raises(TypeError, match=r"`out` of `mean` must not be given"):
        Q.mean(out=torch.zeros(()))


def test_iteration_needs_an_axis():
    with pytest.raises(TypeError, match=r"must have an axis to be iterated over. Got one without axes in mV"):
        iter(3.0 * u.mV)
    assert not np.iterable(3.0 * u.mV) and [q.item() for q in Q] == [1.0 * u.mV, 2.0 * u.mV, 3.0 * u.mV]


@pytest.mark.parametrize(
    "function", [torch.mean, torch.std, torch.var, u.math.mean, lambda q: q.mean(), torch.linalg.norm]
)
def test_integers_have_means(function):
    whole, floating = [1, 2, 3] * u.mV, [1.0, 2.0, 3.0] * u.mV
    for _ in range(2):
        for q in (whole, floating):
            torch.testing.assert_close(function(q).mantissa, function(floating).mantissa)


def test_errors_name_units_that_occur():
    with pytest.raises(u.UnitMismatchError, match=r'q / u.Unit\("m / s"\)'):
        (3.0 * u.meter / u.second) + 3.0 * u.mV
    with pytest.raises(u.UnitMismatchError, match=r"q / u.inch\."):
        3.0 * u.inch + 3.0 * u.mV
    with pytest.raises(u.UnitMismatchError, match=r"Use u.math.linspace, which takes units"):
        torch.linspace(0.0 * u.mV, 1.0 * u.mV, 3)
    with pytest.raises(u.UnitMismatchError, match=r"Use brainstate_torch.random.normal, which takes units"):
        torch.normal(0.0 * u.mV, 1.0 * u.mV, (3,))
    with pytest.raises(AttributeError, match=r"quantities and tensors have no attribute 'bogus'"):
        _ = Q.bogus


def test_methods_of_tensors_have_their_name_and_help():
    assert Q.cuda.__name__ == "cuda" and Q.clamp.__doc__


def test_units_defined_by_users_are_units():
    u.registry.define("blink = 0.3 second")
    assert (2.0 * u.blink).to_decimal(u.ms) == pytest.approx(600.0)


@pytest.mark.parametrize("name", sorted(si._names()))
def test_units_written_here_are_pints(name):
    registry = get_registry()
    container = registry.parse_units(name)._units
    ((long, power),) = container.items()
    scale, dimension = si.definition(long)
    assert power == 1 and dict(si.parsed(name)) == {long: 1}
    assert scale == pytest.approx(registry.get_base_units(registry.Unit(container))[0], rel=1e-12)
    assert registry.Unit(container).dimensionality == dimension


@pytest.mark.slow
def test_import_does_not_build_pints_registry_and_tells_matplotlib():
    pytest.importorskip("matplotlib")
    code = (
        "import matplotlib.units as m, brainstate_torch.units as u; assert u.Quantity in m.registry;"
        "from brainstate_torch.units.pint_registry import get_registry as r;"
        "u.mV * u.ms; 3.0 * u.mV + 1.0 * u.volt; assert r.cache_info().currsize == 0;"
        "str(u.inch); assert r.cache_info().currsize == 1"
    )
    root = os.path.dirname(os.path.dirname(os.path.dirname(u.__file__)))
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": root})


def test_matplotlib_draws_quantities():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    assert u.enable_matplotlib_support()
    figure, axes = pyplot.subplots()
    (line,) = axes.plot([0.0, 1.0, 2.0] * u.ms, Q)
    axes.axhline(0.002 * u.volt)
    assert line.get_ydata(orig=False).tolist() == [1.0, 2.0, 3.0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("ms", "mV") and axes.lines[1].get_ydata(orig=False)[0] == 2.0
    pyplot.close(figure)


def test_numpy_refuses_units_with_a_hint_at_matplotlib():
    pytest.importorskip("matplotlib")
    with pytest.raises(u.UnitMismatchError, match=r"call `u.enable_matplotlib_support\(\)` once"):
        np.asarray(Q)


def test_size_is_a_number_and_torchs_method():
    q = torch.ones(2, 3) * u.mV
    assert q.size == 6 and q.size() == (2, 3) and q.size(1) == 3 and u.math.size([[1, 2]], 0) == 1
    assert u.math.size(torch.ones(2, 3), axis=0) == 2


def test_update_mantissa_checks_what_it_gets():
    q = Q.copy()
    q.update_mantissa(torch.zeros(3))
    assert q.mantissa.tolist() == [0.0] * 3
    with pytest.raises(ValueError, match=r"`mantissa` must have the shape and dtype of the old one"):
        q.update_mantissa(torch.zeros(2))
    with pytest.raises(ValueError, match=r"`mantissa` must be plain"):
        q.update_mantissa(Q)


def test_other_registrys_units_are_understood():
    assert u.Quantity(pint.UnitRegistry().Quantity(3.0, "mV")).unit is u.mV


def test_pints_decorators_take_our_quantities():
    double = u.registry.wraps(u.registry.mV, (u.registry.mV,))(lambda v: 2 * v)
    found = double(torch.tensor([0.001]) * u.volt)
    assert isinstance(found, u.Quantity) and found.unit is u.mV and found.mantissa.item() == pytest.approx(2.0)
    assert double(3.0 * u.registry.mV).magnitude == 6.0
    length = u.registry.check("[length]")(lambda x: x)
    assert length(3.0 * u.cm).to_decimal(u.meter) == pytest.approx(0.03)
    with pytest.raises(pint.DimensionalityError):
        length(3.0 * u.ms)


def test_a_unit_and_a_dtype_are_converted_to_in_one_call():
    q = torch.tensor([1500.0, 2.0]) * u.mV
    wide = q.to(u.volt, torch.float64)
    assert (
        wide.unit is u.volt and wide.dtype is torch.float64 and q.to("volt", dtype=torch.float16).dtype is torch.float16
    )
    assert u.math.allclose(wide, q.to(torch.float64))


def test_units_of_one_dimension_are_reduced_to_one():
    assert str((2.0 * u.meter * u.cm).to_reduced_units().unit) in ("cm ** 2", "m ** 2")
    assert u.math.allclose((2.0 * u.meter * u.cm).to_reduced_units(), 2.0 * u.meter * u.cm)


def test_contexts_of_pint_convert_between_dimensions():
    length = torch.tensor([500.0], requires_grad=True) * u.Unit("nm")
    found = length.to("THz", "spectroscopy")
    assert found.mantissa.item() == pytest.approx(599.584916) and found.mantissa.requires_grad
    with u.registry.context("sp"):
        assert u.math.allclose(length.to("THz"), found)
    mass = u.Quantity(1.0, "g").to("mol", "chemistry", mw=18.0 * u.registry.gram / u.registry.mol)
    assert mass.mantissa == pytest.approx(1 / 18)
    with pytest.raises(u.UnitMismatchError, match=r"`to` must get a unit that the context leads to. Got mV for nm"):
        length.to("mV", "sp")
    with pytest.raises(ValueError, match=r"must be contexts of u.registry. Got \('bogus',\)"):
        length.to("THz", "bogus")
    with pytest.raises(u.UnitMismatchError, match=r"must get one common dimension"):
        length.to("THz")


def test_more_of_pints_names():
    ratio = u.Quantity(3.0, "mV/V")
    assert ratio.unitless and not ratio.is_unitless and not u.Quantity(3.0, "degree").unitless
    assert u.Quantity(3.0, "percent").unitless and not Q.unitless
    assert repr(u.Quantity(1500.0, "mV").to_unprefixed()) == "1.5 V"
    found = u.Quantity.from_list([1.0 * u.mV, 1.0 * u.volt])
    assert found.unit is u.mV and found.mantissa.tolist() == [1.0, 1000.0]
    assert format(u.Quantity(3.5, "mV"), ".2f~L") == r"3.50\ \mathrm{mV}"
    assert format(Q, ".1f~L") == r"[1.0 2.0 3.0]\ \mathrm{mV}"
    assert format(u.Quantity(3.5, "mV"), "Lx") == r"\SI[]{3.5}{\milli\volt}"
