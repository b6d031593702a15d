"""brainstate_torch.units.constants: values of CODATA, which SciPy has too, and the SI units they are measured in."""

import pytest
from scipy import constants

import brainstate_torch.units as u

#: SciPy's name, and the SI units of which the unit is made.
CONSTANTS = {
    "avogadro": ("Avogadro constant", 1 / u.mole),
    "boltzmann": ("Boltzmann constant", u.joule / u.kelvin),
    "electric": ("vacuum electric permittivity", u.farad / u.meter),
    "electron_mass": ("electron mass", u.kilogram),
    "elementary_charge": ("elementary charge", u.coulomb),
    "faraday": ("Faraday constant", u.coulomb / u.mole),
    "gas": ("molar gas constant", u.joule / u.mole / u.kelvin),
    "gravitational_constant": ("Newtonian constant of gravitation", u.meter**3 / u.kilogram / u.second**2),
    "hbar": ("reduced Planck constant", u.joule * u.second),
    "magnetic": ("vacuum mag. permeability", u.newton / u.amp**2),
    "molar_mass": ("molar mass constant", u.kilogram / u.mole),
    "planck": ("Planck constant", u.joule * u.second),
    "speed_of_light": ("speed of light in vacuum", u.meter / u.second),
    "standard_gravity": ("standard acceleration of gravity", u.meter / u.second**2),
    "stefan_boltzmann": ("Stefan-Boltzmann constant", u.watt / u.meter**2 / u.kelvin**4),
    "zero_celsius": (None, u.kelvin),
}


@pytest.mark.parametrize("name", CONSTANTS)
def test_a_constant_is_that_of_codata(name):
    theirs, unit = CONSTANTS[name]
    expected = constants.zero_Celsius if theirs is None else constants.value(theirs)
    # Releases of CODATA differ by less.
    assert float(getattr(u.constants, name) / (1.0 * unit)) == pytest.approx(expected, rel=1e-8)


def test_all_are_compared():
    assert set(CONSTANTS) == set(u.constants.__all__)
