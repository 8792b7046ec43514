"""Columns of a light curve's row that say what reading it has changed. Light: no numpy."""

CHANGES = {
    "dropped_missing": "rows without a finite time or value, and placeholders",
    "dropped_flagged": "rows that the quality mask takes away",
    "sorted_rows": "rows that stood before an earlier one",
    "merged_rows": "rows that repeated time and band of another",
    "unknown_errors": "errors of zero and placeholders, now NaN",
}
