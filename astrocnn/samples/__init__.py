"""Sets of equal samples (images or curves) with their tables: on disk, in views, in batches, in splits."""
