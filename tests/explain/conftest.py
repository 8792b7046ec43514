"""These tests call Keras directly."""

from keras_ready import prepared_backend  # noqa: F401  (a fixture of all tests below)
