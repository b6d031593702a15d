"""The only package that touches private or unstable parts of torch."""
