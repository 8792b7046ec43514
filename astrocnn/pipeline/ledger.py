"""A row for every object: what became of it, and why. Nothing is lost silently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from astrocnn.errors import DataError, StoreError
from astrocnn.parquet import read_parquet, write_parquet

FILE = "ledger.parquet"
STATUSES = ("read", "excluded", "rejected", "simulated", "scored", "kept")
"""`excluded`: fine, but not of the kind wanted (a star); `rejected`: cannot be used, counts against the budget."""


@dataclass
class Ledger:
    """Rows of one stage or part, in the order they were added."""

    ids: list[str] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def add(self, ids: Iterable[str], status: str, reason: str = "") -> None:
        """Add one row per object.

        Raises
        ------
        StoreError
            When the status is not one of `STATUSES`.
        """
        if status not in STATUSES:
            raise StoreError(f"no ledger status is called {status!r}", expected=", ".join(STATUSES))
        ids = [str(one) for one in ids]
        self.ids += ids
        self.statuses += [status] * len(ids)
        self.reasons += [reason] * len(ids)

    def extend(self, other: Ledger) -> None:
        """Add the rows of another ledger."""
        self.ids += other.ids
        self.statuses += other.statuses
        self.reasons += other.reasons

    def change(self, ids: Iterable[str], status: str, reason: str) -> None:
        """Give other rows to objects that have one; StoreError where the status is not one of `STATUSES`."""
        changed = set(ids)
        kept = [row for row, one in enumerate(self.ids) if one not in changed]
        told = [one for one in self.ids if one in changed]
        self.ids, self.statuses, self.reasons = (
            [values[row] for row in kept] for values in (self.ids, self.statuses, self.reasons)
        )
        self.add(told, status, reason)

    def counts(self) -> dict[str, dict[str, int]]:
        """Number of objects by status and, within it, by reason."""
        counts: dict[str, dict[str, int]] = {}
        for (status, reason), number in sorted(Counter(zip(self.statuses, self.reasons, strict=True)).items()):
            counts.setdefault(status, {})[reason] = number
        return counts

    def refuse_nothing(self, what: str, where: str) -> None:
        """Raise DataError where every object was rejected, with the reasons; `what` says that none can be used."""
        counts = self.counts()
        if counts and set(counts) == {"rejected"}:
            received = "; ".join(f"{number} rejected: {reason}" for reason, number in counts["rejected"].items())
            raise DataError(what, where=where, received=received)

    def write(self, folder: Path) -> None:
        """Write `ledger.parquet` into a product's folder."""
        import pyarrow

        columns = {"id": self.ids, "status": self.statuses, "reason": self.reasons}
        table = pyarrow.table({name: pyarrow.array(values, pyarrow.string()) for name, values in columns.items()})
        write_parquet(table, folder / FILE)


def read_ledger(folder: Path) -> Ledger:
    """Read the ledger of a product's folder; empty when it has none."""
    if not (folder / FILE).is_file():
        return Ledger()
    table = read_parquet(folder / FILE).to_pydict()
    return Ledger(table["id"], table["status"], table["reason"])


def total(counts: dict[str, dict[str, int]]) -> int:
    """Objects in a ledger's counts."""
    return sum(sum(reasons.values()) for reasons in counts.values())


def rejected_fraction(counts: dict[str, dict[str, int]], parts: Sequence[dict[str, dict[str, int]]] = ()) -> float:
    """Fraction of the objects that were rejected, or that of the parts of which nothing else is left, if larger.

    A tile that cannot be read has one row in the ledger, however many objects it would have held.

    Parameters
    ----------
    counts : dict
        Of the whole ledger.
    parts : sequence of dict
        Of the ledger of each part.

    Returns
    -------
    float
        0 for an empty ledger.
    """
    number = total(counts)
    fraction = sum(counts.get("rejected", {}).values()) / number if number else 0.0
    lost = sum(rejected_fraction(part) == 1.0 for part in parts)
    return max(fraction, lost / len(parts)) if parts else fraction
