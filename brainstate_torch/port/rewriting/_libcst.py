"""libcst, which comes with the extra ``port``."""

try:
    import libcst as cst
    from libcst import metadata
except ImportError as error:
    raise ImportError(
        "the porting tool needs libcst, which is not installed. Install it with the extra: "
        "pip install 'brainstate_torch[port]'."
    ) from error

__all__ = ["cst", "metadata"]
