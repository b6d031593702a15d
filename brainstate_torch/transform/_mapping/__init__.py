"""Maps over batches, devices and new States."""
