"""One SQLite file that belongs to the functions host alone, on a thread of its own."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from adapters.sqlite_wal import use_wal

BUSY_S = 5.0
PRAGMAS = (
    "synchronous = normal",
    "secure_delete = on",  # what may not stay is overwritten, not only unlinked
)


class SqliteFile:
    """Opened at first use; `run` is for the event loop, all else for the file's own thread."""

    def __init__(self, path: Path | str, schema: str, name: str) -> None:
        self._path = path
        self._schema = schema
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._db: sqlite3.Connection | None = None

    async def run[**A, R](self, work: Callable[A, R], *args: A.args, **kwargs: A.kwargs) -> R:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: work(*args, **kwargs))

    async def aclose(self) -> None:
        await self.run(self._close)
        self._thread.shutdown()

    def execute(self, query: str, *values: object) -> sqlite3.Cursor:
        return self._open().execute(query, values)

    def execute_many(self, query: str, rows: Iterable[tuple[object, ...]]) -> None:
        """Do it for every row, or for none."""
        with self.transaction() as db:
            db.executemany(query, rows)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Do all of it, or nothing."""
        db = self._open()
        db.execute("begin immediate")
        try:
            yield db
            db.execute("commit")
        finally:
            if db.in_transaction:  # the work failed, or the commit did: a full disk, a constraint
                db.execute("rollback")

    def _open(self) -> sqlite3.Connection:
        if self._db is None:
            if self._path != ":memory:":
                Path(self._path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            db = sqlite3.connect(self._path, timeout=BUSY_S, autocommit=True)
            db.row_factory = sqlite3.Row
            use_wal(db, within_s=BUSY_S)
            for pragma in PRAGMAS:
                db.execute(f"pragma {pragma}")
            db.executescript(self._schema)
            self._db = db
        return self._db

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None
