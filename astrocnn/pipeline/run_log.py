"""The log of a run: one file a run, one JSON object a line; worker processes append to the same file.

    runs/<name>/logs/20261123T083000.271828-4711.jsonl    {"time", "level", "logger", "message", and what belongs to it}

What belongs to a line: `stage`, `state`, `seconds`, `peak_memory_mb`, `error` with the traceback.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from astrocnn.messages import tell_what_is_logged

FOLDER = "logs"
FACTS = ("stage", "state", "seconds", "peak_memory_mb")
_PACKAGE = logging.getLogger("astrocnn")


class _JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"time": time, "level": record.levelname, "logger": record.name, "message": record.getMessage()}
        line |= {fact: getattr(record, fact) for fact in FACTS if hasattr(record, fact)}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class _RunLog(logging.FileHandler):
    """Appends to the file of a run; each line is one write, so that several processes may."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, encoding="utf-8")
        self.setFormatter(_JsonLines())


@contextmanager
def run_log(root: Path) -> Iterator[Path]:
    """Also write what the package logs, from INFO up, to a new file in the folder of a run; gives its path."""
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{os.getpid()}.jsonl"
    handler, before = _RunLog(path), _PACKAGE.level
    _PACKAGE.addHandler(handler)
    _PACKAGE.setLevel(min(_PACKAGE.getEffectiveLevel(), logging.INFO))
    try:
        yield path
    finally:
        _PACKAGE.setLevel(before)
        _PACKAGE.removeHandler(handler)
        handler.close()


def current_log() -> Path | None:
    """File that this process logs a run to; None outside a run."""
    return next((Path(handler.baseFilename) for handler in _PACKAGE.handlers if isinstance(handler, _RunLog)), None)


def log_in_worker(path: Path | None) -> None:
    """Let a worker process log to the file of its run, and its warnings to stderr too."""
    tell_what_is_logged()
    if path is not None:
        _PACKAGE.addHandler(_RunLog(path))
        _PACKAGE.setLevel(logging.INFO)


def logged_warnings() -> list[str]:
    """Warnings and errors in the log of the run so far, each once."""
    path = current_log()
    lines = read_log(path) if path else []
    return list(dict.fromkeys(line["message"] for line in lines if line["level"] in ("WARNING", "ERROR")))


def read_log(path: Path) -> list[dict[str, Any]]:
    """Lines of a log; one that a kill cut short is left out."""
    lines = []
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            lines.append(json.loads(text))
        except ValueError:
            continue
    return lines
