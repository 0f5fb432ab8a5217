"""How a command becomes one request to the carrier, and its outcome a fact."""

from __future__ import annotations

from collections.abc import Awaitable

from adapters.plane import Plane
from core import call as c
from core import facts as f
from core.call_store import StoredCall
from core.carrier import CarrierError, Once, Trouble


async def once(call: StoredCall, command: c.Command, plane: Plane) -> Once:
    """Name a request after its command, and date it by the fact that called for it."""
    n = int(command.id.partition(".")[0]) if command.id[0].isdigit() else 1
    page = await plane.store.log(call.call_id, after=n - 1, limit=1)
    return Once(key=f"{call.call_id}:{command.id}", at=page.entries[0].at)


async def carried_out(command: c.Command, request: Awaitable[None]) -> f.CommandDone:
    """Wait for a request; say what came of it."""
    try:
        await request
    except CarrierError as error:
        return refused(command, error)
    return done(command)


def refused(command: c.Command, error: CarrierError) -> f.CommandDone:
    """Say that the carrier would not."""
    gone = error.trouble is Trouble.GONE
    return done(command, "gone" if gone else "failed", error.code)


def done(command: c.Command, outcome: f.CommandOutcome = "ok", code: str = "") -> f.CommandDone:
    """Say what came of a command."""
    return f.CommandDone(
        command_id=command.id, command=command.name, outcome=outcome, code=code[:80]
    )
