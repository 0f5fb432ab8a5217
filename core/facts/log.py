"""The log of a call: every fact that there can be, numbered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Discriminator, TypeAdapter

from core.facts.after import AfterFact
from core.facts.carrier import CarrierFact
from core.facts.ourselves import OwnFact
from core.facts.people import PeopleFact
from core.facts.relay import RelayFact
from core.facts.requests import RequestFact
from core.facts.talk import TalkFact

LifeFact = CarrierFact | RelayFact | RequestFact | PeopleFact | OwnFact
Fact = LifeFact | TalkFact | AfterFact


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One numbered fact of a call's log. `late`: from a relay session that was replaced.

    `n` counts from 1 without gaps; `at` is epoch seconds when the fact was appended; `source` and
    `source_id` name it at its origin, and the same pair is never appended twice.
    """

    n: int
    at: float
    source: str
    source_id: str
    fact: Fact
    late: bool = False


FACT: TypeAdapter[Fact] = TypeAdapter(Annotated[Fact, Discriminator("kind")])
ENTRY: TypeAdapter[LogEntry] = TypeAdapter(LogEntry)
ENTRIES: TypeAdapter[tuple[LogEntry, ...]] = TypeAdapter(tuple[LogEntry, ...])
