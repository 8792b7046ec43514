"""A network with a layer of its own."""
