"""Everything the Durable engine must not forget, in one SQLite file."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from .history import Event
from .rows import EntityRow, Instance, Work, instance_of

_VERSION = 1
_SCHEMA = """
create table if not exists instances(
    id text primary key, execution text not null, name text not null, version text,
    status text not null, input text, output text, custom_status text,
    created real not null, updated real not null,
    parent text, parent_execution text, parent_task integer
) without rowid;
create index if not exists instances_by_age on instances(created, id);
create table if not exists history(
    instance text, seq integer, event text not null, primary key(instance, seq)
) without rowid;
create table if not exists inbox(
    n integer primary key autoincrement, instance text not null, execution text,
    kind integer not null, timer integer, due real not null, event text not null);
create index if not exists inbox_by_instance on inbox(instance, due);
create table if not exists work(
    n integer primary key autoincrement, instance text not null, execution text not null,
    task integer not null, name text not null, input text);
create index if not exists work_by_instance on work(instance);
create table if not exists entities(
    id text primary key, state text, updated real not null
) without rowid;
create table if not exists entity_inbox(
    n integer primary key autoincrement, entity text not null, request text not null);
create index if not exists entity_inbox_by_entity on entity_inbox(entity);
"""


class Store:
    """Rows in and out, no rules. Every write belongs into a `transaction`."""

    def __init__(self, path: Path | str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, timeout=1.0)
        try:
            self._prepare()
        except (sqlite3.Error, ValueError):
            self._db.close()
            raise

    def _prepare(self) -> None:
        # Two engines on one file would run everything twice.
        self._db.execute("pragma locking_mode=exclusive")
        self._db.execute("pragma journal_mode=wal")
        # A power cut may lose the last turns, never the file; a killed process loses nothing.
        self._db.execute("pragma synchronous=normal")
        version = self._db.execute("pragma user_version").fetchone()[0]
        if version not in (0, _VERSION):
            raise ValueError("it was written by another version of this host; delete it")
        self._db.executescript(_SCHEMA)
        self._db.execute(f"pragma user_version={_VERSION}")

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; one inside another is part of it."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("begin immediate")
        try:
            yield
            self._db.execute("commit")
        finally:
            if self._db.in_transaction:  # the work failed, or the commit did
                self._db.execute("rollback")

    # -- instances

    def instance(self, instance: str) -> Instance | None:
        row = self._db.execute("select * from instances where id=?", (instance,)).fetchone()
        return None if row is None else instance_of(row)

    def save(self, i: Instance) -> None:
        parent: tuple[str | None, str | None, int | None] = (None, None, None)
        if i.parent is not None:
            parent = (i.parent.instance, i.parent.execution, i.parent.task)
        self._db.execute(
            "insert or replace into instances values(?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                *(i.id, i.execution, i.name, i.version, i.status, i.input, i.output),
                *(i.custom_status, i.created, i.updated, *parent),
            ),
        )

    def forget(self, instance: str) -> None:
        """Remove the instance and all that belongs to it."""
        self._db.execute("delete from instances where id=?", (instance,))
        for table in ("history", "inbox", "work"):
            self._db.execute(f"delete from {table} where instance=?", (instance,))  # noqa: S608

    def page(
        self,
        *,
        statuses: frozenset[str],
        prefix: str,
        created_from: float,
        created_to: float,
        after: tuple[float, str],
        limit: int,
    ) -> list[Instance]:
        """Instances in the order of their creation; no statuses means all."""
        marks = ",".join("?" * len(statuses))
        among = f"and status in ({marks})" if statuses else ""
        rows = self._db.execute(
            "select * from instances where (created, id) > (?, ?) and created between ? and ? "  # noqa: S608
            f"and substr(id, 1, ?) = ? {among} order by created, id limit ?",
            (*after, created_from, created_to, len(prefix), prefix, *sorted(statuses), limit),
        )
        return [instance_of(row) for row in rows]

    # -- history

    def history(self, instance: str) -> list[Event]:
        rows = self._db.execute(
            "select event from history where instance=? order by seq", (instance,)
        )
        return [orjson.loads(event) for (event,) in rows]

    def append_history(self, instance: str, seq: int, events: list[Event]) -> None:
        self._db.executemany(
            "insert into history values(?,?,?)",
            [(instance, seq + i, orjson.dumps(e).decode()) for i, e in enumerate(events)],
        )

    def clear_history(self, instance: str) -> None:
        self._db.execute("delete from history where instance=?", (instance,))

    # -- messages for orchestrations

    def put(self, instance: str, execution: str | None, event: Event, due: float) -> None:
        """A message; with an execution it is only for that one."""
        self._db.execute(
            "insert into inbox(instance, execution, kind, timer, due, event) values(?,?,?,?,?,?)",
            (
                *(instance, execution, event["EventType"], event.get("TimerId"), due),
                orjson.dumps(event).decode(),
            ),
        )

    def messages(self, instance: str, now: float) -> list[tuple[int, str | None, Event]]:
        """Those that are due: number, execution, event."""
        rows = self._db.execute(
            "select n, execution, event from inbox where instance=? and due<=? order by n",
            (instance, now),
        )
        return [(n, execution, orjson.loads(event)) for n, execution, event in rows]

    def drop_messages(self, numbers: list[int]) -> None:
        self._db.executemany("delete from inbox where n=?", [(n,) for n in numbers])

    def drop_timer(self, instance: str, execution: str, timer: int) -> None:
        self._db.execute(
            "delete from inbox where instance=? and execution=? and timer=?",
            (instance, execution, timer),
        )

    def drop_future(self, instance: str, execution: str) -> None:
        """Messages that only an execution that has ended would have waited for."""
        self._db.execute(
            "delete from inbox where instance=? and execution=?", (instance, execution)
        )

    def waiting_instances(self) -> list[tuple[str, float]]:
        return self._db.execute(
            "select instance, min(due) from inbox group by instance, due"
        ).fetchall()

    # -- activities

    def add_work(
        self, instance: str, execution: str, task: int, name: str, input_text: str | None
    ) -> int:
        cursor = self._db.execute(
            "insert into work(instance, execution, task, name, input) values(?,?,?,?,?)",
            (instance, execution, task, name, input_text),
        )
        assert cursor.lastrowid is not None  # noqa: S101 - an insert has one
        return cursor.lastrowid

    def work(self, n: int) -> Work | None:
        row = self._db.execute("select * from work where n=?", (n,)).fetchone()
        if row is None:
            return None
        n, instance, execution, task, name, input_text = row
        return Work(
            n=n, instance=instance, execution=execution, task=task, name=name, input=input_text
        )

    def drop_work(self, n: int) -> bool:
        """Whether it was still there."""
        return self._db.execute("delete from work where n=?", (n,)).rowcount > 0

    def waiting_work(self) -> list[int]:
        return [n for (n,) in self._db.execute("select n from work order by n")]

    # -- entities

    def entity(self, entity: str) -> EntityRow | None:
        row = self._db.execute("select * from entities where id=?", (entity,)).fetchone()
        return None if row is None else EntityRow(id=row[0], state=row[1], updated=row[2])

    def entities(self, prefix: str, after: str, limit: int) -> list[EntityRow]:
        rows = self._db.execute(
            "select * from entities where id > ? and substr(id, 1, ?) = ? order by id limit ?",
            (after, len(prefix), prefix, limit),
        )
        return [EntityRow(id=i, state=state, updated=updated) for i, state, updated in rows]

    def save_entity(self, row: EntityRow) -> None:
        self._db.execute(
            "insert or replace into entities values(?,?,?)", (row.id, row.state, row.updated)
        )

    def forget_entity(self, entity: str) -> None:
        self._db.execute("delete from entities where id=?", (entity,))

    def put_request(self, entity: str, request: Event) -> None:
        self._db.execute(
            "insert into entity_inbox(entity, request) values(?,?)",
            (entity, orjson.dumps(request).decode()),
        )

    def requests(self, entity: str) -> list[tuple[int, Event]]:
        rows = self._db.execute(
            "select n, request from entity_inbox where entity=? order by n", (entity,)
        )
        return [(n, orjson.loads(request)) for n, request in rows]

    def drop_requests(self, numbers: list[int]) -> None:
        self._db.executemany("delete from entity_inbox where n=?", [(n,) for n in numbers])

    def waiting_entities(self) -> list[str]:
        return [e for (e,) in self._db.execute("select distinct entity from entity_inbox")]
