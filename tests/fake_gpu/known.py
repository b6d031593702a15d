"""The checks that do not hold, each with its reason. A check that comes to hold must leave this list."""

KNOWN = {
    "units: arrays of numpy times a unit, beside a quantity on the device": (
        "a numpy array times a unit is a quantity on the default device before it meets another, as `torch.tensor` is"
    ),
    "no wait: jit of ifelse": "that exactly one condition holds is checked in each run; `check_cond=False` does not wait",
    "no wait: jit of while_loop": "the host counts the steps: one wait each",
    "no wait: jit with an error check": "an error check looks at its number in each run, before a State is written",
    "no wait: random draws inside jit with threefry2x32": (
        "a Threefry key that lies on the CPU is copied; a RandomState that is moved with its module does not wait"
    ),
}
