"""NormalizationParamState, and other States in its place."""

import torch

from brainstate_torch import LongTermState, ParamState, nn
from brainstate_torch.nn.normalization.params import applied

X = torch.tensor([1.0, 3.0])


def test_params_apply_what_is_there():
    two, one = torch.tensor(2.0), torch.tensor(1.0)
    assert nn.NormalizationParamState({"scale": two}).execute(X).tolist() == [2.0, 6.0]
    assert nn.NormalizationParamState({"bias": one}).execute(X).tolist() == [2.0, 4.0]
    assert nn.NormalizationParamState({"scale": two, "bias": one}).execute(X).tolist() == [3.0, 7.0]


def test_params_of_any_kind_of_state_are_applied():
    assert applied(None, X) is X
    assert applied(LongTermState({"scale": torch.tensor(2.0)}), X).tolist() == [2.0, 6.0]


def test_execute_of_a_subclass_is_what_a_layer_calls():
    class Negated(nn.NormalizationParamState):
        def execute(self, x):
            return -x

    assert torch.equal(nn.LayerNorm(2, param_type=Negated)(X), -nn.LayerNorm(2)(X))
    assert torch.equal(nn.LayerNorm(2, param_type=ParamState)(X), nn.LayerNorm(2)(X))
