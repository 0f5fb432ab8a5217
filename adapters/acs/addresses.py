"""How Azure Communication Services spells whom somebody calls: a number, or a raw id."""

from __future__ import annotations

from typing import Any


def identifier(address: str) -> Any:
    """Return a number or a raw id as the SDK wants it."""
    from azure.communication.callautomation import (
        CommunicationUserIdentifier,
        PhoneNumberIdentifier,
        UnknownIdentifier,
    )

    if address.startswith("+"):
        return PhoneNumberIdentifier(address)
    if address.startswith("8:acs:"):
        return CommunicationUserIdentifier(address)
    return UnknownIdentifier(address)


def address_of(identified: Any) -> str:
    """Return an address as events spell it: the number, else the raw id."""
    return str(identified.raw_id).removeprefix("4:")
