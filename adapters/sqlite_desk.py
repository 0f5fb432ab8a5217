"""What the call store keeps beside calls: relays, their directives, scenario snapshots."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence

from adapters.sqlite_rows import stored_call
from core.call_store import Relay, StoredCall
from core.session import Directive, LiveCall

KEEP_S = 2 * 86_400  # no call is longer than a day: what is older serves nobody


def heartbeat(db: sqlite3.Connection, relay: Relay) -> None:
    calls = json.dumps([[live.call_id, live.epoch] for live in relay.calls])
    db.execute(
        "insert or replace into fleet values (?, ?, ?, ?, ?, ?)",
        (relay.relay_id, relay.url, relay.load, relay.draining, relay.seen_at, calls),
    )
    db.execute("delete from fleet where seen_at < ?", (relay.seen_at - KEEP_S,))


def relays(db: sqlite3.Connection, seen_after: float) -> tuple[Relay, ...]:
    rows = db.execute("select * from fleet where seen_at > ?", (seen_after,))
    return tuple(_relay(row) for row in rows)


def epochs(db: sqlite3.Connection, call_ids: Sequence[str]) -> dict[str, int]:
    rows = db.execute(
        "select call_id, epoch from calls where ended_at is null"
        " and call_id in (select value from json_each(?))",
        (json.dumps(list(call_ids)),),
    )
    return {row["call_id"]: row["epoch"] for row in rows}


def joined(
    db: sqlite3.Connection, since: float, beside: Collection[LiveCall]
) -> tuple[StoredCall, ...]:
    rows = db.execute(
        "select * from calls where ended_at is null and epoch > 0 and seen_at > ?", (since,)
    )
    found = (stored_call(row) for row in rows)
    return tuple(call for call in found if call.at_relay not in beside)


def _relay(row: sqlite3.Row) -> Relay:
    calls = tuple(LiveCall(call_id=call, epoch=epoch) for call, epoch in json.loads(row["calls"]))
    return Relay(**{**dict(row), "draining": bool(row["draining"]), "calls": calls})


def direct(db: sqlite3.Connection, directive: Directive) -> None:
    db.execute(
        "insert into directives values (?, ?, ?, ?) on conflict do nothing",
        (directive.id, directive.call_id, directive.kind, directive.ref),
    )


def directives(db: sqlite3.Connection, call_ids: Sequence[str]) -> tuple[Directive, ...]:
    rows = db.execute(
        "select * from directives where call_id in (select value from json_each(?)) order by id",
        (json.dumps(list(call_ids)),),
    )
    return tuple(Directive(**dict(row)) for row in rows)


def acknowledge(db: sqlite3.Connection, directive_ids: Sequence[str]) -> None:
    db.executemany("delete from directives where id = ?", [(each,) for each in directive_ids])


def keep_snapshot(db: sqlite3.Connection, sha: str, text: str) -> None:
    db.execute("insert into snapshots values (?, ?) on conflict do nothing", (sha, text))


def snapshot(db: sqlite3.Connection, sha: str) -> str | None:
    row = db.execute("select text from snapshots where sha = ?", (sha,)).fetchone()
    return str(row["text"]) if row else None
