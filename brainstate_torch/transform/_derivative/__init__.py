"""Gradients, Jacobians and products with them."""
