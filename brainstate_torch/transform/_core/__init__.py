"""What all transforms share: a stateful call as a pure function of tensors."""
