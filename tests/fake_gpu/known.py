"""The checks that do not hold, each with its reason. A check that comes to hold must leave this list."""

_CLOSURE = (
    "a numpy array lies on the default device unless a tensor stands beside it; States of a closure are not looked at"
)
_NUMBER = "the host chooses the branch or counts the steps: one wait each"
_KEY = "a Threefry key that lies on the CPU is split there; a RandomState that is moved with its module does not wait"

KNOWN = {
    "States: a value given as numpy array to a State on the device takes part in its operations": _CLOSURE,
    "grad of a numpy array where States are on the device": _CLOSURE,
    "jit: numpy arguments where States are on the device": _CLOSURE,
    "units: numbers and arrays of numpy beside a quantity on the device": (
        "a numpy array times a unit is a quantity on the default device before it meets another"
    ),
    "no wait: jit of cond": _NUMBER,
    "no wait: jit of switch": _NUMBER,
    "no wait: jit of ifelse": _NUMBER,
    "no wait: jit of bounded_while_loop": _NUMBER,
    "no wait: jit of while_loop": _NUMBER,
    "no wait: jit with an error check": "an error check looks at its number in each run",
    "no wait: random draws with threefry2x32": _KEY,
    "no wait: random draws inside jit with threefry2x32": _KEY,
    "no wait: nn.Dropout with threefry2x32": _KEY,
    "capture: all that a jitted training step takes lies on the device": "the count and the rate of an optimizer",
    "capture: a draw of torch's generator takes nothing from the CPU": "the state of a stream is a tensor on the CPU",
}
