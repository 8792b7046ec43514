"""Columns of a light curve's row that say what reading it has changed. Light: no numpy."""

CHANGES = {
    "dropped_missing": "rows without a finite time or value",
    "dropped_placeholders": "rows whose value or error stands for nothing measured, as 99.99",
    "dropped_flagged": "rows that the quality mask takes away",
    "sorted_rows": "rows that stood before an earlier one",
    "merged_rows": "rows that repeated time and band of another",
    "unknown_errors": "errors of zero and infinite ones, now NaN",
}
