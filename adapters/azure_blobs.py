"""Blobs in one container of an Azure Storage account."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from importlib import import_module
from typing import Any

from adapters.settings.keeping import CONTAINER
from core.control_ports import BlobRefused, Piece

CONNECT_S = 2
READ_S = 10
RETRIES = 2
BLOCK_BYTES = 1024 * 1024  # more at once would hold up the event loop
MAX_NAME_CHARS = 1024
_REFUSALS = frozenset({403, 409, 412})  # no right, immutable or on legal hold, leased

Connect = Callable[[], tuple[Any, Any]]


class AzureBlobs:
    """Block blobs, replaced whole. Raises the SDK's errors.

    `connect` makes a service client and the credential that must be closed with it, if any. The
    container is made at the first write that misses it.
    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._opening = asyncio.Lock()
        self._service: Any = None
        self._credential: Any = None

    async def put(self, name: str, content: bytes, content_type: str) -> None:
        """Write a blob. Raises ValueError for a name that is none."""
        container = await self._container(name)
        from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

        try:
            await _upload(container, name, content, content_type)
        except ResourceNotFoundError:
            with suppress(ResourceExistsError):  # somebody was faster
                await container.create_container()
            await _upload(container, name, content, content_type)

    async def get(self, name: str) -> bytes | None:
        """Read a blob, or nothing. Raises ValueError for a name that is none."""
        container = await self._container(name)
        from azure.core.exceptions import ResourceNotFoundError

        try:
            blob = await container.download_blob(name)
            return bytes(await blob.readall())
        except ResourceNotFoundError:
            return None

    async def piece(self, name: str, first: int, most: int) -> Piece | None:
        """Read a stretch of a blob. Raises ValueError for a name that is none."""
        container = await self._container(name)
        from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

        try:
            blob = await container.download_blob(name, offset=first, length=most)
            size = int(blob.properties.content_range.rpartition("/")[2])
            return Piece(content=bytes(await blob.readall()), size=size)
        except ResourceNotFoundError:
            return None
        except HttpResponseError as error:
            if error.status_code != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise
        properties = await container.get_blob_client(name).get_blob_properties()
        return Piece(content=b"", size=properties.size)

    async def delete(self, name: str) -> None:
        """Delete a blob, if it is there. Raises ValueError for a name that is none, BlobRefused."""
        container = await self._container(name)
        from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

        try:
            await container.delete_blob(name)
        except ResourceNotFoundError:
            return
        except HttpResponseError as error:
            if error.status_code not in _REFUSALS:
                raise
            raise BlobRefused(f"{error.status_code} {error.reason}") from error

    async def aclose(self) -> None:
        service, credential = self._service, self._credential
        self._service = self._credential = None
        for each in (service, credential):
            if each is not None:
                await each.close()

    async def _container(self, name: str) -> Any:
        # The service would take a dotted path apart itself, and another blob would be meant.
        parts = name.split("/")
        if len(name) > MAX_NAME_CHARS or {"", ".", ".."} & set(parts) or "\\" in name:
            raise ValueError("a blob's name is folder/name, without dots for folders")
        async with self._opening:
            if self._service is None:
                # Most of a second, so only who connects pays, and not with a stop of the loop.
                await asyncio.to_thread(import_module, "azure.storage.blob.aio")
                self._service, self._credential = self._connect()
        return self._service.get_container_client(CONTAINER)


def connection_string(text: str) -> Connect:
    """Connect with an account's connection string."""

    def connect() -> tuple[Any, Any]:
        from azure.storage.blob.aio import BlobServiceClient

        _quiet()
        return BlobServiceClient.from_connection_string(text, **_options()), None

    return connect


def account_identity(url: str) -> Connect:
    """Connect with the identity of the process (managed identity, developer login)."""

    def connect() -> tuple[Any, Any]:
        from azure.identity.aio import DefaultAzureCredential
        from azure.storage.blob.aio import BlobServiceClient

        _quiet()
        credential = DefaultAzureCredential()
        return BlobServiceClient(url, credential=credential, **_options()), credential

    return connect


async def _upload(container: Any, name: str, content: bytes, content_type: str) -> None:
    from azure.storage.blob import ContentSettings

    settings = ContentSettings(content_type=content_type)
    await container.upload_blob(name, content, overwrite=True, content_settings=settings)


def _options() -> dict[str, Any]:
    return {
        "connection_timeout": CONNECT_S,
        "read_timeout": READ_S,
        "retry_total": RETRIES,
        "initial_backoff": 1,
        "increment_base": 1,
        "max_single_put_size": BLOCK_BYTES,
        "max_block_size": BLOCK_BYTES,
    }


def _quiet() -> None:
    logging.getLogger("azure.core.pipeline.policies.http_logging_policy").setLevel(logging.WARNING)
