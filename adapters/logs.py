"""How log records look on a terminal or in a container's output: a sentence and its facts."""

from __future__ import annotations

import logging
from typing import Any, TextIO

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_TALKATIVE = ("httpx2", "azure.core.pipeline.policies.http_logging_policy")  # a line a request
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class FactsFormatter(logging.Formatter):
    """Writes the facts of a record behind its sentence, as `key=value`; personal ones never."""

    def __init__(self) -> None:
        super().__init__(_FORMAT)

    def formatMessage(self, record: logging.LogRecord) -> str:  # logging's own name
        facts = {k: v for k, v in vars(record).items() if k not in _OWN and not _is_personal(k)}
        return " ".join((super().formatMessage(record), *map(_fact, facts.items())))


def log_to(stream: TextIO, level: str | int = logging.INFO) -> None:
    """Send everything that is logged from now on to `stream`."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(FactsFormatter())
    logging.basicConfig(level=level, handlers=[handler])
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def _is_personal(name: str) -> bool:
    return "pii" in name.split(".")


def _fact(fact: tuple[str, Any]) -> str:
    name, value = fact
    text = str(value)
    return f"{name}={text!r}" if " " in text or "\n" in text or not text else f"{name}={text}"
