"""Structured logs: one JSON object a line, to stdout and to LOG_FILE if it is set."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import IO, Any

import structlog


class _Tee:
    def __init__(self, *sinks: IO[str]) -> None:
        self._sinks = sinks

    def write(self, text: str) -> None:
        for sink in self._sinks:
            sink.write(text)

    def flush(self) -> None:
        for sink in self._sinks:
            sink.flush()


def configure(log_file: Path | None) -> None:
    """Set up logging once, at start.

    Library loggers are silenced below "critical": they could print addresses, headers or stack traces.

    Raises:
        SystemExit: LOG_FILE cannot be opened; one line says so.
    """
    sinks: list[IO[str]] = [sys.stdout]
    if log_file is not None:
        try:
            log_file.parent.mkdir(parents=True, exist_ok=True)
            sinks.append(log_file.open("a", encoding="utf-8", buffering=1))
        except OSError as error:
            raise SystemExit(f"hotel-agent: wrong setting: LOG_FILE: cannot be opened: {error.strerror}") from None
    logging.basicConfig(level=logging.CRITICAL)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(_Tee(*sinks)),  # type: ignore[arg-type]
        cache_logger_on_first_use=True,
    )


def logger() -> Any:
    """The logger; keyword arguments become fields of the line."""
    return structlog.get_logger()
