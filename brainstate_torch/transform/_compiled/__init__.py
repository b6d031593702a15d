"""Programs as graphs: what `jit` records, with loops and branches as single operations that have derivatives."""
