"""The zoo of networks: strict options and a Keras 3 builder each, one file a network."""
