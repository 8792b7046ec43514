"""The section of the ledger: what became of every object, stage by stage, and why."""

from __future__ import annotations

from typing import Any

from astrocnn.pipeline.ledger import FILE, STATUSES
from astrocnn.report.page import Section, render
from astrocnn.report.products import ProductFolder
from astrocnn.report.run_view import ReportRun

_STYLES = {"kept": "kept", "excluded": "out", "rejected": "bad"}  # all others are plain steps


def ledger_section(run: ReportRun) -> Section:
    """Number of objects by stage and status, with the reasons where there are any."""
    counted = {}
    without = []
    for stage in run.stages:
        if stage.product is None or stage.kind == "Report":
            continue
        counts = ledger_counts(ProductFolder(stage.product))
        if counts:
            counted[stage.name] = counts
        else:
            without.append(stage.name)
    statuses = [status for status in STATUSES if any(key[0] == status for rows in counted.values() for key in rows)]
    html = render(
        "ledger.html",
        rows=[_row(name, counts, statuses) for name, counts in counted.items()],
        statuses=statuses,
        legend=[
            {"style": style, "word": ", ".join(_words(style, statuses))}
            for style in dict.fromkeys(map(_style, statuses))
        ],
        remarks=[f"Without rows in the ledger: {', '.join(without)}."] if without else [],
    )
    lead = "One row for every object at every stage: nothing is dropped without a reason."
    return Section("Ledger", "ledger", html, lead)


def ledger_counts(folder: ProductFolder) -> dict[tuple[str, str], int]:
    """Number of ledger rows by (status, reason), without reading ids; empty where there is no ledger."""
    table = folder.parquet(FILE, ["status", "reason"]) or {}
    if not table:
        return {}
    import pyarrow as pa

    counted = pa.table(dict(table)).group_by(["status", "reason"]).aggregate([([], "count_all")]).to_pylist()
    return {(row["status"], row["reason"] or ""): int(row["count_all"]) for row in counted}


def _style(status: str) -> str:
    return _STYLES.get(status, "good")


def _words(style: str, statuses: list[str]) -> list[str]:
    return [status for status in statuses if _style(status) == style]


def _row(name: str, counts: dict[tuple[str, str], int], statuses: list[str]) -> dict[str, Any]:
    numbers = [sum(number for key, number in counts.items() if key[0] == status) for status in statuses]
    total = max(sum(numbers), 1)
    reasons: list[dict[str, Any]] = sorted(
        (
            {"status": status, "reason": reason, "number": number}
            for (status, reason), number in counts.items()
            if reason
        ),
        key=lambda row: (statuses.index(row["status"]), -row["number"], row["reason"]),
    )
    parts = [
        {"percent": 100 * number / total, "style": _style(status)}
        for status, number in zip(statuses, numbers, strict=True)
        if number
    ]
    with_reason = sum(row["number"] for row in reasons)
    return {"name": name, "numbers": numbers, "parts": parts, "reasons": reasons, "with_reason": with_reason}
