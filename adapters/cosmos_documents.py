"""The documents of the call store: which partition they are in, and how they become calls again.

A call is a partition: the document `call` and one document per fact, whose id is the fact's name
at its origin. Other partitions hold the list of calls, relays, directives and snapshots.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from typing import Any

from adapters.cosmos import MAX_BATCH_BYTES, MAX_OPERATIONS, Document
from core.call_store import NewFact, StoredCall
from core.facts import FACT, Direction, LogEntry, is_life

CALL = "call"
DAY_S = 86_400
LIST, RELAYS, DIRECTIVES, SNAPSHOTS = "list", "relays", "directives", "snapshots"
MAX_SEQ_DIGITS = 15  # numbers are doubles there
FIRST_PAGE = "~"  # behind every `listed`


def partition(call_id: str) -> str:
    return f"call:{call_id}"


def phone_partition(person: str) -> str:
    return f"phone:{name(person)}"


def name(*parts: str) -> str:
    """Return an id for a name that may hold anything."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def call_document(call: StoredCall, *, entries: int, ttl: int) -> Document:
    values = asdict(call)
    return {**values, "id": CALL, "pk": partition(call.call_id), "entries": entries, "ttl": ttl}


def stored_call(document: Document) -> StoredCall:
    values = {field.name: document[field.name] for field in fields(StoredCall)}
    values["direction"] = Direction(values["direction"])
    return StoredCall(**values)


def entry_document(call_id: str, entry: LogEntry, *, ttl: int) -> Document:
    document = {
        "id": name(entry.source, entry.source_id),
        "pk": partition(call_id),
        "n": entry.n,
        "at": entry.at,
        "source": entry.source,
        "source_id": entry.source_id,
        "life": is_life(entry.fact),
        "late": entry.late,
        "fact": FACT.dump_python(entry.fact, mode="json"),
        "ttl": ttl,
    }
    number = entry.source_id
    if number.isascii() and number.isdigit() and len(number) <= MAX_SEQ_DIGITS:
        document["seq"] = int(number)
    return document


def log_entry(document: Document) -> LogEntry:
    return LogEntry(
        n=document["n"],
        at=document["at"],
        source=document["source"],
        source_id=document["source_id"],
        fact=FACT.validate_python(document["fact"]),
        late=document["late"],
    )


def list_document(call: StoredCall, ttl: int) -> Document:
    """Return a call's place in the list: when it began and ended, nothing personal.

    A call that went from one relay to another has its epoch there: the others need no change.
    """
    document: dict[str, Any] = {
        "id": name(call.call_id),
        "pk": LIST,
        "call_id": call.call_id,
        "listed": listed(call.created_at, call.call_id),
        "outgoing": call.direction is Direction.OUTBOUND,
        "ttl": ttl,
    }
    if call.epoch > 1:
        document["epoch"] = call.epoch
    return document if call.ended_at is None else {**document, "ended_at": call.ended_at}


def listed(at: float, last: str) -> str:
    """Return a key that sorts by time, and by a name within a moment."""
    return f"{at:018.6f}|{last}"


def before(continuation: str) -> str:
    """Return the `listed` that a page begins after. Raises ValueError if it is not one."""
    at, _, last = continuation.partition("|")
    if continuation and listed(float(at), last) != continuation:
        raise ValueError("a continuation is a float and a name")
    return continuation or FIRST_PAGE


def batches(facts: Sequence[NewFact]) -> Iterator[list[NewFact]]:
    """Cut facts into what one transactional batch takes beside the call; at least one batch."""
    batch: list[NewFact] = []
    size = 0
    for fact in facts:
        more = len(FACT.dump_json(fact.fact))
        if batch and (len(batch) == MAX_OPERATIONS - 1 or size + more > MAX_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(fact)
        size += more
    yield batch
