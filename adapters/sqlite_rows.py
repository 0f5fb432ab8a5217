"""The tables of the call store, and how their rows become calls and log entries."""

from __future__ import annotations

import json
import math
import sqlite3

from core.call_store import StoredCall
from core.facts import FACT, Direction, LogEntry

SCHEMA = """
create table if not exists calls (
  call_id text primary key, created_at real not null, direction text not null,
  caller text not null, called text not null, scenario text not null, scenario_sha text not null,
  connection_id text not null default '', epoch integer not null default 0,
  seen_at real not null default 0, ended_at real, record text, entries integer not null default 0);
create index if not exists calls_by_age on calls (created_at desc, call_id desc);
create index if not exists calls_by_end on calls (ended_at);
create index if not exists calls_by_caller on calls (caller, created_at);
create index if not exists calls_by_called on calls (called, created_at);
create table if not exists log (
  call_id text not null, n integer not null, at real not null, source text not null,
  source_id text not null, life integer not null, late integer not null, fact text not null,
  primary key (call_id, n), unique (call_id, source, source_id)) without rowid;
create table if not exists fleet (
  relay_id text primary key, url text not null, load real not null, draining integer not null,
  seen_at real not null, calls text not null);
create table if not exists directives (
  id text primary key, call_id text not null, kind text not null, ref text not null);
create table if not exists snapshots (sha text primary key, text text not null);
"""


def position(continuation: str) -> tuple[float, str]:
    if not continuation:
        return float("inf"), ""
    created_at, _, call_id = continuation.partition("|")
    at = float(created_at)
    if not math.isfinite(at):
        raise ValueError("not a time")
    return at, call_id


def stored_call(row: sqlite3.Row) -> StoredCall:
    values = dict(row)
    values.pop("entries")
    values["direction"] = Direction(values["direction"])
    values["record"] = json.loads(values["record"]) if values["record"] else None
    return StoredCall(**values)


def log_entry(row: sqlite3.Row) -> LogEntry:
    return LogEntry(
        n=row["n"], at=row["at"], source=row["source"], source_id=row["source_id"],
        fact=FACT.validate_json(row["fact"]), late=bool(row["late"]),
    )  # fmt: skip
