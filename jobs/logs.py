"""One JSON line an event on standard error, the same from every process: what our code and the libraries say."""

from __future__ import annotations

import logging
import logging.config

import structlog

_SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(process: str, level: str = "INFO") -> None:
    """Call once at the start of a process; `process` names it in each of its lines. Libraries speak from warning up."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("featurelens").setLevel(level)
    structlog.contextvars.bind_contextvars(process=process)


def logger() -> structlog.stdlib.BoundLogger:
    """The logger of our own code."""
    log: structlog.stdlib.BoundLogger = structlog.get_logger("featurelens")
    return log
