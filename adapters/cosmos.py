"""One Cosmos DB container through the SDK: opened at first use, conditional writes as booleans.

Facts of the service that shape it: an id must not hold `/ \\ ? #`, a transactional batch has at
most 100 operations, 2 MiB and one partition, a patch at most 10 operations.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from itertools import batched
from typing import Any

from adapters.settings.values import is_loopback

CONTAINER = "calls"
PARTITION_KEY = "/pk"
MAX_OPERATIONS = 100
MAX_BATCH_BYTES = 1_500_000  # of 2 MiB, for the service counts its own fields too
MAX_PAGE = 1000
CONNECT_S = 2
READ_S = 5
THROTTLED_TRIES = 9
THROTTLED_S = 5  # all waits for a throttled request together: a phone rings for 30 s

# Only what is asked for is indexed: writes are what costs.
INDEXED = (
    "pk", "n", "life", "source", "seq", "listed", "ended_at", "seen_at", "call_id", "status",
    "outgoing", "due",
)  # fmt: skip
# A reader must see what another process has written, or a poke would wake an orchestration that
# finds nothing. Session consistency does not promise that.
CONSISTENT = frozenset({"Strong", "BoundedStaleness"})

# Gone, there already, changed since it was read, and two batches at the same moment (449).
FASTER = frozenset({404, 409, 412, 449})

Document = dict[str, Any]
Operation = tuple[Any, ...]


class Contended(Exception):
    """What others would not stop to change."""


def creating(document: Document) -> Operation:
    return ("create", (document,))


def patching(document_id: str, values: Mapping[str, Any], *, etag: str | None = None) -> Operation:
    condition = {} if etag is None else {"if_match_etag": etag}
    return ("patch", (document_id, _set(values)), condition)


def deleting(document_id: str) -> Operation:
    return ("delete", (document_id,))


class CosmosContainer:
    """A container: the one that the call store lives in, unless it is named.

    `indexed`: the properties that are asked for. `credential` makes an account key or a token
    credential. With `create` a missing database or container is made, which only a key may do.
    Raises the SDK's own errors when the service cannot be reached or refuses us.
    """

    def __init__(
        self,
        endpoint: str,
        credential: Callable[[], Any],
        *,
        database: str,
        create: bool,
        name: str = CONTAINER,
        indexed: Iterable[str] = INDEXED,
    ) -> None:
        self._endpoint = endpoint
        self._make_credential = credential
        self._database = database
        self._create = create
        self._name = name
        self._indexed = indexed
        self._opening = asyncio.Lock()
        self._credential: Any = None
        self._client: Any = None
        self._opened: Any = None

    async def read(self, pk: str, document_id: str) -> Document | None:
        container = await self._container()
        from azure.cosmos.exceptions import CosmosResourceNotFoundError

        try:
            return dict(await container.read_item(document_id, partition_key=pk))
        except CosmosResourceNotFoundError as error:
            _expect_document(error)
            return None

    async def rows(self, pk: str, query: str, limit: int, /, **parameters: Any) -> list[Document]:
        """Return at most `limit` rows of one partition; `parameters` are `@name` in the query."""
        if limit < 1:
            return []
        found = (await self._container()).query_items(
            query,
            parameters=[{"name": f"@{name}", "value": v} for name, v in parameters.items()],
            partition_key=pk,
            max_item_count=min(limit, MAX_PAGE),
        )
        rows: list[Document] = []
        async for row in found:
            rows.append(row)
            if len(rows) == limit:
                break
        return rows

    async def create(self, document: Document) -> bool:
        """Create a document; False if there is one of its id."""
        container = await self._container()
        from azure.cosmos.exceptions import CosmosResourceExistsError

        try:
            await container.create_item(document)
        except CosmosResourceExistsError:
            return False
        return True

    async def put(self, document: Document) -> None:
        container = await self._container()
        await container.upsert_item(document)

    async def patch(
        self, pk: str, document_id: str, values: Mapping[str, Any], *, where: str
    ) -> bool:
        """Set values of a document that meets a condition; False if none does."""
        container = await self._container()
        from azure.cosmos.exceptions import CosmosAccessConditionFailedError as Failed
        from azure.cosmos.exceptions import CosmosResourceNotFoundError

        try:
            await container.patch_item(
                document_id,
                partition_key=pk,
                patch_operations=_set(values),
                filter_predicate=f"FROM c WHERE {where}",
            )
        except Failed:
            return False
        except CosmosResourceNotFoundError as error:
            _expect_document(error)
            return False
        return True

    async def delete(self, pk: str, document_id: str) -> None:
        """Delete a document; one that is not there is deleted already."""
        container = await self._container()
        from azure.cosmos.exceptions import CosmosResourceNotFoundError

        try:
            await container.delete_item(document_id, partition_key=pk)
        except CosmosResourceNotFoundError as error:
            _expect_document(error)

    async def batch(self, pk: str, operations: Sequence[Operation]) -> bool:
        """Do all of it or nothing; False if somebody was faster."""
        container = await self._container()
        from azure.cosmos.exceptions import CosmosBatchOperationError

        try:
            await container.execute_item_batch(operations, partition_key=pk)
        except CosmosBatchOperationError as error:
            if error.status_code not in FASTER:
                raise
            return False
        return True

    async def carry_out(self, pk: str, operations: Sequence[Operation]) -> None:
        """Do any number of operations, a batch at a time. Raises Contended."""
        for some in batched(operations, MAX_OPERATIONS, strict=False):
            if not await self.batch(pk, some):
                raise Contended("documents changed in between")

    async def consistency(self) -> str:
        """Return the account's default consistency, having made sure that it knows us."""
        container = await self._container()
        await container.read()
        account = await self._client._get_database_account()
        return str(account.ConsistencyPolicy["defaultConsistencyLevel"])

    async def aclose(self) -> None:
        client, credential = self._client, self._credential
        self._client = self._credential = self._opened = None
        if client is not None:
            await client.close()
        if hasattr(credential, "close"):
            await credential.close()

    async def _container(self) -> Any:
        async with self._opening:
            if self._opened is None:
                try:
                    self._opened = await self._open()
                finally:  # failed or cancelled: the client must not stay open
                    if self._opened is None:
                        await self.aclose()
        return self._opened

    async def _open(self) -> Any:
        # Half a second, so only who connects pays for it, and not with a stop of the event loop.
        await asyncio.to_thread(import_module, "azure.cosmos.aio")
        from azure.cosmos.aio import CosmosClient

        logging.getLogger("azure.core.pipeline.policies.http_logging_policy").setLevel(
            logging.WARNING
        )
        self._credential = self._make_credential()
        self._client = CosmosClient(
            self._endpoint,
            self._credential,
            connection_timeout=CONNECT_S,
            read_timeout=READ_S,
            retry_throttle_total=THROTTLED_TRIES,
            retry_throttle_backoff_max=THROTTLED_S,
            # A discovered location is spoken to in https, which no emulator on loopback has.
            enable_endpoint_discovery=not is_loopback(self._endpoint),
        )
        await self._client.__aenter__()
        if self._create:
            await self._make()
        return self._client.get_database_client(self._database).get_container_client(self._name)

    async def _make(self) -> None:
        from azure.cosmos.exceptions import CosmosResourceExistsError
        from azure.cosmos.partition_key import PartitionKey

        with suppress(CosmosResourceExistsError):  # another process made it in this moment
            await self._client.create_database_if_not_exists(self._database)
        with suppress(CosmosResourceExistsError):
            await self._client.get_database_client(self._database).create_container_if_not_exists(
                self._name,
                PartitionKey(path=PARTITION_KEY),
                indexing_policy=_indexing(self._indexed),
                default_ttl=-1,  # documents say themselves how long they live
            )


def any_of(name: str, values: Iterable[str]) -> tuple[str, dict[str, str]]:
    """Return `(@name0, @name1, ...)` for an IN, and its parameters."""
    parameters = {f"{name}{index}": value for index, value in enumerate(values)}
    return "({})".format(", ".join(f"@{each}" for each in parameters)), parameters


def account_key(key: str) -> Callable[[], Any]:
    """Authenticate with the account's key."""
    return lambda: key


def identity() -> Any:
    """Authenticate with the identity of the process (managed identity, developer login)."""
    from azure.identity.aio import DefaultAzureCredential

    return DefaultAzureCredential()


def _indexing(names: Iterable[str]) -> dict[str, Any]:
    return {
        "indexingMode": "consistent",
        "includedPaths": [{"path": f"/{name}/?"} for name in names],
        "excludedPaths": [{"path": "/*"}],
    }


def _set(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"op": "set", "path": f"/{name}", "value": value} for name, value in values.items()]


def _expect_document(error: Any) -> None:
    """Tell a missing document (substatus 0) from a missing container or database (1003)."""
    if error.sub_status:
        raise error
