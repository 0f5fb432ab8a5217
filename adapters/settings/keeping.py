"""What is kept of calls, where, and for how long."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field

from adapters.settings.group import SettingsGroup
from adapters.settings.values import Mistake, Secret, Url

CONTAINER = "artvoice"  # of an Azure Storage account


class KeepingSettings(SettingsGroup):
    """The stores of records, logs, customers and files."""

    store: Literal["sqlite", "cosmos"] = "sqlite"
    store_path: str = ".artvoice"
    azure_cosmos_endpoint: Url | None = None
    azure_cosmos_key: Secret
    azure_cosmos_database: str = "artvoice"
    blobs: Literal["folder", "azure"] = "folder"
    blob_path: str = ".artvoice/blobs"
    azure_storage_connection_string: Secret
    azure_storage_account_url: Url | None = None
    keep_transcript: bool = True
    keep_audio: bool = False
    recording_container_url: Url | None = None
    retention_days: int = Field(default=30, ge=1, le=3650)

    @property
    def recordings_container(self) -> str:
        """The container that recordings are written to: that of the other files, unless named."""
        account = self.azure_storage_account_url if self.blobs == "azure" else None
        ours = f"{account.rstrip('/')}/{CONTAINER}" if account else ""
        return self.recording_container_url or ours

    @property
    def customers_path(self) -> Path:
        """The file of the practice bank, which host and relay share."""
        return Path(self.store_path) / "customers.db"

    def contradictions(self) -> Iterator[Mistake]:
        yield from super().contradictions()
        if self.keep_audio and not self.recordings_container:
            yield Mistake(
                name="RECORDING_CONTAINER_URL",
                reason="is not set, but KEEP_AUDIO is",
                remedy="Set the blob container that the carrier may write to.",
            )
