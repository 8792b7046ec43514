"""The nearest known spelling of a name that nobody knows."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like `name`, or None when nothing comes close."""
    matches = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return `did you mean X?`, or the list of what is known when nothing comes close."""
    known = sorted(known)
    match = nearest(name, known)
    return f"did you mean {match}?" if match else f"known: {', '.join(known) or 'none'}"
