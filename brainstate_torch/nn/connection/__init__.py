"""Linear layers and sparse or event-driven connections."""
