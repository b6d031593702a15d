"""Module, and what it does with its States."""
