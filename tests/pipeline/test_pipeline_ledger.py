"""The ledger: a row for every object, counts, and the fraction that was rejected."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from astrocnn.errors import StoreError
from astrocnn.pipeline.ledger import STATUSES, Ledger, read_ledger, rejected_fraction, total

ROWS = st.lists(
    st.tuples(
        st.text(st.characters(codec="utf-8"), max_size=5), st.sampled_from(STATUSES), st.sampled_from(["", "dark"])
    ),
    max_size=30,
)


def ledger_of(rows):
    ledger = Ledger()
    for identifier, status, reason in rows:
        ledger.add([identifier], status, reason)
    return ledger


def test_counts_are_by_status_and_reason():
    ledger = Ledger()
    ledger.add(["a", "b", 3], "read")
    ledger.add(["c"], "rejected", "too dark")
    ledger.add(["d", "e"], "rejected", "no pixels")
    ledger.add([], "kept")
    assert ledger.ids == ["a", "b", "3", "c", "d", "e"]
    assert ledger.counts() == {"read": {"": 3}, "rejected": {"no pixels": 2, "too dark": 1}}
    assert total(ledger.counts()) == 6
    assert rejected_fraction(ledger.counts()) == 0.5


def test_excluded_objects_do_not_count_as_rejected():
    ledger = ledger_of([("a", "excluded", "star"), ("b", "read", ""), ("c", "rejected", "dark"), ("d", "read", "")])
    assert rejected_fraction(ledger.counts()) == 0.25
    assert rejected_fraction({}) == 0.0
    assert total({}) == 0


def test_parts_of_which_nothing_is_left_count_as_parts():
    """A tile that cannot be read is one row beside the hundred of another tile."""
    lost, good = {"rejected": {"cut short": 1}}, {"read": {"": 99}, "rejected": {"dark": 1}}
    whole = {"read": {"": 99}, "rejected": {"cut short": 1, "dark": 1}}
    assert rejected_fraction(whole, [lost, good, {}, {}]) == 0.25
    assert rejected_fraction(whole, [good]) == rejected_fraction(whole) == 2 / 101
    assert rejected_fraction(good, [lost] * 2) == 1.0
    assert rejected_fraction({}, [{}]) == 0.0


def test_an_unknown_status_is_refused():
    with pytest.raises(StoreError, match="no ledger status is called 'lost'; expected read, excluded"):
        Ledger().add(["a"], "lost")


@given(ROWS)
def test_every_row_is_counted_once(rows):
    counts = ledger_of(rows).counts()
    assert total(counts) == len(rows)
    for status, reasons in counts.items():
        for reason, number in reasons.items():
            assert number == sum(row[1:] == (status, reason) for row in rows) > 0


@given(ROWS, ROWS)
def test_ledgers_are_joined_in_order(one, other):
    joined = ledger_of(one)
    joined.extend(ledger_of(other))
    assert joined == ledger_of(one + other)


@pytest.mark.parametrize("rows", [[], [("é", "read", ""), ("b", "rejected", "a\nreason, long"), ("é", "kept", "")]])
def test_a_ledger_is_read_as_it_was_written(rows, tmp_path):
    ledger_of(rows).write(tmp_path)
    assert read_ledger(tmp_path) == ledger_of(rows)
    table = parquet.read_table(tmp_path / "ledger.parquet")
    assert table.column_names == ["id", "status", "reason"]
    assert {str(kind) for kind in table.schema.types} == {"string"}


def test_a_folder_without_a_ledger_has_an_empty_one(tmp_path):
    assert read_ledger(tmp_path) == Ledger()
