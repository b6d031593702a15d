"""numpy's functions in terms of torch's, for tensors and quantities; `units.math` makes tensors of what it is given."""
