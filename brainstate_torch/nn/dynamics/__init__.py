"""Dynamics: modules that change in time."""
