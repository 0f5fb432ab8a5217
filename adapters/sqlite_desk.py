"""What the call store keeps beside calls: relays, their directives, scenario snapshots."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from core.control_ports import Relay
from core.session import Directive, LiveCall


def heartbeat(db: sqlite3.Connection, relay: Relay, calls: Sequence[LiveCall]) -> None:
    db.execute(
        "insert or replace into relays values (?, ?, ?, ?, ?)",
        (relay.relay_id, relay.url, relay.load, relay.draining, relay.seen_at),
    )
    db.executemany(
        "update calls set seen_at = ? where call_id = ? and epoch = ?",
        [(relay.seen_at, call.call_id, call.epoch) for call in calls],
    )


def relays(db: sqlite3.Connection, seen_after: float) -> tuple[Relay, ...]:
    rows = db.execute("select * from relays where seen_at > ?", (seen_after,))
    return tuple(Relay(**{**dict(row), "draining": bool(row["draining"])}) for row in rows)


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
