"""astrocnn."""
