"""The call log as orchestrations see it: lean pages of life facts, and passed deadlines."""

from __future__ import annotations

from typing import Any

from adapters.plane import Plane
from core.call_store import NewFact
from core.facts import ENTRIES, Overdue, lean

PAGE = 50


async def read(call_id: str, after: int, plane: Plane) -> dict[str, Any]:
    """Return the life facts behind a cursor, without words: `{"entries": [...], "more": bool}`."""
    page = await plane.store.log(call_id, after=after, limit=PAGE, life_only=True)
    entries = tuple(lean(entry) for entry in page.entries)
    return {"entries": ENTRIES.dump_python(entries, mode="json"), "more": page.more}


async def append_overdue(call_id: str, deadline: str, due: float, plane: Plane) -> None:
    """Note that a deadline has passed; the same one is noted once."""
    fact = Overdue(deadline=deadline, due=due)
    overdue = NewFact(source="deadline", source_id=f"{deadline}:{due!r}", fact=fact)
    await plane.store.append(call_id, [overdue])
