"""How the SDK of Call Automation is connected.

Known faults of its version 1.6.0 that are worked round here: the default timeouts are minutes, a
trailing slash in the endpoint breaks the signature, a connection string always talks https.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any

# Takes most of a second to import: done in a thread, so that other calls go on meanwhile.
SDK = "azure.communication.callautomation.aio"
API_VERSION = "2026-03-12"
CONNECT_S = 2
READ_S = 5
RETRIES = 2  # the phone rings for 30 s; Event Grid and the orchestration try again themselves

Connect = Callable[[], Awaitable[tuple[Any, Any]]]
"""Makes a client, and the credential that must be closed with it, if any."""


def key_client(endpoint: str, access_key: str) -> Connect:
    """Connect with an access key; http endpoints work, for loopback."""

    async def connect() -> tuple[Any, Any]:
        await asyncio.to_thread(importlib.import_module, SDK)
        from azure.core.credentials import AzureKeyCredential

        return _client(endpoint, AzureKeyCredential(access_key)), None

    return connect


def identity_client(endpoint: str) -> Connect:
    """Connect with the identity of the process (managed identity, developer login)."""

    async def connect() -> tuple[Any, Any]:
        await asyncio.to_thread(importlib.import_module, SDK)
        await asyncio.to_thread(importlib.import_module, "azure.identity.aio")
        from azure.identity.aio import DefaultAzureCredential

        credential = DefaultAzureCredential()
        return _client(endpoint, credential), credential

    return connect


def _client(endpoint: str, credential: Any) -> Any:
    from azure.communication.callautomation.aio import CallAutomationClient

    logging.getLogger("azure.core.pipeline.policies.http_logging_policy").setLevel(logging.WARNING)
    # Hold and unhold make the SDK warn of its own keyword arguments.
    logging.getLogger("azure.communication.callautomation._generated").setLevel(logging.ERROR)
    return CallAutomationClient(
        endpoint.rstrip("/"),
        credential,
        api_version=API_VERSION,
        connection_timeout=CONNECT_S,
        read_timeout=READ_S,
        retry_total=RETRIES,
    )
