"""Our account at the carrier, the numbers that are ours, and where callers are transferred to."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from adapters.settings.group import SettingsGroup
from adapters.settings.targets import Targets
from adapters.settings.values import (
    Mistake,
    Number,
    Numbers,
    Secret,
    Url,
    connection,
    is_loopback,
)


class TelephonySettings(SettingsGroup):
    """How Call Automation is reached, and who we are there."""

    acs_connection_string: Secret
    acs_endpoint: Url | None = None
    acs_access_key: Secret
    acs_resource_id: str = ""
    acs_jwks_url: Url | None = None
    acs_source_phone_number: Number | None = None
    own_phone_numbers: Numbers = ()
    transfer_targets: Targets = Field(default={})

    @property
    def acs(self) -> tuple[str, str]:
        """Endpoint and access key of Call Automation; an empty key means identity."""
        text = self.acs_connection_string.get_secret_value()
        if text:
            return connection(text) or ("", "")
        return self.acs_endpoint or "", self.acs_access_key.get_secret_value()

    @property
    def own_numbers(self) -> frozenset[str]:
        """Numbers that are ours: a call from one of them would be a loop."""
        source = {self.acs_source_phone_number} if self.acs_source_phone_number else set()
        return frozenset(self.own_phone_numbers) | source

    def contradictions(self) -> Iterator[Mistake]:
        yield from super().contradictions()
        yield from self._credentials()
        if self.acs_jwks_url and not (self.acs_endpoint and is_loopback(self.acs_endpoint)):
            yield Mistake(
                name="ACS_JWKS_URL",
                reason="is honoured only while ACS_ENDPOINT is a loopback address",
                remedy="Remove it.",
            )

    def _credentials(self) -> Iterator[Mistake]:
        text = self.acs_connection_string.get_secret_value()
        key = self.acs_access_key.get_secret_value()
        if text and (self.acs_endpoint or key):
            yield Mistake(
                name="ACS_CONNECTION_STRING",
                reason="is set beside ACS_ENDPOINT or ACS_ACCESS_KEY",
                remedy="Keep one form of credentials.",
            )
        elif text and connection(text) is None:
            yield Mistake(
                name="ACS_CONNECTION_STRING",
                reason="cannot be read",
                remedy="Copy it whole: endpoint=https://...;accesskey=...",
            )
        elif key and not self.acs_endpoint and not text:
            yield Mistake(
                name="ACS_ACCESS_KEY", reason="is set without ACS_ENDPOINT", remedy="Set both."
            )
