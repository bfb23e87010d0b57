"""Structured logs: one JSON object a line, with the trace id of the request it was written in."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

import msgspec

from shared.http.tracing import current_trace_id

# A log line is written for every request, so it is encoded by the fastest means we have.
_ENCODER = msgspec.json.Encoder(enc_hook=str)


class JsonFormatter(logging.Formatter):
    """`logger.info("…", extra={"about": {…}})` puts the members of `about` beside time, level and message."""

    def format(self, record: logging.LogRecord) -> str:
        """One line: no value can break out of it, for JSON escapes line ends."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if trace_id := current_trace_id():
            line["trace_id"] = trace_id
        about = getattr(record, "about", None)
        if isinstance(about, dict):
            line.update((name, value) for name, value in about.items() if name not in line)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        try:
            return _ENCODER.encode(line).decode("utf-8")
        except (ValueError, TypeError, OverflowError):
            # A lone surrogate, an integer of 70 bits: rarer than rare, but a log loses nothing.
            return json.dumps(line, default=str, skipkeys=True)


def log_as_json(level: str = "INFO") -> None:
    """Send all that this process logs to standard error as JSON lines; called once, by a service's main."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # uvicorn's own access lines would tell every request twice.
    logging.getLogger("uvicorn.access").disabled = True
    # Alembic tells of its plug-ins at every start.
    logging.getLogger("alembic").setLevel(logging.WARNING)
