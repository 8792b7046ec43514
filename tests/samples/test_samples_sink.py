"""A file that keeps its first failure and drops what follows."""

import pytest

from astrocnn.samples.sink import Sink


def test_writes_as_a_file_does(tmp_path):
    with Sink(tmp_path / "a", "w+") as sink:
        assert sink.write(memoryview(b"abcdef")) == 6
        sink.truncate(4)
        sink.sync()
        assert sink.failure is None
    assert (tmp_path / "a").read_bytes() == b"abcd"


def test_nothing_is_written_once_discarding(tmp_path):
    with Sink(tmp_path / "a", "w+") as sink:
        sink.write(b"abc")
        sink.discard = True
        assert sink.write(b"def") == 3
        sink.truncate(0)
    assert (tmp_path / "a").read_bytes() == b"abc"


def test_a_failure_is_kept_and_not_raised():
    try:
        sink = Sink("/dev/full", "w+")
    except OSError:
        pytest.skip("no /dev/full here")
    with sink:
        assert sink.write(b"abc") == 3
        assert sink.write(b"def") == 3
        assert isinstance(sink.failure, OSError)
        assert sink.discard
