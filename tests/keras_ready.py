"""For folders of tests that call Keras directly: the backend is prepared first, so that others may run after them."""

import pytest

from astrocnn import backend


@pytest.fixture(scope="session", autouse=True)
def prepared_backend():
    backend.prepare()
