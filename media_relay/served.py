"""What a call keeps of a chain of engines: who served a turn, and who failed before."""

from __future__ import annotations

from typing import Literal

from core.facts import EngineStumbled
from core.served import ServedBy
from media_relay.journal import Journal
from media_relay.turn_record import TurnRecord

_NOT_ASKED = ("open", "resting")


def note_served(
    event: ServedBy, kind: Literal["thinking", "speaking"], record: TurnRecord, journal: Journal
) -> None:
    """Put down that another engine than the first serves this turn, and what went wrong."""
    record.engines[kind] = event.engine
    for passed in event.passed:
        if passed.cause not in _NOT_ASKED:
            journal.write(EngineStumbled(engine=kind, cause=passed.cause, name=passed.engine))
