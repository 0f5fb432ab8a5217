"""The bank's records in a Cosmos DB container of their own, shared by relays and Functions app.

| partition `/pk` | documents |
|---|---|
| `customer:<client id>` | `entry`, the whole file; one per effect, named by its key; one per call |
| `phone:<hash>` | whose number it is |
| `names` | one per customer, to find who sounds like that |
| `attempts:<hash>` | how many were taken |
| `bank` | `cards`: what is on offer; made last of all, so it says that the bank is open |
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine, Mapping
from contextlib import closing
from datetime import date
from typing import Any

from pydantic import TypeAdapter

from adapters.aside import LoopAside
from adapters.cosmos import Contended, CosmosContainer, Document, creating, patching
from adapters.cosmos_documents import DAY_S, name, phone_partition
from adapters.customers.cards import CARDS as PRODUCTS
from adapters.customers.customers import CARDS, NOTE, Change, Customers, changed
from adapters.customers.file import FILE, CustomerFile
from adapters.customers.seed import seeded
from core.bank import CallNote, CardProduct

CONTAINER = "customers"
INDEXED = ("pk", "at", "taken")
LONGEST_S = 20.0
TRIES = 40
PAUSE_S = 0.02
ATTEMPTS_S = 2 * DAY_S  # scopes are a call or a day
MAX_CUSTOMERS = 10_000  # that a name is looked for among
NAMES, BANK, OFFER, ENTRY, ATTEMPTS = "names", "bank", "cards", "entry", "taken"


class CosmosCustomers(Customers):
    """A `CustomerStore` in a container. Made and seeded at first use, as of `today`.

    Raises the SDK's errors, `Contended` and TimeoutError.
    """

    def __init__(self, container: CosmosContainer, *, today: date) -> None:
        self._container = container
        self._today = today
        self._aside = LoopAside("customers")
        self._opening = asyncio.Lock()
        self._opened = False

    def warm(self) -> None:
        self._run(_nothing())

    def close(self) -> None:
        try:
            self._aside.run(self._container.aclose(), within_s=LONGEST_S)
        finally:
            self._aside.close()

    def take_attempt(self, scope: str, *, limit: int) -> bool:
        return limit > 0 and self._run(self._take(f"attempts:{name(scope)}", limit))

    def forget_attempts(self, scope: str) -> None:
        self._run(self._container.delete(f"attempts:{name(scope)}", ATTEMPTS))

    def card_products(self) -> tuple[CardProduct, ...]:
        found = self._run(self._container.read(BANK, OFFER))
        return CARDS.validate_python(found["cards"]) if found else ()

    def note_call(self, client_id: str, note: CallNote) -> None:
        document = {
            "id": f"note:{name(note.call_id)}",
            "pk": _partition(client_id),
            "at": note.at,
            "note": NOTE.dump_python(note, mode="json"),
        }
        self._run(self._container.put(document))

    def call_notes(self, client_id: str, *, limit: int = 10) -> tuple[CallNote, ...]:
        query = "SELECT c.note FROM c WHERE IS_DEFINED(c.at) ORDER BY c.at DESC"
        rows = self._run(self._container.rows(_partition(client_id), query, limit))
        return tuple(NOTE.validate_python(row["note"]) for row in rows)

    # --- files ------------------------------------------------------------------------------------

    def _file(self, client_id: str) -> CustomerFile | None:
        return _read(self._run(self._container.read(_partition(client_id), ENTRY)))

    def _names(self) -> Mapping[str, str]:
        query = "SELECT c.client_id, c.full_name FROM c"
        rows = self._run(self._container.rows(NAMES, query, MAX_CUSTOMERS))
        return {row["client_id"]: row["full_name"] for row in rows}

    def _client_of(self, phone: str) -> str | None:
        found = self._run(self._container.read(phone_partition(phone), ENTRY))
        return str(found["client_id"]) if found else None

    def _write_once[T](
        self, client_id: str, key: str, change: Change[T], result: TypeAdapter[T]
    ) -> T:
        return self._run(self._written(client_id, key, change, result))

    async def _written[T](
        self, client_id: str, key: str, change: Change[T], result: TypeAdapter[T]
    ) -> T:
        pk, done_id = _partition(client_id), f"done:{name(key)}"
        for attempt in range(TRIES):
            done = await self._container.read(pk, done_id)
            if done is not None:
                return result.validate_python(done["result"])
            there = await self._container.read(pk, ENTRY)
            file, answer = changed(_read(there), change)
            values = {"file": FILE.dump_python(file, mode="json")}
            done = {"id": done_id, "pk": pk, "result": result.dump_python(answer, mode="json")}
            # Whoever was faster has changed the file, or made the document of this key.
            etag = there["_etag"] if there else ""
            if await self._container.batch(
                pk, [patching(ENTRY, values, etag=etag), creating(done)]
            ):
                return answer
            await asyncio.sleep(random.uniform(0, PAUSE_S * (attempt + 1)))  # noqa: S311 no secret
        raise Contended("a customer's file would not hold still")

    async def _take(self, pk: str, limit: int) -> bool:
        first = {"id": ATTEMPTS, "pk": pk, "taken": 1, "ttl": ATTEMPTS_S}
        for _ in range(limit + TRIES):
            if await self._container.create(first):
                return True
            found = await self._container.read(pk, ATTEMPTS)
            if found is None:
                continue  # forgotten in between
            taken = int(found["taken"])
            if taken >= limit:
                return False
            if await self._container.patch(
                pk, ATTEMPTS, {"taken": taken + 1}, where=f"c.taken = {taken:d}"
            ):
                return True
        raise Contended("attempts would not hold still")

    # --- the container ----------------------------------------------------------------------------

    def _run[T](self, work: Coroutine[Any, Any, T]) -> T:
        return self._aside.run(self._once_open(work), within_s=LONGEST_S)

    async def _once_open[T](self, work: Coroutine[Any, Any, T]) -> T:
        with closing(work):  # one that never ran, where there is no bank, would complain
            async with self._opening:
                if not self._opened:
                    await self._seed()
                    self._opened = True
            return await work

    async def _seed(self) -> None:
        """Open the bank if it is not; several that do are as good as one."""
        if await self._container.read(BANK, OFFER) is not None:
            return
        for file in seeded(self._today):
            customer, values = file.customer, FILE.dump_python(file, mode="json")
            who = {"client_id": customer.client_id}
            # The file comes first: what leads to it must lead somewhere.
            for document in (
                {"id": ENTRY, "pk": _partition(customer.client_id), "file": values},
                {"id": ENTRY, "pk": phone_partition(customer.phone), **who},
                {
                    "id": name(customer.client_id),
                    "pk": NAMES,
                    "full_name": customer.full_name,
                    **who,
                },
            ):
                await self._container.create(document)
        offer = CARDS.dump_python(PRODUCTS, mode="json")
        await self._container.create({"id": OFFER, "pk": BANK, "cards": offer})


def _partition(client_id: str) -> str:
    return f"customer:{client_id}"


def _read(document: Document | None) -> CustomerFile | None:
    return FILE.validate_python(document["file"]) if document else None


async def _nothing() -> None:
    """Be opened, that is all."""
