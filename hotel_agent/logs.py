"""Structured logs: one JSON object a line, to stdout and to LOG_FILE if it is set.

A log call hands its line over and returns: it never raises and never waits. What the sinks then do with it, and what is
lost on the way, is told by `lost`. Errors of the libraries and of asyncio come out as such lines, too.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import sys
import threading
import traceback
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from pathlib import Path
from typing import Any

import structlog

from hotel_agent.log_sinks import FileSink, LogWriter, StreamSink

#: The end of a trace is what matters; a line is not longer than this many characters and a bit.
_LONGEST_TRACE = 8000
#: Shorter ones would spoil every second word, and are no secrets.
_SHORTEST_SECRET = 6
#: How long a clean end waits for lines that are not written yet, in seconds.
_FLUSH = 1.0

_writers: list[LogWriter] = []
_secrets: list[str] = []
_unrendered = 0


def configure(log_file: Path | None) -> None:
    """Set up logging once, at start.

    Raises:
        SystemExit: LOG_FILE names what can never be a log file; one line says so. A full disk is no such reason.
    """
    if sys.stdout is not None:
        _writers.append(LogWriter("stdout", StreamSink(sys.stdout.fileno())))
    if log_file is not None:
        try:
            _writers.append(LogWriter("file", FileSink(log_file)))
        except OSError as error:
            raise SystemExit(f"hotel-agent: wrong setting: LOG_FILE: cannot be opened: {error.strerror}") from None
    atexit.register(flush)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.EventRenamer("message"),
            _without_secrets,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=_NeverRaises,
        logger_factory=lambda *_: _Lines(),
        cache_logger_on_first_use=True,
    )
    _take_over_libraries()


def logger() -> Any:
    """The logger; keyword arguments become fields of the line."""
    return structlog.get_logger()


def keep_out(secrets: Iterable[str]) -> None:
    """Name what must stand in no line: keys and tokens, also as basic authentication sends them."""
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            _secrets.extend((secret, b64encode(f"{secret}:".encode()).decode()))


def trace(error: BaseException) -> str:
    """The stack trace of an error, for a field of a line; of a long one the end."""
    return "".join(traceback.format_exception(error))[-_LONGEST_TRACE:]


def lost() -> dict[str, int]:
    """How many lines each sink has lost since the start, and how many could not be made ("render")."""
    return {**{writer.name: writer.lost for writer in _writers}, "render": _unrendered}


def flush() -> None:
    """Wait a moment until what was logged is written; for a clean end."""
    for writer in _writers:
        writer.flush(_FLUSH)


def watch(loop: asyncio.AbstractEventLoop) -> None:
    """Log what a task or a callback of the loop raised and nobody took ("Task exception was never retrieved")."""

    def tell(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        fields = {} if error is None else {"error": type(error).__name__, "trace": trace(error)}
        logger().error(f"asyncio: {context.get('message')}", **fields)

    loop.set_exception_handler(tell)


class _NeverRaises(structlog.BoundLoggerBase):
    """A logger of which no call raises: a line that cannot be made is lost and counted."""

    def _log(self, level: str, event: str, /, **fields: Any) -> None:
        global _unrendered
        try:
            self._proxy_to_logger(level, event, **fields)
        except Exception:  # whatever a field's text is, or a sink does
            _unrendered += 1

    def debug(self, event: str, /, **fields: Any) -> None:
        self._log("debug", event, **fields)

    def info(self, event: str, /, **fields: Any) -> None:
        self._log("info", event, **fields)

    def warning(self, event: str, /, **fields: Any) -> None:
        self._log("warning", event, **fields)

    def error(self, event: str, /, **fields: Any) -> None:
        self._log("error", event, **fields)

    def critical(self, event: str, /, **fields: Any) -> None:
        self._log("critical", event, **fields)


class _Lines:
    """Where structlog's lines end: every sink gets each of them."""

    def msg(self, line: str) -> None:
        data = f"{line}\n".encode("utf-8", "backslashreplace")
        for writer in _writers:
            writer.write(data)

    debug = info = warning = error = critical = msg


def _without_secrets(_: Any, __: str, fields: MutableMapping[str, Any]) -> Mapping[str, Any]:
    for secret in _secrets:
        for name, value in fields.items():
            if isinstance(value, str) and secret in value:
                fields[name] = value.replace(secret, "***")
    return fields


class _FromLibraries(logging.Handler):
    """Records of the standard library's logging as structured lines; of addresses and headers they tell nothing."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except Exception:  # a record whose arguments do not fit
            message = str(record.msg)
        fields = {"logger": record.name}
        if record.exc_info and record.exc_info[1] is not None:
            fields |= {"error": type(record.exc_info[1]).__name__, "trace": trace(record.exc_info[1])}
        level: Callable[..., None] = getattr(logger(), record.levelname.lower(), logger().error)
        level(message, **fields)


def _take_over_libraries() -> None:
    """Warnings and worse of all libraries; what ends a thread, or is raised where nobody can take it."""
    root = logging.getLogger()
    root.handlers = [_FromLibraries()]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(True)

    def thread_ended(told: threading.ExceptHookArgs) -> None:
        if told.exc_value is not None:
            logger().error("a thread ended", error=told.exc_type.__name__, trace=trace(told.exc_value))

    def unraisable(told: Any) -> None:
        error = told.exc_value
        logger().error(
            told.err_msg or "an error that nobody could take",
            error=type(error).__name__,
            **({} if error is None else {"trace": trace(error)}),
        )

    threading.excepthook = thread_ended
    sys.unraisablehook = unraisable
