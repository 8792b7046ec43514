"""What speaks against a candidate being a planet: one measure a file, and the flags that follow."""
