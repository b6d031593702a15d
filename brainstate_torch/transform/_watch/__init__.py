"""Checks of numbers while a function runs."""
