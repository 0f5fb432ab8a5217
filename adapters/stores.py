"""Which store and which blobs the settings name; an SDK is imported only when it is used."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, assert_never

from pydantic import TypeAdapter

from adapters.azure_blobs import AzureBlobs, account_identity, connection_string
from adapters.cosmos import CosmosContainer, account_key, identity
from adapters.cosmos_calls import CosmosCalls
from adapters.cosmos_promises import CosmosPromises
from adapters.cosmos_targets import CosmosTargets
from adapters.customers import CosmosCustomers, SqliteCustomers
from adapters.customers.cosmos import CONTAINER, INDEXED
from adapters.folder_blobs import FolderBlobs
from adapters.settings import Settings
from adapters.sqlite_calls import SqliteCalls
from adapters.sqlite_promises import SqlitePromises
from adapters.sqlite_targets import SqliteTargets
from core.bank import CustomerStore
from core.call_store import CallStore
from core.campaigns import TargetStore
from core.control_ports import Blobs
from core.promises import Promise, PromiseStore


def call_store(settings: Settings) -> CallStore:
    """Make the call store that `STORE` names. Raises SettingsError for what it lacks."""
    match settings.store:
        case "sqlite":
            return SqliteCalls(Path(settings.store_path) / "calls.db")
        case "cosmos":
            container = cosmos_container(settings)
            return CosmosCalls(container, retention_days=settings.retention_days)
        case _:
            assert_never(settings.store)


def promise_store[P: Promise](
    settings: Settings, kind: str, adapter: TypeAdapter[P]
) -> PromiseStore[P]:
    """Make the store of one kind of promises. Raises SettingsError for what it lacks."""
    match settings.store:
        case "sqlite":
            return SqlitePromises(Path(settings.store_path) / "promises.db", kind, adapter)
        case "cosmos":
            container = cosmos_container(settings)
            days = settings.retention_days
            return CosmosPromises(container, kind, adapter, retention_days=days)
        case _:
            assert_never(settings.store)


def target_store(settings: Settings) -> TargetStore:
    """Make the store of whom campaigns call. Raises SettingsError for what it lacks."""
    match settings.store:
        case "sqlite":
            return SqliteTargets(Path(settings.store_path) / "promises.db")
        case "cosmos":
            container = cosmos_container(settings)
            return CosmosTargets(container, retention_days=settings.retention_days)
        case _:
            assert_never(settings.store)


def customer_store(settings: Settings, *, today: date) -> CustomerStore:
    """Make the store of the bank's records. Raises SettingsError for what it lacks."""
    match settings.store:
        case "sqlite":
            return SqliteCustomers(settings.customers_path, today=today)
        case "cosmos":
            return CosmosCustomers(customers_container(settings), today=today)
        case _:
            assert_never(settings.store)


def customers_container(settings: Settings, *, create: bool = True) -> CosmosContainer:
    """Make the way to the bank's records, apart from the calls: relays may see these only."""
    return cosmos_container(settings, create=create, name=CONTAINER, indexed=INDEXED)


def cosmos_container(settings: Settings, *, create: bool = True, **which: Any) -> CosmosContainer:
    """Make the way to a container; with a key, and with `create`, a missing one is made."""
    settings.need("azure_cosmos_endpoint")
    key = settings.azure_cosmos_key.get_secret_value()
    credential: Callable[[], Any] = account_key(key) if key else identity
    return CosmosContainer(
        settings.azure_cosmos_endpoint or "",
        credential,
        database=settings.azure_cosmos_database,
        create=create and bool(key),
        **which,
    )


def blob_store(settings: Settings) -> Blobs:
    """Make the blob store that `BLOBS` names. Raises SettingsError for what it lacks."""
    match settings.blobs:
        case "folder":
            return FolderBlobs(Path(settings.blob_path))
        case "azure":
            text = settings.azure_storage_connection_string.get_secret_value()
            if text:
                return AzureBlobs(connection_string(text))
            settings.need("azure_storage_account_url")
            return AzureBlobs(account_identity(settings.azure_storage_account_url or ""))
        case _:
            assert_never(settings.blobs)
